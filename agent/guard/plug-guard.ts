import type { Finding } from '../../domain/findings.ts';
import { markKeys, type TapMove } from '../../domain/rewire/moves.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import { withBinding } from '../../domain/sources/midonet-steps.ts';
import { withReparenting } from '../../domain/sources/ovs-restore.ts';
import { sleep } from '../../platform/clock.ts';
import type { LinkEvent } from '../../platform/native/link-monitor.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import { describeError } from '../../platform/shunt-error.ts';
import type { ExecutorDependencies } from '../cutover/execution.ts';
import { execute } from '../cutover/rewire-executor.ts';
import type { Host } from '../host/host.ts';
import type { OvsPort } from '../host/open-vswitch.ts';
import type { Claim } from '../journal/claims.ts';
import { masterName } from '../sources/midonet.ts';
import { WokenOvsAgent } from '../sources/woken-ovs-agent.ts';
import { judgeClaim } from './judge-claim.ts';
import {
  claimingPort,
  factsFor,
  isShuntClaim,
  judgeShuntClaim,
  linksOf,
  type ShuntClaim,
  type ShuntJudgement,
  takeOutSecondUplink,
} from './shunt-claims.ts';

export interface GuardOptions {
  readonly host: Host;
  readonly bootId: string;
  readonly executor: Omit<ExecutorDependencies, 'checkpoint' | 'onGone'>;
  readonly onFinding: (finding: Finding, epoch: number) => void;
  readonly onError: (error: unknown, tap: string) => void;
}

const triesMax = 5;
const pauseMs = 50;

/** Keeps claimed taps in their place on the target, and lets go of those that are gone. Acts only while this agent holds its lock. */
export class PlugGuard implements Disposable {
  readonly #options: GuardOptions;
  readonly #claims = new Map<string, Claim>();
  /** Those whose guest was shut off: it may be started anew. */
  readonly #departed = new Map<string, ShuntClaim>();
  /** Tap by name of a link that belongs to its claim. */
  readonly #tapOf = new Map<string, string>();
  readonly #busy = new Map<string, { readonly done: Promise<void>; readonly abort: AbortController }>();
  readonly #again = new Set<string>();
  readonly #stop = new AbortController();
  readonly #woken: WokenOvsAgent;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#woken = new WokenOvsAgent({ ...options, claims: () => this.#claims });
  }

  get claims(): ReadonlyMap<string, Claim> {
    return this.#claims;
  }

  /** Replaces all claims, and looks at each at once. */
  keep(claims: ReadonlyMap<string, Claim>): void {
    this.#claims.clear();
    this.#departed.clear();
    this.#tapOf.clear();
    this.add(claims.values());
  }

  /** Adds claims, and looks at each at once. */
  add(claims: Iterable<Claim>): void {
    for (const claim of claims) this.#take(claim);
    this.checkAll();
    this.#woken.begin();
  }

  /** We move these taps ourselves now. Resolves once nothing of the guard's is under way with them. */
  async release(taps: readonly string[]): Promise<void> {
    for (const tap of taps) {
      this.#claims.delete(tap);
      this.#departed.delete(tap);
      this.#busy.get(tap)?.abort.abort();
    }
    await Promise.all(taps.map((tap) => this.#busy.get(tap)?.done));
  }

  onLink(event: LinkEvent): void {
    if (this.#claims.size === 0 && this.#departed.size === 0) return;
    if (event.type === 'overrun') {
      this.checkAll();
      return;
    }
    const name = event.type === 'link' ? event.link.name : event.type === 'link-removed' ? event.name : undefined;
    if (event.type === 'link') this.#seen(event.link);
    const tap = this.#tapOf.get(name ?? '');
    const claim = tap === undefined ? undefined : this.#claims.get(tap);
    if (claim === undefined) return;
    const link = event.type === 'link' && name === tap ? event.link : undefined;
    this.#check(claim, link, this.#options.host.ovs.ports().get(claim.move.tap));
  }

  onRows(): void {
    if (this.#claims.size === 0) return;
    const ports = this.#options.host.ovs.ports();
    for (const claim of this.#claims.values()) {
      const port = claimingPort(claim, ports);
      const ours = port?.iface.external_ids.get('iface-id') === claim.move.portId;
      const elsewhere = claim.move.legacy.ovs !== undefined && port?.bridge.name !== claim.move.target.bridge;
      if (!ours || elsewhere) this.#check(claim, this.#options.host.netlink.link(claim.move.tap), port);
    }
  }

  checkAll(): void {
    const links = new Map(this.#options.host.netlink.links().map((link) => [link.name, link]));
    const ports = this.#options.host.ovs.ports();
    for (const [tap, claim] of this.#claims) this.#check(claim, links.get(tap), ports.get(tap));
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#woken[Symbol.dispose]();
    this.#claims.clear();
    this.#departed.clear();
  }

  #take(claim: Claim): void {
    this.#claims.set(claim.move.tap, claim);
    this.#departed.delete(claim.move.tap);
    for (const name of linksOf(claim)) this.#tapOf.set(name, claim.move.tap);
  }

  /** A guest that was started anew, or an agent of the legacy world at work. */
  #seen(link: Link): void {
    const departed = this.#departed.get(link.name);
    if (departed !== undefined && link.master !== undefined) {
      if (link.mac === departed.move.hostMac) this.#take(departed);
      else this.#forget(departed);
    }
    const told = takeOutSecondUplink(link, this.#claims.values(), this.#options.host);
    if (told !== undefined) this.#tell(told.claim, told);
  }

  #forget(claim: ShuntClaim): void {
    this.#departed.delete(claim.move.tap);
    const message = `there is another guest's tap under the name of ${claim.move.tap}: it is left alone`;
    this.#tell(claim, { kind: 'foreign-iface-id', severity: 'warning', message });
  }

  #check(claim: Claim, link: Link | undefined, port: OvsPort | undefined): void {
    const { host, bootId } = this.#options;
    if (!host.ovs.lockHeld || !host.ovs.replica.synced) return; // somebody else's turn; looked at again after
    const found = isShuntClaim(claim)
      ? this.#judgeShunt(claim).kind
      : judgeClaim(claim, { link, port, bootId, master: masterOf(host, link) });
    if (found === 'in-place') return;
    const { tap } = claim.move;
    if (this.#busy.has(tap)) {
      this.#again.add(tap);
      return;
    }
    const abort = new AbortController();
    const done = this.#act(claim, found, AbortSignal.any([abort.signal, this.#stop.signal])).finally(() => {
      this.#busy.delete(tap);
      const current = this.#claims.get(tap);
      if (this.#again.delete(tap) && current !== undefined) this.#checkNow(current);
    });
    this.#busy.set(tap, { done, abort });
  }

  #judgeShunt(claim: ShuntClaim): ShuntJudgement {
    const { host, bootId } = this.#options;
    return judgeShuntClaim(claim, factsFor([claim], host), bootId);
  }

  #checkNow(claim: Claim): void {
    const { host } = this.#options;
    this.#check(claim, host.netlink.link(claim.move.tap), host.ovs.ports().get(claim.move.tap));
  }

  async #act(claim: Claim, found: 'gone' | 'foreign' | 'away', signal: AbortSignal): Promise<void> {
    const { tap } = claim.move;
    try {
      if (found === 'away') return await this.#putBack(claim, signal);
      if (isShuntClaim(claim)) return await this.#letShuntGo(claim, signal);
      this.#claims.delete(tap);
      if (found === 'gone') await this.#letGo(claim, signal);
      const gone: Pick<Finding, 'kind' | 'message'> = {
        kind: 'tap-gone',
        message: `${tap} is gone: its claim is released`,
      };
      const foreign: Pick<Finding, 'kind' | 'message'> = {
        kind: 'foreign-iface-id',
        message: `${tap} was plugged anew with another iface-id: its claim is released`,
      };
      this.#tell(claim, { severity: 'info', ...(found === 'gone' ? gone : foreign) });
    } catch (error) {
      this.#options.onError(error, tap);
    }
  }

  async #putBack(claim: Claim, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        if (!(await this.#putBackOnce(claim, signal))) return;
        const from = isShuntClaim(claim) ? 'or a part of its shunt out of its place' : 'off the integration bridge';
        const message = `somebody took ${claim.move.tap} ${from} (libvirtd restarted?): it was put back`;
        return this.#tell(claim, { kind: 'tap-replugged', severity: 'warning', message });
      } catch (error) {
        if (signal.aborted || !this.#claims.has(claim.move.tap)) return;
        if (tries < triesMax) {
          await sleep(pauseMs * tries, signal).catch(() => undefined);
          continue;
        }
        const message = `${claim.move.tap} was taken out of its place and could not be put back: ${describeError(error)}`;
        this.#tell(claim, { kind: 'tap-replugged', severity: 'error', message });
        throw error;
      }
    }
  }

  /** False: the claim was given up meanwhile, or the tap is gone; nothing was touched. */
  async #putBackOnce(claim: Claim, signal: AbortSignal): Promise<boolean> {
    const { host, executor } = this.#options;
    // Our lock is asserted after the change was seen: whoever made it did not hold it, so it is not a revert that we would undo.
    await host.ovs.flush(signal);
    const link = host.netlink.link(claim.move.tap);
    if (link === undefined || signal.aborted || this.#claims.get(claim.move.tap)?.epoch !== claim.epoch) return false;
    if (isShuntClaim(claim)) return this.#putShuntBack(claim, signal);
    const plugged = host.ovs.ports().get(claim.move.tap)?.bridge.name === claim.move.target.bridge;
    const steps = putBackSteps(claim.move, masterOf(host, link), plugged);
    await execute(steps, signal, { ...executor, checkpoint: () => undefined, onGone: () => undefined });
    return true;
  }

  /** Planned from what is there now; false: it is in its place, or not ours any more. */
  async #putShuntBack(claim: ShuntClaim, signal: AbortSignal): Promise<boolean> {
    const judged = this.#judgeShunt(claim);
    if (judged.kind !== 'away') {
      if (judged.kind !== 'in-place') this.#again.add(claim.move.tap);
      return false;
    }
    await this.#perform(judged.steps, signal);
    return true;
  }

  /** At once: a claimed leg that leads to no guest takes all its frames. */
  async #letShuntGo(claim: ShuntClaim, signal: AbortSignal): Promise<void> {
    const { tap, hostMac } = claim.move;
    const judged = this.#judgeShunt(claim);
    if (judged.kind !== 'gone' && judged.kind !== 'foreign') return;
    this.#claims.delete(tap);
    if (judged.kind === 'gone' && hostMac !== undefined) this.#departed.set(tap, claim);
    await this.#perform(judged.steps, signal);
    const gone = { kind: 'tap-gone', severity: 'info', message: `${tap} is gone: its claim is released` } as const;
    const why = `${judged.why}: its claim is released`;
    this.#tell(claim, judged.kind === 'gone' ? gone : { kind: 'foreign-iface-id', severity: 'warning', message: why });
  }

  async #perform(steps: readonly RewireStep[], signal: AbortSignal): Promise<void> {
    const nothing = () => undefined;
    await execute(steps, signal, { ...this.#options.executor, checkpoint: nothing, onGone: nothing });
  }

  /** Our row without a tap would wait for a stranger of the same name. */
  async #letGo(claim: Claim, signal: AbortSignal): Promise<void> {
    const { ovs } = this.#options.host;
    const port = ovs.ports().get(claim.move.tap);
    if (port === undefined || port.port.external_ids.get(markKeys.owner) !== 'agent') return;
    const tx = ovs.transaction();
    tx.requireRow('Port', port.port._uuid, { name: claim.move.tap });
    tx.mutate('Bridge', [['_uuid', '==', port.bridge._uuid]], [['ports', 'delete', [port.port._uuid]]]);
    ovs.bump(tx);
    await ovs.transact(tx, `releasing the claim on ${claim.move.tap}`, signal);
  }

  #tell(claim: Claim, what: Pick<Finding, 'kind' | 'severity' | 'message'>): void {
    const { tap, portId, networkId } = claim.move;
    this.#options.onFinding(
      { ...what, host: this.#options.host.identity.systemId, tap, portId, networkId },
      claim.epoch,
    );
  }
}

function masterOf(host: Host, link: Link | undefined): string | undefined {
  return link && masterName(link, (ifindex) => host.netlink.link(ifindex)?.name);
}

function putBackSteps(move: TapMove, master: string | undefined, plugged: boolean): readonly RewireStep[] {
  const at = {
    batch: 1,
    moves: [master === undefined ? move : { ...move, legacy: { ...move.legacy, bridge: master } }],
  };
  const steps = withReparenting([
    ...(master === undefined ? [] : [{ kind: 'leave-legacy', ...at } as const]),
    ...(plugged ? [] : [{ kind: 'join-target', ...at } as const]),
    { kind: 'settle-target', ...at },
  ]);
  return withBinding(steps);
}
