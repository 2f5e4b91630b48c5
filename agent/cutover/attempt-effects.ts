import type { AttemptEffect } from '../../domain/attempt/attempt-machine.ts';
import { isWorkPhase } from '../../domain/attempt/operation-phases.ts';
import type { Finding } from '../../domain/findings.ts';
import { noAnswerFindings } from '../../domain/judge/combine-verdicts.ts';
import type { Blackout, Verdict } from '../../domain/probes.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { attemptSteps } from '../../domain/rewire/plan-attempt.ts';
import { planMoves } from '../../domain/rewire/plan-cut.ts';
import { deadlineAfter, remainingMs, sleep } from '../../platform/clock.ts';
import { describeError, ShuntError } from '../../platform/shunt-error.ts';
import { readFacts } from '../host/read-facts.ts';
import { AttemptJournal } from '../journal/attempt-journal.ts';
import type { JournalRecord } from '../journal/journal-records.ts';
import type { AttemptWork } from './attempt-context.ts';
import { deadManAfter, deadManGraceMs, disarm, extend } from './deadline.ts';
import type { ExecutorDependencies } from './execution.ts';
import { dropStaleFlows, untangleFlows } from './overlapping-flows.ts';
import {
  about,
  attachAgain,
  baselineNow,
  lateAnswers,
  noteGone,
  provenReturn,
  requireFlows,
  scopeOf,
  silentRepair,
  silentTaps,
  verdictNow,
} from './proof-of-life.ts';
import { restore } from './restore.ts';
import { execute } from './rewire-executor.ts';
import { readyToArm, requireTarget } from './target-ready.ts';

/** Questions asked before the first tap leaves, and after the last has arrived, so that the gap has two ends. */
const blackoutMarginMs = 120;
/** Guests are looked at so often while they soak, and until a commit that waits for nobody's word. */
const lookEveryMs = 1_000;
/** A commit without a word wants a verdict no older than this: a look that has to ask twice, and the pause before it. */
const evidenceMaxAgeMs = 5_000;

/** One handler an effect; the table does not compile when one is missing. */
export const effectHandlers = {
  prepare,
  arm,
  cut,
  verify,
  soak,
  watch,
  'extend': (work) => extend(work),
  'record-commit': recordCommit,
  'restore': goBack,
  'disarm': endDeadMan,
  'guard': (work) => work.context.onGuard(work),
} as const satisfies Record<AttemptEffect, (work: AttemptWork, signal: AbortSignal) => Promise<void> | void>;

async function prepare(work: AttemptWork, signal: AbortSignal): Promise<void> {
  const { context, grant } = work;
  await context.onBegin();
  await context.host.ovs.flush(signal);
  await requireTarget(work, signal);
  work.moves = plannedMoves(work);
  if (work.moves.some((move) => move.legacy.midonet)) context.host.midonet.check();
  if (work.moves.some((move) => move.shunt !== undefined)) context.host.plane.check();
  work.prepared = await context.probePorts.ensure(grant.networks, signal);
  context.prober.attachPorts(work.prepared);
  work.baseline = await baselineNow(work);
  signal.throwIfAborted();
  context.reporter.report('probe', { epoch: grant.epoch, stage: 'baseline', results: work.baseline });
  requireFlows(work);
  work.findings = noAnswerFindings(context.host.identity.systemId, silentTaps(work));
  for (const finding of work.findings) context.onFinding(finding, grant.epoch);
  work.post({ type: 'prepared' });
}

/** A guest that has gone since it was prepared keeps nobody else from moving. Should it be started anew, it belongs to what is moved. */
function movesNow(work: AttemptWork): readonly TapMove[] {
  const { netlink } = work.context.host;
  const absent = work.moves.filter(({ tap }) => netlink.link(tap) === undefined);
  for (const { tap } of absent) noteGone(work, tap);
  const names = new Set(absent.map(({ tap }) => tap));
  const taps = work.grant.taps.filter(({ tap }) => !names.has(tap));
  return [...plannedMoves(work, taps), ...absent];
}

/** What cannot be moved as ordered is told tap by tap, and nothing is touched. */
function plannedMoves(work: AttemptWork, taps = work.grant.taps): readonly TapMove[] {
  const { host } = work.context;
  const plan = planMoves({ ...work.grant, taps }, readFacts(host.ovs, host.netlink.links(), taps));
  work.findings = plan.problems.map((problem) => ({ ...problem, host: host.identity.systemId }));
  if (plan.problems.length === 0) return plan.moves;
  const told = plan.problems.slice(0, 5).map((problem) => problem.message);
  const more = plan.problems.length > 5 ? `; and ${plan.problems.length - 5} more` : '';
  throw new ShuntError('preimage-changed', `the host is not as the order says: ${told.join('; ')}${more}`);
}

/** Journal synced, then dead man: if either cannot be had, nothing is touched. */
async function arm(work: AttemptWork, signal: AbortSignal): Promise<void> {
  const { context, grant } = work;
  await readyToArm(work, signal);
  work.moves = movesNow(work);
  signal.throwIfAborted(); // called off meanwhile: a journal would say for ever that it is arming
  work.deadline = deadlineAfter(grant.deadlineMs, context.clock.now());
  const header = { format: 1, type: 'attempt', systemId: context.host.identity.systemId, nonce: work.nonce } as const;
  const facts = { deadline: work.deadline, grant, moves: work.moves, baseline: work.baseline };
  const { settings } = context;
  work.journal = AttemptJournal.create(context.stateDir, { ...header, ...facts, settings }, context.faults);
  for (const tap of work.gone) work.journal.append({ type: 'gone', tap });
  work.deadMan = await deadManAfter(work, grant.deadlineMs);
  work.journal.append({ type: 'dead-man', deadMan: work.deadMan });
  work.watchDeadline();
  work.post({ type: 'armed' });
}

async function cut(work: AttemptWork, signal: AbortSignal): Promise<void> {
  const { context, grant, moves } = work;
  const { ovs } = context.host;
  const { lockThefts } = ovs;
  await untangleFlows(moves, context.host, signal);
  await context.onUnguard(work);
  work.recorder = context.prober.startBlackout(scopeOf(work, 'from'));
  await sleep(blackoutMarginMs, signal);
  const facts = readFacts(ovs, context.host.netlink.links(), moves);
  const leftMs = () =>
    work.deadline === undefined ? grant.deadlineMs : remainingMs(work.deadline, context.clock.now());
  await execute(attemptSteps({ ...grant, moves }, facts, grant.batchSize), signal, {
    ...executorFor(work),
    isForward: true,
    leftMs,
    lockKept: () => ovs.lockThefts === lockThefts,
  });
  await dropStale(work, signal);
  await sleep(blackoutMarginMs, signal);
  endBlackout(work);
  work.post({ type: 'cut-done' });
}

async function dropStale({ context, grant, moves }: AttemptWork, signal: AbortSignal): Promise<void> {
  if (!(await dropStaleFlows(moves, context.host, signal))) return;
  context.logger.info({ epoch: grant.epoch }, 'flows led to where guests had been: they were made anew');
}

async function verify(work: AttemptWork, signal: AbortSignal): Promise<void> {
  await attachAgain(work, signal);
  await lateAnswers(work, signal);
  work.post({ type: 'verified', verdict: await verdictNow(work, signal) });
}

/** Probes must stay good for the whole of the soak. */
async function soak(work: AttemptWork, signal: AbortSignal): Promise<void> {
  const { clock } = work.context;
  const endMs = clock.monotonicMs() + work.grant.soakMs;
  let verdict: Verdict | undefined = work.attempt.verdict;
  while (verdict === undefined || clock.monotonicMs() < endMs) {
    await sleep(Math.min(lookEveryMs, Math.max(0, endMs - clock.monotonicMs())), signal);
    verdict = await verdictNow(work, signal);
    if (verdict.kind === 'fail') break;
  }
  work.post({ type: 'soaked', verdict });
}

/** A verdict that stays as it was is not told again: it would be a line of the journal each second. */
async function watch(work: AttemptWork, signal: AbortSignal): Promise<void> {
  for (;;) {
    await sleep(lookEveryMs, signal);
    if (work.attempt.phase !== 'committing' || work.attempt.commitWord) return;
    const verdict = await verdictNow(work, signal);
    if (verdict.kind !== work.attempt.verdict?.kind) work.post({ type: 'soaked', verdict });
  }
}

/** The record is the commit: from here on neither the agent nor the dead man goes back. */
async function recordCommit(work: AttemptWork, signal: AbortSignal): Promise<void> {
  const { deadline, context } = work;
  await context.host.ovs.flush(signal); // we still hold the lock: nobody is going back beside us
  const leftMs = deadline === undefined ? 0 : remainingMs(deadline, context.clock.now());
  if (leftMs < -deadManGraceMs / 3)
    throw new ShuntError('timed-out', 'the word to commit came too late: the dead man is at work');
  if (!work.attempt.commitWord) requireFreshEvidence(work);
  const wrong = context.wrongWith(work.moves.map((move) => move.tap));
  if (wrong !== undefined) throw new ShuntError('preimage-changed', `it cannot be committed: ${wrong.message}`);
  await context.host.ovs.sync(signal); // what the record says to be there is there after a power cut too
  work.post({ type: 'commit-recorded' });
}

/** Being alive is no evidence: a look that does not come to its end is no pass. */
function requireFreshEvidence({ context, judgedAtMs = 0 }: AttemptWork): void {
  const ageMs = context.clock.monotonicMs() - judgedAtMs;
  if (ageMs <= evidenceMaxAgeMs) return;
  const seen = `the last look at its guests came to its end ${(ageMs / 1_000).toFixed(1)} s before`;
  throw new ShuntError('timed-out', `the deadline passed without the word to commit, and ${seen}`);
}

async function goBack(work: AttemptWork, signal: AbortSignal): Promise<void> {
  const { context, grant, moves } = work;
  await context.onUnguard(work);
  work.recorder ??= context.prober.startBlackout(scopeOf(work, 'from'));
  const outcome = await restore({ ...grant, moves }, executorFor(work), signal);
  endBlackout(work);
  if (outcome.kind === 'failed') {
    work.post({ type: 'restore-failed', code: 'stuck', why: outcome.why, repair: outcome.repair });
    return;
  }
  for (const { tap, why } of outcome.leftAlone) context.onFinding(leftAloneFinding(work, tap, why), grant.epoch);
  await syncRestored(work, signal);
  const { unreachable: silent } = await provenReturn(work, new Set(outcome.leftAlone.map(({ tap }) => tap)), signal);
  if (silent.length === 0) {
    work.post({ type: 'restored' });
    return;
  }
  const why = `every tap is back in its place, but these guests do not answer as before: ${silent.join(', ')}`;
  const repair = silent.map(silentRepair);
  await endDeadMan(work); // the wiring is restored: there is nothing a dead man could add, and he must not call this good
  work.post({ type: 'restore-failed', code: 'stuck', why, repair });
}

/** Guests are back: a disk that does not take it must not make that a failure. After a power cut `settle` looks again. */
async function syncRestored({ context, grant }: AttemptWork, signal: AbortSignal): Promise<void> {
  try {
    await context.host.ovs.sync(signal);
  } catch (error) {
    signal.throwIfAborted();
    context.logger.warn({ epoch: grant.epoch }, `Open vSwitch's database is not synced: ${describeError(error)}`);
  }
}

async function endDeadMan(work: AttemptWork): Promise<void> {
  work.stopDeadline();
  if (work.deadMan !== undefined) await disarm(work, work.deadMan);
}

function endBlackout(work: AttemptWork): void {
  const measured = work.recorder?.stop() ?? [];
  work.recorder = undefined;
  if (measured.length === 0) return;
  work.blackouts = worstOf([...work.blackouts, ...measured]);
  note(work, { type: 'blackouts', blackouts: work.blackouts });
  for (const blackout of measured) work.context.reporter.report('blackout', { epoch: work.grant.epoch, ...blackout });
}

/** On the way forward a journal that cannot be written ends the cut; on the way back nothing does. */
function note(work: AttemptWork, record: JournalRecord): void {
  try {
    work.journal?.append(record);
  } catch (error) {
    if (isWorkPhase(work.attempt.phase)) throw error;
  }
}

/** A cut and its revert may both have been measured: the longer gap of each tap counts. */
function worstOf(blackouts: readonly Blackout[]): readonly Blackout[] {
  const byTap = Map.groupBy(blackouts, (blackout) => blackout.tap);
  return [...byTap.values()].map((found) =>
    found.reduce((worst, next) => (next.blackoutMs > worst.blackoutMs ? next : worst)),
  );
}

function executorFor(work: AttemptWork): ExecutorDependencies {
  const { context, grant } = work;
  return {
    ovs: context.host.ovs,
    netlink: context.host.netlink,
    integration: context.host.integration,
    providers: context.host.providers,
    plane: context.host.plane,
    midonet: context.host.midonet,
    clock: context.clock,
    onStage: (stage) => context.onStage(stage, grant.epoch),
    onConnections: (told) => context.onConnections(told, grant.epoch),
    onGone: (move) => {
      noteGone(work, move.tap);
      context.onFinding(
        {
          ...about(work, move),
          kind: 'tap-gone',
          severity: 'info',
          message: `${move.tap} went away during its cutover`,
        },
        grant.epoch,
      );
    },
    checkpoint: (batch, taps) => {
      note(work, { type: 'checkpoint', batch, taps, atMs: context.clock.monotonicMs() });
      if (isWorkPhase(work.attempt.phase)) work.journal?.sync();
    },
  };
}

function leftAloneFinding(work: AttemptWork, tap: string, why: string): Finding {
  const move = work.moves.find((candidate) => candidate.tap === tap);
  const base = move === undefined ? { tap } : about(work, move);
  return {
    ...base,
    kind: 'tap-replugged',
    severity: 'warning',
    message: `${tap} was left alone on the way back: ${why}`,
  };
}
