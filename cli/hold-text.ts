import { assertNever } from '../domain/assert-never.ts';
import type { Finding, HoldReason } from '../domain/findings.ts';

/** One line that says why not, for people. */
export function holdText(hold: HoldReason): string {
  switch (hold.kind) {
    case 'finding':
      return findingText(hold.finding);
    case 'opted-out':
      return `opted out by ${hold.by}`;
    case 'service-port':
      return `network ${hold.networkId} is served by the legacy world (${hold.port}); north-south is not built yet`;
    case 'overlay-needs-staging':
      return `network ${hold.networkId} is an overlay: it must be staged everywhere first, which is not built yet`;
    case 'no-peer':
      return `no other hypervisor can probe network ${hold.networkId} from afar`;
    case 'plan-outdated':
      return `tap ${hold.tap} has another port or network than when the plan was made`;
    case 'agent-not-connected':
    case 'agent-passive':
    case 'chassis-missing':
    case 'no-taps':
    case 'already-on-target':
    case 'not-approved':
    case 'reports-down':
    case 'not-included':
    case 'nb-down':
    case 'inventory-missing':
      return bareHolds[hold.kind];
    default:
      return runHoldText(hold);
  }
}

const bareHolds = {
  'agent-not-connected': 'its agent is not connected',
  'agent-passive': 'its agent is passive: it observes and changes nothing',
  'chassis-missing': 'OVN does not know it as a chassis',
  'no-taps': 'it has no taps to move',
  'already-on-target': 'all its taps are on the target already',
  'not-approved': 'the plan is not approved',
  'reports-down': 'NATS is not connected: nothing starts without reports',
  'not-included': 'the plan does not include it',
  'nb-down': "OVN's northbound database is not connected",
  'inventory-missing': 'its agent has not told yet what is there',
} as const;

type RunHold = Exclude<
  HoldReason,
  {
    kind:
      | keyof typeof bareHolds
      | 'finding'
      | 'opted-out'
      | 'service-port'
      | 'overlay-needs-staging'
      | 'no-peer'
      | 'plan-outdated';
  }
>;

function runHoldText(hold: RunHold): string {
  switch (hold.kind) {
    case 'open-attempt':
      return `attempt ${hold.epoch} is open`;
    case 'stuck':
      return `attempt ${hold.epoch} is stuck`;
    case 'fleet-stuck':
      return `${hold.host} is stuck: nothing starts anywhere`;
    case 'wave-full':
      return `${hold.open} cutovers are open, ${hold.maxOpen} may be`;
    case 'zone-full':
      return `${hold.open} cutovers are open in zone ${hold.zone}, ${hold.cap} may be`;
    case 'run-paused':
      return `the run is paused: ${hold.why}`;
    case 'earlier-wave':
      return `wave ${hold.wave} comes first`;
    case 'wave-not-started':
      return `it is in wave ${hold.wave}, the run may go through wave ${hold.throughWave}`;
    case 'needs-retry':
      return `attempt ${hold.epoch} ended ${hold.outcome}: shunt retry makes a new one`;
    case 'resolving':
      return `${hold.host} had an open attempt when the coordinator started: it is resolved first`;
    default:
      return assertNever(hold);
  }
}

export function findingText(finding: Finding): string {
  const place = finding.tap ?? finding.portId ?? finding.networkId;
  return `${finding.severity}: ${finding.kind}${place === undefined ? '' : ` (${place})`}: ${finding.message}`;
}
