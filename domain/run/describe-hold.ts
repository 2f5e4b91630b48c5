import { assertNever } from '../assert-never.ts';
import type { HoldReason } from '../findings.ts';

/** A hold in the words of an operator: what is not met, and what would help. */
export function describeHold(hold: HoldReason): string {
  switch (hold.kind) {
    case 'opted-out':
      return `opted out by ${hold.by}`;
    case 'not-included':
      return 'not included by the plan';
    case 'agent-not-connected':
      return 'its agent is not connected';
    case 'agent-passive':
      return 'its agent is passive; set `mode: active` there';
    case 'chassis-missing':
      return 'OVN has no chassis for it, or ovn-controller there does not answer or hears nothing from the southbound database';
    case 'inventory-missing':
      return 'its agent has not said yet what is there';
    case 'no-taps':
      return 'there is no tap that could be moved';
    case 'finding':
      return `${hold.finding.kind}${hold.finding.tap === undefined ? '' : ` at ${hold.finding.tap}`}: ${hold.finding.message}`;
    case 'service-port':
      return `network ${hold.networkId} needs the legacy router or DHCP port ${hold.port}; moving those is not built yet`;
    case 'overlay-needs-staging':
      return `network ${hold.networkId} is an overlay with guests elsewhere; \`direct\` would cut it in two`;
    case 'already-on-target':
      return 'all its taps are on the target already';
    case 'open-attempt':
      return `attempt ${hold.epoch} is open`;
    case 'stuck':
      return `attempt ${hold.epoch} is stuck; repair it by hand (\`shunt host show\`), then \`shunt host resolve\``;
    case 'fleet-stuck':
      return `${hold.host} is stuck; nothing goes forward anywhere until it is repaired and resolved (\`shunt host resolve\`)`;
    case 'wave-full':
      return `${hold.open} of ${hold.maxOpen} cutovers are open`;
    case 'zone-full':
      return `${hold.open} of ${hold.cap} cutovers are open in zone ${hold.zone}`;
    case 'run-paused':
      return `the run is paused: ${hold.why}`;
    case 'earlier-wave':
      return `wave ${hold.wave} is not through`;
    case 'wave-not-started':
      return `the run goes through wave ${hold.throughWave} only; start wave ${hold.wave}`;
    case 'needs-retry':
      return `attempt ${hold.epoch} was ${hold.outcome}; it starts again only by \`shunt retry\``;
    case 'not-approved':
      return 'the plan is not approved';
    case 'reports-down':
      return 'NATS is not connected, so reports would be late';
    case 'nb-down':
      return 'OVN NB is not connected';
    case 'no-peer':
      return `no other active hypervisor can probe network ${hold.networkId} from outside`;
    case 'resolving':
      return `the agent of ${hold.host} was not heard of since this coordinator started, and may know more than the ledger`;
    case 'plan-outdated':
      return `${hold.tap} has another port than when the plan was made; plan again`;
    case 'at-goal':
      return `nothing on it is short of \`${hold.goal}\``;
    case 'method-refused':
      return `${hold.tap} is plugged by ${hold.source}, which cannot be moved by ${hold.method}; plan it \`direct\``;
    case 'tap-elsewhere':
      return `${hold.tap} is ${hold.place}, and this operation begins at ${hold.needs}; retry its earlier wave, or plan again`;
    case 'overlay-incomplete':
      return `${hold.host} has guests on overlay ${hold.networkId} that this plan does not move; an overlay moves as one`;
    case 'overlay-barrier': {
      const others = hold.others === 0 ? '' : ` (and ${hold.others} more hypervisors like it)`;
      const what =
        hold.place === 'unknown'
          ? 'has guests there, and its agent has not shown where they are'
          : `has guests there that are ${hold.place}, or on their way to it`;
      return `${hold.operation} has to wait for overlay ${hold.networkId}: ${hold.host}${others} ${what}`;
    }
    case 'ledger-behind':
      return `the ledger is behind: ${hold.why}; nothing is started, ordered or written until \`shunt reconcile\``;
    case 'wave-together':
      return `wave ${hold.wave} moves as one, and ${hold.host} cannot: ${hold.why}`;
    default:
      return assertNever(hold);
  }
}
