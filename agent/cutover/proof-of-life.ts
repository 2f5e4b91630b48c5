import { restsOf } from '../../domain/attempt/operation-phases.ts';
import type { Finding } from '../../domain/findings.ts';
import { deafFlows } from '../../domain/judge/deaf-flows.ts';
import { isEnough, judge } from '../../domain/judge/judge.ts';
import { judgeReturn, splitByAsked } from '../../domain/judge/judge-return.ts';
import { meaningful } from '../../domain/judge/legacy-vantage.ts';
import type { ProbeResult, Verdict } from '../../domain/probes.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import type { TapPlace } from '../../domain/rewire/places.ts';
import { wayOfMove } from '../../domain/rewire/plan-attempt.ts';
import { sleep } from '../../platform/clock.ts';
import { describeError, ShuntError } from '../../platform/shunt-error.ts';
import type { AttemptWork } from './attempt-context.ts';
import type { ProbeScope } from './ports.ts';

const verifyTries = 2;
/** Answers to questions from before a move, which prove nothing after it, are waited out for so long at most. */
const lateMaxMs = 1_000;

/** After a restart: the ports stand, only our sockets are gone. */
export async function attachAgain(work: AttemptWork, signal: AbortSignal): Promise<void> {
  if (work.prepared.length > 0) return;
  work.prepared = await work.context.probePorts.ensure(work.grant.networks, signal);
  work.context.prober.attachPorts(work.prepared);
}

/** Asks every guest on the attempt's own side, and judges by what answered before; for longer where that was inconclusive before. */
export async function verdictNow(work: AttemptWork, signal: AbortSignal): Promise<Verdict> {
  const { prober, reporter } = work.context;
  const stage = restsOf(work.attempt).to;
  const baseline = presentBaseline(work);
  const extended = work.attempt.verdict?.kind === 'inconclusive';
  const scope: ProbeScope = { ...scopeOf(work, 'to'), extended, isEnough: (result) => isEnough(baseline, result) };
  let verdict: Verdict | undefined;
  for (let tries = 0; tries < (extended ? 1 : verifyTries); tries += 1) {
    const results = await prober.verify(scope, signal);
    signal.throwIfAborted();
    noteAbsent(work);
    const present = results.filter(({ tap }) => !work.gone.has(tap));
    verdict = judge(presentBaseline(work), reaching(work, 'to', present));
    reporter.report('probe', { epoch: work.grant.epoch, stage, results, verdict: verdict.kind });
    if (verdict.kind === 'pass' || verdict.kind === 'no-evidence') break;
  }
  work.judgedAtMs = work.context.clock.monotonicMs();
  return verdict ?? { kind: 'no-evidence', taps: {} };
}

/** What became of the guests of taps that are back. */
export interface ProvenReturn {
  /** Taps whose guests cannot be reached as before. */
  readonly unreachable: readonly string[];
  /** `tap (vantage)` of those that answered there before, and could not be asked now: nothing is proven of that path. */
  readonly unasked: readonly string[];
}

/** A revert is verified by the same probes as a cut. Those that somebody else has by now are not ours to prove. */
export async function provenReturn(
  work: AttemptWork,
  leftAlone: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ProvenReturn> {
  const { prober, reporter } = work.context;
  // Without them the wiring has still been looked at, and taps themselves can be asked.
  await attachAgain(work, signal).catch((error: unknown) => work.context.logger.warn(describeError(error)));
  const known = () => presentBaseline(work).filter((result) => !leftAlone.has(result.tap));
  const before = known();
  const asked = scopeOf(work, 'from');
  // OVN's flows may be what it went back for: here the place is to be proved, not what lies beyond it.
  const taps = asked.taps.filter(({ tap }) => !leftAlone.has(tap)).map(({ flowsOf: _f, provesIp: _i, ...tap }) => tap);
  const scope: ProbeScope = { ...asked, taps, isEnough: (result) => isEnough(before, result) };
  await lateAnswers(work, signal);
  let verdict: Verdict | undefined;
  let unasked: readonly string[] = [];
  for (let tries = 0; tries < verifyTries; tries += 1) {
    const answers = await prober.verify(scope, signal);
    noteAbsent(work);
    const results = reaching(
      work,
      'from',
      answers.filter(({ tap }) => !work.gone.has(tap)),
    );
    const { asked: comparable, unasked: never } = splitByAsked(known(), results);
    verdict = judge(comparable, results);
    unasked = reaching(work, 'from', never).map(({ tap, vantage }) => `${tap} (${vantage})`);
    reporter.report('probe', { epoch: work.grant.epoch, stage: 'after-revert', results, verdict: verdict.kind });
    if (verdict.kind !== 'fail') break;
  }
  const { unreachable, guestsSilent } = judgeReturn(verdict);
  for (const tap of guestsSilent) work.context.onFinding(silentGuestFinding(work, tap), work.grant.epoch);
  return { unreachable, unasked };
}

/** On a path that delays frames an answer may come after the move that its question came before. */
export async function lateAnswers({ baseline }: AttemptWork, signal: AbortSignal): Promise<void> {
  const slowestMs = Math.max(0, ...baseline.map(({ rttMs = 0 }) => rttMs));
  await sleep(Math.min(lateMaxMs, Math.ceil(2 * slowestMs)), signal);
}

/**
 * What answers before anything is touched. Guests that nobody can ping through OVN are pinged in the legacy world too, and not before: both ask from one
 * address, and the bridge of a shunt answers where it was asked from last.
 */
export async function baselineNow(work: AttemptWork): Promise<readonly ProbeResult[]> {
  const { prober } = work.context;
  const scope = scopeOf(work, 'from');
  const results = await prober.baseline(scope);
  const silent = results.filter((one) => one.vantage === 'remote' && one.byIp && one.answered === 0);
  if (silent.length === 0) return results;
  const names = new Set(silent.map(({ tap }) => tap));
  const taps = scope.taps
    .filter(({ tap }) => names.has(tap))
    .map(({ flowsOf: _, ...tap }) => ({ ...tap, provesIp: true }));
  const again = await prober.baseline({ ...scope, taps });
  return [...results, ...again.filter((one) => one.byIp)];
}

/** Guests must not go over to flows that carry nothing, or no IP. */
export function requireFlows({ baseline, context }: AttemptWork): void {
  const { toAll, toIp } = deafFlows(baseline);
  const { systemId } = context.host.identity;
  const taps = toAll.length > 0 ? toAll : toIp;
  if (taps.length === 0) return;
  const heard =
    toAll.length > 0
      ? 'no frame comes through them'
      : 'no ping comes through them, as one does in the legacy world (a missing port group?)';
  const text = `OVN says that it has installed the flows of ${taps.join(', ')} on ${systemId}, and ${heard}; nothing was touched`;
  throw new ShuntError('verdict-failed', text);
}

/** Taps that nobody could ask, or that answered to nothing: what becomes of their guests nothing will prove. */
export function silentTaps({ grant, baseline }: AttemptWork): readonly string[] {
  const alive = new Set(baseline.filter((result) => result.answered > 0).map((result) => result.tap));
  return grant.taps.map(({ tap }) => tap).filter((tap) => !alive.has(tap));
}

/** What to look at where a tap is in its place and its guest is silent. */
export function silentRepair(tap: string): string {
  return `bridge fdb show dev ${tap}; tcpdump -eni ${tap} arp`;
}

/** Its guest was deleted, moved away, or is being started anew: nothing of this is the attempt's doing. False: that was known. */
export function noteGone(work: AttemptWork, tap: string): boolean {
  if (work.gone.has(tap)) return false;
  work.gone.add(tap);
  try {
    work.journal?.append({ type: 'gone', tap });
  } catch (error) {
    work.context.logger.warn({ epoch: work.grant.epoch, tap }, describeError(error)); // who reads the journal finds that it is gone
  }
  return true;
}

/** Events of links may have been lost. */
function noteAbsent(work: AttemptWork): void {
  const { netlink } = work.context.host;
  for (const { tap } of work.moves) if (netlink.link(tap) === undefined) noteGone(work, tap);
}

/** A tap that is gone owes no answer. */
function presentBaseline(work: AttemptWork): readonly ProbeResult[] {
  return work.baseline.filter((result) => !work.gone.has(result.tap));
}

/** What the guests' places at this end of the attempt let mean something. */
function reaching(work: AttemptWork, end: 'from' | 'to', results: readonly ProbeResult[]): readonly ProbeResult[] {
  const moves = new Map(work.moves.map((move) => [move.tap, move]));
  return meaningful(results, (tap) => {
    const move = moves.get(tap);
    if (move === undefined) return undefined;
    return { place: wayOfMove(work.grant, move)[end], disjoint: isDisjoint(work, move.networkId) };
  });
}

/** What is to be asked: taps that are there, with the OpenFlow port that leads to each where it is (`from`) or is to be (`to`). */
export function scopeOf(work: AttemptWork, end: 'from' | 'to'): ProbeScope {
  const { ovs } = work.context.host;
  const moves = new Map(work.moves.map((move) => [move.tap, move]));
  const taps = work.grant.taps
    .filter((target) => !work.gone.has(target.tap))
    .map((target) => {
      const move = moves.get(target.tap);
      const port = move === undefined ? target.tap : portAt(wayOfMove(work.grant, move)[end], move);
      const ofport = port === undefined ? 0 : (ovs.interface(port)?.ofport ?? 0);
      const there = ofport > 0 ? { ...target, ofport } : target;
      if (!provesFlows(work, target.networkId)) return there;
      return ofport > 0 ? { ...there, flowsOf: ofport } : { ...there, provesIp: true };
    });
  return { nonce: work.nonce, taps, networks: work.prepared };
}

/**
 * Where no wire joins the two worlds no question from outside comes through OVN before the guests are in it: only our own probe port tells then that flows
 * which are said to be installed carry anything.
 */
function provesFlows(work: AttemptWork, networkId: string): boolean {
  return work.grant.direction !== 'back' && isDisjoint(work, networkId);
}

/** An overlay: no wire joins its two worlds. */
function isDisjoint({ prepared }: AttemptWork, networkId: string): boolean {
  return prepared.some((network) => network.networkId === networkId && network.disjoint === true);
}

/** The port of the integration bridge behind which a tap in this place is. */
function portAt(place: TapPlace, move: TapMove): string | undefined {
  if (place === 'legacy') return undefined;
  return place === 'direct' ? move.tap : move.shunt?.targetLeg.outer;
}

function silentGuestFinding(work: AttemptWork, tap: string): Finding {
  const move = work.moves.find((candidate) => candidate.tap === tap);
  const base = move === undefined ? { tap } : about(work, move);
  const message = `${tap} is back in its place, and its guest does not answer even when asked at the tap itself: look into the guest`;
  return { ...base, kind: 'no-answer', severity: 'warning', message };
}

/** What a finding is about. */
export function about(work: AttemptWork, move: TapMove): Pick<Finding, 'host' | 'tap' | 'portId' | 'networkId'> {
  return { host: work.context.host.identity.systemId, tap: move.tap, portId: move.portId, networkId: move.networkId };
}
