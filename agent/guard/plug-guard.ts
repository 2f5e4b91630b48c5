import type { Finding } from '../../domain/findings.ts';
import type { ForeignPolicy } from '../../domain/rewire/foreign-changes.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import type { LinkEvent } from '../../platform/native/link-monitor.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import { describeError } from '../../platform/shunt-error.ts';
import type { Host } from '../host/host.ts';
import type { OvsPort } from '../host/open-vswitch.ts';
import type { Claim } from '../journal/claims.ts';
import { WokenOvsAgent } from '../sources/woken-ovs-agent.ts';
import { ClaimJudge } from './claim-judge.ts';
import { Fights, fightPauseMs, gaveUp } from './fights.ts';
import { ForeignWriters } from './foreign-writers.ts';
import { HostFirewall } from './host-firewall.ts';
import type { ClaimJudgement } from './judge-claim.ts';
import { KeptClaims } from './kept-claims.ts';
import { KeptUp } from './kept-up.ts';
import { LastingFindings } from './lasting-findings.ts';
import { letGo } from './let-go.ts';
import { type GuardExecutor, masterOf, perform, putBackSteps, unplugStale } from './put-back.ts';
import { takeOutSecondUplink } from './second-uplinks.ts';
import { isShuntClaim, type ShuntClaim } from './shunt-claims.ts';
import { otherGuest, type Told } from './told.ts';
import { lookAround, WhoWrote } from './who-wrote.ts';

export interface GuardOptions {
  readonly host: Host;
  readonly bootId: string;
  readonly executor: GuardExecutor;
  /** What is done where somebody else changes taps that are ours to keep. */
  readonly policy: ForeignPolicy;
  /** Takes the newest attempt back, if it is this claim's and can be; false: it cannot. */
  readonly onRevert: (claim: Claim, why: string) => boolean;
  /** Where the agent reaches Open vSwitch's database; its log may tell who wrote there. */
  readonly database: string;
  readonly onFinding: (finding: Finding, epoch: number) => void;
  /** What stands has changed. */
  readonly onStanding: () => void;
  readonly onError: (error: unknown, tap: string) => void;
}

const triesMax = 5;
/** Open vSwitch's database is waited for this long at each try; what it tells when it is back begins anew. */
const reachTimeoutMs = 30_000;
const pauseMs = 50;
/** A legacy agent that was at work so long ago may be still: no attempt begins. */
const awakeMs = 600_000;

/** Keeps claimed taps in their place on the target, and lets go of those that are gone. Acts only while this agent holds its lock. */
export class PlugGuard implements Disposable {
  readonly #options: GuardOptions;
  readonly #kept = new KeptClaims();
  readonly #busy = new Map<string, { readonly done: Promise<void>; readonly abort: AbortController }>();
  readonly #again = new Set<string>();
  readonly #stop = new AbortController();
  readonly #fights = new Fights();
  readonly #judge: ClaimJudge;
  readonly #keptUp: KeptUp;
  readonly #lasting: LastingFindings;
  readonly #writers: ForeignWriters;
  readonly #woken: WokenOvsAgent;
  readonly #firewall: HostFirewall;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#judge = new ClaimJudge(options.host, options.bootId);
    this.#keptUp = new KeptUp(options.host.netlink);
    this.#lasting = new LastingFindings(options.onStanding);
    const who = new WhoWrote(() => lookAround(options.database));
    this.#writers = new ForeignWriters({
      ...options,
      lasting: this.#lasting,
      finding: (claim, what) => this.#finding(claim, what),
      tell: (claim, what) => this.#tell(claim, what),
      whoWrote: (claim) => who.ask(this.#judge.namesOf(claim)),
      lookAgain: (tap) => this.#checkAgain(tap),
    });
    this.#woken = new WokenOvsAgent({ ...options, claims: () => this.#kept.all });
    this.#firewall = new HostFirewall({ ...options, claims: () => this.#kept.all, writers: this.#writers });
  }

  /** What is wrong now, and holds the host. */
  get standing(): readonly Finding[] {
    return this.#lasting.all;
  }

  /** What somebody else did to one of these taps, and was not put right. */
  wrongWith(taps: readonly string[]): Finding | undefined {
    return this.#lasting.all.find(({ tap = '', severity }) => severity === 'error' && taps.includes(tap));
  }

  /** Flows that keep staged taps to their legacy legs had been removed by somebody. */
  async flowsPutBack(claims: readonly Claim[], bridge: string): Promise<void> {
    const [first] = claims;
    if (first === undefined) return;
    const what = `flows of ${claims.length} staged taps were gone from ${bridge}`;
    await this.#writers.gatesPutBack(first, what);
  }

  get claims(): ReadonlyMap<string, Claim> {
    return this.#kept.all;
  }

  /** Replaces all claims, and looks at each at once. */
  keep(claims: ReadonlyMap<string, Claim>): void {
    this.#kept.replace(claims, (claim) => this.#isCredible(claim));
    this.#look();
  }

  /** Adds claims, and looks at each at once. One that is doubted is kept only where its tap is in its place. */
  add(claims: Iterable<Claim>): void {
    for (const claim of claims) if (this.#isCredible(claim)) this.#kept.take(claim);
    this.#look();
  }

  #look(): void {
    this.checkAll();
    this.#woken.begin();
    this.#firewall.begin();
  }

  /** We move these taps ourselves now. Resolves once nothing of the guard's is under way with them. */
  async release(taps: readonly string[]): Promise<void> {
    for (const tap of taps) {
      this.#kept.forget(tap);
      this.#fights.forget(tap);
      this.#lasting.drop(tap);
      this.#writers.inPlace(tap);
      this.#judge.forget(tap);
      this.#busy.get(tap)?.abort.abort();
    }
    await Promise.all(taps.map((tap) => this.#busy.get(tap)?.done));
  }

  onLink(event: LinkEvent): void {
    if (event.type === 'link-removed') this.#judge.deviceRemoved(event.name);
    if (this.#kept.isEmpty) return;
    if (event.type === 'overrun') {
      this.checkAll();
      return;
    }
    if (event.type === 'fdb' || event.type === 'fdb-removed') return;
    const name = event.type === 'link' ? event.link.name : event.name;
    if (event.type === 'link') this.#seen(event.link, () => this.#link(name));
    const claim = this.#kept.ofLink(name);
    if (claim === undefined) return;
    const link = event.type === 'link' ? event.link : event.type === 'member' ? this.#link(name) : undefined;
    this.#check(claim, link, this.#options.host.ovs.ports().get(claim.move.tap));
  }

  onRows(): void {
    if (this.#kept.isEmpty) return;
    const ports = this.#options.host.ovs.ports();
    this.#kept.pluggedAgain(ports, (tap) => this.#link(tap));
    for (const claim of this.#kept.all.values()) {
      if (!this.#judge.isAsKnown(claim, ports)) this.#checkNow(claim);
    }
  }

  checkAll(): void {
    if (this.#kept.isEmpty) return;
    const links = new Map(this.#options.host.netlink.links().map((link) => [link.name, link]));
    const ports = this.#options.host.ovs.ports();
    for (const link of links.values()) this.#seen(link, () => link);
    this.#kept.pluggedAgain(ports, (tap) => links.get(tap));
    for (const [tap, claim] of this.#kept.all) this.#check(claim, links.get(tap), ports.get(tap));
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#woken[Symbol.dispose]();
    this.#firewall[Symbol.dispose]();
    this.#lasting[Symbol.dispose]();
    this.#kept.clear();
  }

  /** A guest that was started anew, or an agent of the legacy world at work. */
  #seen(link: Link, now: () => Link | undefined): void {
    const replaced = this.#kept.cameBack(link.name, now);
    if (replaced !== undefined) this.#tell(replaced, otherGuest(link.name));
    this.#lookForUplink(link);
  }

  #lookForUplink(link: Link): void {
    const found = takeOutSecondUplink(link, this.#kept.all.values(), this.#options.host);
    if (found === undefined) return;
    const { claim, kind, severity, message } = found;
    const finding = this.#tell(claim, { kind, severity, message });
    this.#lasting.put(`uplink ${found.link}`, finding, { forMs: awakeMs });
  }

  #check(claim: Claim, link: Link | undefined, port: OvsPort | undefined): void {
    const { ovs } = this.#options.host;
    if (!ovs.lockHeld || !ovs.replica.synced) return; // somebody else's turn; looked at again after
    const { tap } = claim.move;
    const found = this.#judge.judge(claim, { link, port });
    const kept = found.kind === 'gone' || found.kind === 'foreign' ? claim : this.#inThisBoot(claim);
    if (found.kind === 'in-place') {
      this.#keptUp.look(link);
      this.#writers.inPlace(tap);
      return;
    }
    if (this.#busy.has(tap)) {
      this.#again.add(tap);
      return;
    }
    const abort = new AbortController();
    const done = this.#act(kept, found, AbortSignal.any([abort.signal, this.#stop.signal])).finally(() => {
      this.#busy.delete(tap);
      if (this.#again.delete(tap)) this.#checkAgain(tap);
    });
    this.#busy.set(tap, { done, abort });
  }

  #isCredible(claim: Claim): boolean {
    if (claim.doubted !== true) return true;
    const { tap } = claim.move;
    const link = this.#link(tap);
    const port = this.#options.host.ovs.ports().get(tap);
    return link !== undefined && this.#judge.judge(claim, { link, port }).kind === 'in-place';
  }

  #inThisBoot(claim: Claim): Claim {
    const { bootId } = this.#options;
    const isHere = claim.bootId !== bootId && this.#link(claim.move.tap) !== undefined;
    return isHere ? this.#kept.cameUp(claim, bootId) : claim;
  }

  #checkNow(claim: Claim): void {
    const { tap } = claim.move;
    this.#check(claim, this.#link(tap), this.#options.host.ovs.ports().get(tap));
  }

  #link(name: string): Link | undefined {
    return this.#options.host.netlink.link(name);
  }

  async #act(claim: Claim, found: ClaimJudgement, signal: AbortSignal): Promise<void> {
    const { tap } = claim.move;
    const { ovs } = this.#options.host;
    try {
      if (found.kind === 'away' || found.kind === 'altered') {
        // The event may tell of what has passed, of our own doing.
        const { kind, what } = this.#judge.judge(claim, { link: this.#link(tap), port: ovs.ports().get(tap) });
        if (kind !== 'away' && kind !== 'altered') return void this.#again.add(tap);
        const goesOn = (await this.#writers.mayPutBack(claim, what)) && this.#mayGoOn(claim);
        return goesOn ? await this.#putBack(claim, what, signal) : undefined;
      }
      if (found.kind === 'in-place') return;
      const tell = (of: Claim, what: Told) => this.#tell(of, what);
      await letGo(claim, found.kind, { ...this.#options, judge: this.#judge, kept: this.#kept, tell }, signal);
    } catch (error) {
      this.#options.onError(error, tap);
    }
  }

  /** False: somebody undoes each time what we do here, and it was told. */
  #mayGoOn(claim: Claim): boolean {
    const { tap } = claim.move;
    const turn = this.#fights.begin(tap, systemClock.monotonicMs());
    if (turn === 'gave-up') {
      const finding = this.#tell(claim, gaveUp(tap));
      const after = () => this.#checkAgain(tap);
      this.#lasting.put(tap, finding, { forMs: fightPauseMs, after });
    }
    return turn === 'go';
  }

  #checkAgain(tap: string): void {
    const claim = this.#kept.all.get(tap);
    if (claim !== undefined) this.#checkNow(claim);
  }

  async #putBack(claim: Claim, what: readonly string[], signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        if (await this.#putBackOnce(claim, signal)) await this.#writers.putBack(claim, what);
        return;
      } catch (error) {
        if (signal.aborted || !this.#kept.all.has(claim.move.tap)) return;
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
    await host.ovs.flush(AbortSignal.any([signal, AbortSignal.timeout(reachTimeoutMs)]));
    const link = host.netlink.link(claim.move.tap);
    if (link === undefined || signal.aborted || this.#kept.all.get(claim.move.tap)?.epoch !== claim.epoch) return false;
    const rewrote = await this.#judge.putRowBack(claim, signal);
    if (this.#judge.isStale(claim)) await unplugStale(claim, host, signal);
    if (isShuntClaim(claim)) return (await this.#putShuntBack(claim, signal)) || rewrote;
    const plugged = host.ovs.ports().get(claim.move.tap)?.bridge.name === claim.move.target.bridge;
    const steps = putBackSteps(claim.move, masterOf(host, link), plugged);
    this.#keptUp.begin(claim.move.tap);
    await perform(steps, signal, executor);
    this.#keptUp.look(this.#link(claim.move.tap));
    return true;
  }

  /** Planned from what is there now; false: it is in its place, or not ours any more. */
  async #putShuntBack(claim: ShuntClaim, signal: AbortSignal): Promise<boolean> {
    const judged = this.#judge.judgeShunt(claim);
    if (judged.kind !== 'away') {
      if (judged.kind !== 'in-place') this.#again.add(claim.move.tap);
      return false;
    }
    await perform(judged.steps, signal, this.#options.executor);
    return true;
  }

  #tell(claim: Claim, what: Told): Finding {
    const finding = this.#finding(claim, what);
    this.#options.onFinding(finding, claim.epoch);
    return finding;
  }

  #finding({ move: { tap, portId, networkId } }: Claim, what: Told): Finding {
    return { ...what, host: this.#options.host.identity.systemId, tap, portId, networkId };
  }
}
