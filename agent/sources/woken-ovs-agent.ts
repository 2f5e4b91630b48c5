import type { Finding } from '../../domain/findings.ts';
import { deadVlan } from '../../domain/sources/ovs-segments.ts';
import { Uplinks } from '../cutover/uplinks.ts';
import { announcements } from '../host/announcements.ts';
import type { Host } from '../host/host.ts';
import type { Claim } from '../journal/claims.ts';
import { flowsOf, providerCookie } from '../shunt/provider-side.ts';
import { isShunted } from '../shunt/shunt-moves.ts';

export interface WokenOvsAgentOptions {
  readonly host: Host;
  /** Those of taps that nobody moves at the moment. */
  readonly claims: () => ReadonlyMap<string, Claim>;
  readonly onFinding: (finding: Finding, epoch: number) => void;
  readonly onError: (error: unknown, tap: string) => void;
}

const lookEveryMs = 1_000;
const limitMs = 5_000;

/**
 * Puts right what neutron-openvswitch-agent does to hybrid plugs on a shunt when it starts: it removes every flow from provider bridges that
 * is not its own, and gives the dead VLAN to ports that Neutron has bound to another agent.
 */
export class WokenOvsAgent implements Disposable {
  readonly #options: WokenOvsAgentOptions;
  #timer: NodeJS.Timeout | undefined;
  readonly #stop = new AbortController();
  readonly #rows: Disposable;
  #looking = false;

  constructor(options: WokenOvsAgentOptions) {
    this.#options = options;
    this.#rows = options.host.ovs.replica.subscribe(() => void this.#look('rows'));
  }

  /** There may be something to look after: it looks for as long as there is. */
  begin(): void {
    if (this.#stop.signal.aborted || this.#held().length === 0) return;
    this.#timer ??= setInterval(() => void this.#look(), lookEveryMs).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#rows[Symbol.dispose]();
    this.#stop.abort();
  }

  async #look(at: 'rows' | 'all' = 'all'): Promise<void> {
    const { host } = this.#options;
    if (this.#looking || !host.ovs.lockHeld || !host.ovs.replica.synced) return;
    const held = this.#held();
    if (held.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#looking = true;
    for (const claim of held) {
      try {
        await this.#openLeg(claim);
        if (at === 'all' && claim.place === 'staged') await this.#keepFlows(claim);
      } catch (error) {
        if (!this.#stop.signal.aborted) this.#options.onError(error, claim.move.tap);
      }
    }
    this.#looking = false;
  }

  #held(): readonly Claim[] {
    return [...this.#options.claims().values()].filter(
      ({ move }) => isShunted(move) && move.legacy.entry !== undefined,
    );
  }

  async #openLeg(claim: Claim): Promise<void> {
    const { ovs } = this.#options.host;
    const { entry, ovs: legacy } = claim.move.legacy;
    const found = ovs.ports().get(entry?.port ?? '');
    if (legacy === undefined || found?.port.tag !== deadVlan || legacy.rows.port.tag === undefined) return;
    const tx = ovs.transaction();
    tx.requireRow('Port', found.port._uuid, { tag: deadVlan });
    const { tag, other_config } = legacy.rows.port;
    tx.update('Port', [['_uuid', '==', found.port._uuid]], { tag, other_config });
    ovs.bump(tx);
    await ovs.transact(tx, `opening ${found.port.name} again`, this.#limit());
    if (claim.place === 'staged') await this.#announce(claim);
    this.#tell(
      claim,
      `somebody gave ${found.port.name} the dead VLAN ${deadVlan} (neutron-openvswitch-agent woke up?): it has VLAN ${tag} again`,
    );
  }

  async #keepFlows(claim: Claim): Promise<void> {
    const { ovs, providers } = this.#options.host;
    const { move } = claim;
    const bridge = move.legacy.provider?.bridge;
    if (bridge === undefined || !isShunted(move)) return;
    const signal = this.#limit();
    const port = providers.open(bridge);
    await port.ready(signal);
    const flows = flowsOf(move, { ovs });
    if (flows.length === 0 || (await port.countFlows({ cookie: providerCookie(move.portId) }, signal)) >= flows.length)
      return;
    if (this.#options.claims().get(move.tap) !== claim) return; // an attempt has begun with it meanwhile
    await port.changeFlows({ add: flows });
    await this.#announce(claim);
    this.#tell(
      claim,
      `somebody removed the flows of ${move.tap} from ${bridge} (neutron-openvswitch-agent woke up?): they are there again`,
    );
  }

  /**
   * While the flows were away OVN may have announced the guest where it has claimed it: Neutron's bridge has learnt that then, and would send
   * to the wire what is for the guest until the guest speaks.
   */
  async #announce({ move }: Claim): Promise<void> {
    const { netlink, providers } = this.#options.host;
    using uplinks = new Uplinks(netlink, providers);
    await uplinks.open(move, this.#limit());
    for (const frame of announcements(move)) uplinks.send(move, frame);
  }

  #limit(): AbortSignal {
    return AbortSignal.any([this.#stop.signal, AbortSignal.timeout(limitMs)]);
  }

  #tell(claim: Claim, message: string): void {
    const { tap, portId, networkId } = claim.move;
    const host = this.#options.host.identity.systemId;
    this.#options.onFinding(
      { kind: 'tap-replugged', severity: 'warning', host, tap, portId, networkId, message },
      claim.epoch,
    );
  }
}
