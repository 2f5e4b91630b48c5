import { isDonePhase, restsOf } from '../domain/attempt/operation-phases.ts';
import type { Resolution } from '../domain/orders.ts';
import { findEnd } from '../domain/rewire/where-at-rest.ts';
import { isShuntError } from '../platform/shunt-error.ts';
import type { AgentConfig } from './config.ts';
import { type Host, openHost } from './host/host.ts';
import { readFacts } from './host/read-facts.ts';
import { readAttempt, writeNotes } from './journal/attempt-journal.ts';
import type { RevertRecord } from './journal/journal-records.ts';
import type { ReplayedAttempt } from './journal/replay.ts';
import { type Trouble, troubleOf } from './journal/troubles.ts';

export type Resolved = Extract<RevertRecord, { type: 'resolved' }>;

export type Judged =
  | { readonly kind: 'resolved'; readonly resolved: Resolved }
  /** What is still to be done by hand before an attempt can be called at rest. */
  | { readonly kind: 'not-at-rest'; readonly why: string; readonly repair: readonly string[] };

export interface ResolveRequest {
  readonly epoch: number;
  readonly by: string;
  readonly why?: string;
  /** Without looking: for a journal that cannot be read, or taps that are where the operator wants them. */
  readonly force: boolean;
}

export type ResolveResult = Judged | { readonly kind: 'nothing-to-do'; readonly why: string };

const lockTimeoutMs = 30_000;

/** Looks at the taps of an attempt that never came to rest; changes nothing. */
export function judgeResolution(
  { epoch, replayed, phase }: Trouble,
  { by, why, force }: Pick<ResolveRequest, 'by' | 'why' | 'force'>,
  { ovs, netlink }: Pick<Host, 'ovs' | 'netlink'>,
): Judged {
  const said = why === undefined || why === '' ? '' : `: ${why}`;
  const words = `${by} looked after it${force ? ', with --force' : ''}${said}`;
  const resolved = (rest: Resolved['rest']): Judged => ({
    kind: 'resolved',
    resolved: { format: 1, type: 'resolved', rest, why: words },
  });
  if (replayed === undefined) {
    if (force) return resolved('from');
    const message = `the journal of attempt ${epoch} cannot be read (${phase}): nobody can tell where its taps belong; look yourself, then shunt-agent resolve --attempt ${epoch} --force`;
    return { kind: 'not-at-rest', why: message, repair: [] };
  }
  const { moves, grant } = replayed.header;
  const found = findEnd({ ...grant, moves }, readFacts(ovs, netlink.links(), moves));
  if (found.kind === 'at-rest') return resolved(found.end);
  if (force) return resolved('from');
  const message = `attempt ${epoch} is not at rest: ${found.taps.join(', ')} ${found.taps.length === 1 ? 'is' : 'are'} not where it began, and not all are where it was to lead`;
  return { kind: 'not-at-rest', why: message, repair: found.repair };
}

/** Puts the word on disk. */
export function writeResolution(stateDir: string, epoch: number, resolved: Resolved): void {
  writeNotes(stateDir, epoch, [resolved]);
}

/** What an attempt that was looked after counts as. One whose journal cannot be read counts as where it began, which nobody can name. */
export function resolutionOf({ replayed }: Pick<Trouble, 'replayed'>, { rest }: Pick<Resolved, 'rest'>): Resolution {
  if (replayed === undefined) return { rest: 'legacy', outcome: 'reverted' };
  const rests = restsOf(replayed.attempt);
  return rest === 'to' ? { rest: rests.to, outcome: 'committed' } : { rest: rests.from, outcome: 'reverted' };
}

/** The same of one that is at rest already: the word is given again, or was never needed. */
export function standingOf(stateDir: string, epoch: number): Resolution {
  const replayed = troubleFree(stateDir, epoch);
  if (replayed === undefined) return { rest: 'legacy', outcome: 'reverted' };
  return resolutionOf({ replayed }, { rest: isDonePhase(replayed.attempt.phase) ? 'to' : 'from' });
}

/** Undefined: nobody can read it any more, or it is gone. */
function troubleFree(stateDir: string, epoch: number): ReplayedAttempt | undefined {
  try {
    return readAttempt(stateDir, epoch);
  } catch (error) {
    if (!isShuntError(error)) throw error;
    return undefined;
  }
}

/** `shunt-agent resolve`: the same without an agent, or beside one, which hears of it by losing its lock. */
export async function resolveAttempt(
  request: ResolveRequest,
  config: AgentConfig,
  signal: AbortSignal,
): Promise<ResolveResult> {
  const { epoch } = request;
  if (troubleOf(config.stateDir, epoch) === undefined) return nothingToDo(epoch);
  await using host = await openHost(config, signal);
  await host.ovs.takeLock({ steal: true, signal: AbortSignal.any([signal, AbortSignal.timeout(lockTimeoutMs)]) });
  const trouble = troubleOf(config.stateDir, epoch);
  if (trouble === undefined) return nothingToDo(epoch);
  const judged = judgeResolution(trouble, request, host);
  if (judged.kind === 'resolved') writeResolution(config.stateDir, epoch, judged.resolved);
  return judged;
}

function nothingToDo(epoch: number): ResolveResult {
  return { kind: 'nothing-to-do', why: `attempt ${epoch} is at rest, or there was none` };
}

/** For people. */
export function resolveText(epoch: number, result: ResolveResult): readonly string[] {
  switch (result.kind) {
    case 'resolved':
      return [
        `attempt ${epoch} counts as ${result.resolved.rest === 'to' ? 'done' : 'taken back'}: ${result.resolved.why}`,
      ];
    case 'nothing-to-do':
      return [result.why];
    case 'not-at-rest':
      return [
        result.why,
        ...(result.repair.length === 0 ? [] : ['By hand:', ...result.repair.map((line) => `  ${line}`)]),
      ];
  }
}
