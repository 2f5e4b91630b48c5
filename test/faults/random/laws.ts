import { isDonePhase } from '../../../domain/attempt/operation-phases.ts';
import type { LedgerEntry, LedgerEvent } from '../../../domain/ledger-events.ts';
import { isOpen, type Phase } from '../../../domain/phases.ts';
import type { TapPlace } from '../../../domain/rewire/places.ts';
import type { Outcome } from '../../../domain/run-state.ts';

/** What is there when a random run is over: files, rows and links as they are, and what guests saw. */
export interface Observation {
  readonly hosts: readonly ObservedHost[];
  readonly guests: readonly ObservedGuest[];
  /** All of it, oldest first. */
  readonly ledger: readonly LedgerEntry[];
  readonly plan: Pick<ObservedPlan, 'deadlineMs' | 'errorBudget' | 'maxOpen'>;
  readonly runId: string;
  /** It was running with nothing open for a while. Absent: it was done, paused or aborted. */
  readonly held?: HeldRun;
}

/** What the coordinator says is in the way of a run that starts nothing. */
export interface HeldRun {
  readonly why: readonly string[];
  /** Of each hypervisor that was not begun in the wave under way. */
  readonly hosts: readonly { readonly systemId: string; readonly why: readonly string[] }[];
}

interface ObservedPlan {
  readonly deadlineMs: number;
  readonly errorBudget: number;
  readonly maxOpen: number;
}

export interface ObservedHost {
  readonly systemId: string;
  /** The highest epoch that its agent says it has accepted. */
  readonly highestEpoch: number;
  /** Its epochs before the run began: what is older is not judged. */
  readonly epochBefore: number;
  /** Attempts as its journals tell them. */
  readonly journals: readonly ObservedJournal[];
  readonly taps: readonly ObservedTap[];
}

export interface ObservedJournal {
  readonly epoch: number;
  readonly phase: Phase;
  readonly why?: string;
}

export interface ObservedTap {
  readonly tap: string;
  /** Where the journals of its host say it has to be. */
  readonly claimed: TapPlace;
  /** Where links and rows have it: `both` and `nowhere` are no places. */
  readonly seen: TapPlace | 'both' | 'nowhere';
  /** Its guest was started anew during the run: it may be in any world, and must answer. */
  readonly startedAnew: boolean;
}

export interface ObservedGuest {
  readonly name: string;
  readonly answeredBefore: boolean;
  readonly answersNow: boolean;
  /** The longest time without an answer. */
  readonly longestLostMs: number;
  /** The fault struck the guest itself: it was away by its own doing. */
  readonly struck: boolean;
}

/** Beyond the deadline the dead man has its grace, has to start, and to move taps on a busy machine. */
export const pathSlackMs = 8_000;

export type Law =
  | 'at rest'
  | 'a path in time'
  | 'budgets hold'
  | 'held for a reason'
  | 'a word to go back counts'
  | 'journal and ledger agree'
  | 'the world agrees';

/** What each law says is wrong, in words; nothing when it holds. */
export const laws = {
  'at rest': atRest,
  'a path in time': pathInTime,
  'budgets hold': budgetsHold,
  'held for a reason': heldForReason,
  'a word to go back counts': goBackCounts,
  'journal and ledger agree': ledgerAgrees,
  'the world agrees': worldAgrees,
} as const satisfies Record<Law, (seen: Observation) => readonly string[]>;

/** All that is wrong, each with its law. */
export function violations(seen: Observation): readonly string[] {
  return Object.entries(laws).flatMap(([law, judge]) => judge(seen).map((what) => `${law}: ${what}`));
}

/** Nothing is open, nothing is stuck, and no host has its taps strewn over several places. */
export function atRest({ hosts }: Observation): readonly string[] {
  return hosts.flatMap(({ systemId, journals, taps }) => {
    const unrest = journals.filter(({ phase }) => isOpen(phase) || phase === 'stuck');
    const places = new Set(taps.filter((tap) => !tap.startedAnew).map((tap) => tap.seen));
    return [
      ...unrest.map(({ epoch, phase, why }) => `attempt ${epoch} of ${systemId} is ${phase}${why ? `: ${why}` : ''}`),
      ...(places.size > 1 ? [`taps of ${systemId} are in several places: ${[...places].join(', ')}`] : []),
    ];
  });
}

/** Who answered answers, and nobody was without a path for longer than the deadline allows. */
export function pathInTime({ guests, plan }: Observation): readonly string[] {
  const limitMs = plan.deadlineMs + pathSlackMs;
  return guests.flatMap(({ name, answeredBefore, answersNow, longestLostMs, struck }) => [
    ...(answeredBefore && !answersNow ? [`${name} answered before, and does not answer now`] : []),
    ...(!struck && longestLostMs > limitMs
      ? [`${name} had no path for ${Math.round(longestLostMs)} ms, ${limitMs} ms are allowed`]
      : []),
  ]);
}

/** Beyond its error budget, or after its canary, a run opens nothing more, and never more at once than it may. */
export function budgetsHold({ ledger, plan, runId }: Observation): readonly string[] {
  const wrong: string[] = [];
  const open = new Set<string>();
  const failed = new Set<string>();
  const ofRun = new Map<string, number | undefined>();
  const canaryWaves = canaryWavesOf(ledger, runId);
  let canary: string | undefined;
  for (const { seq, event } of ledger) {
    if (event.type === 'attempt-opened' && event.runId === runId) {
      if (failed.size > plan.errorBudget)
        wrong.push(
          `entry ${seq} opens ${nameOf(event)} after ${failed.size} failures on a budget of ${plan.errorBudget}`,
        );
      if (canary !== undefined) wrong.push(`entry ${seq} opens ${nameOf(event)} after the canary failed, ${canary}`);
      open.add(nameOf(event));
      ofRun.set(nameOf(event), event.wave);
      if (open.size > plan.maxOpen)
        wrong.push(`entry ${seq} has ${open.size} open at once, ${plan.maxOpen} are allowed`);
    }
    if (event.type !== 'attempt-closed' || !ofRun.has(nameOf(event))) continue;
    open.delete(nameOf(event));
    if (event.outcome === 'committed') continue;
    failed.add(event.systemId);
    if (canaryWaves.has(ofRun.get(nameOf(event)))) canary = nameOf(event);
  }
  return wrong;
}

function canaryWavesOf(ledger: Observation['ledger'], runId: string): ReadonlySet<number | undefined> {
  const started = ledger
    .map(({ event }) => event)
    .find((event) => event.type === 'run-started' && event.runId === runId);
  const planned = ledger.flatMap(({ event }) => (event.type === 'plan-created' ? [event.plan] : []));
  const plan = planned.find(({ id }) => started?.type === 'run-started' && started.planId === id);
  return new Set(plan?.waves.filter((wave) => wave.canary).map((wave) => wave.number));
}

/** A run that starts nothing has something in its way, and so has each hypervisor that it has not begun: else it was forgotten. */
export function heldForReason({ held, ledger, runId }: Observation): readonly string[] {
  if (held === undefined) return [];
  const skipped = new Set(
    ledger.flatMap(({ event }) =>
      event.type === 'operation-skipped' && event.runId === runId ? [event.systemId] : [],
    ),
  );
  const forgotten = held.hosts.filter(({ systemId, why }) => why.length === 0 && !skipped.has(systemId));
  return [
    ...(held.why.length === 0 ? ['the run goes on with nothing, and nothing is in its way'] : []),
    ...forgotten.map(({ systemId }) => `${systemId} is not begun, and nothing is in its way`),
  ];
}

/** What was told to go back and committed all the same has everything stop: nothing is opened after it, and the run is left paused or aborted. */
export function goBackCounts({ ledger, runId }: Observation): readonly string[] {
  const wrong: string[] = [];
  const ofRun = new Set<string>();
  const toldBack = new Set<string>();
  let unheeded: string | undefined;
  let stopped = false;
  for (const { seq, event } of ledger) {
    if (event.type === 'attempt-opened' && event.runId === runId) {
      ofRun.add(nameOf(event));
      if (unheeded !== undefined)
        wrong.push(`entry ${seq} opens ${nameOf(event)} after ${unheeded} committed, which was to go back`);
    }
    if ((event.type === 'run-paused' || event.type === 'run-aborted') && event.runId === runId) stopped = true;
    if (event.type === 'run-resumed' && event.runId === runId) {
      stopped = false;
      unheeded = undefined;
    }
    if (event.type === 'revert-requested' && ofRun.has(nameOf(event))) toldBack.add(nameOf(event));
    if (event.type === 'attempt-closed' && event.outcome === 'committed' && toldBack.has(nameOf(event)))
      unheeded = nameOf(event);
  }
  return unheeded === undefined || stopped
    ? wrong
    : [...wrong, `${unheeded} committed, which was to go back, and the run was not paused`];
}

/** What a journal may say of an attempt that ended so in the ledger; `none`: nothing was ever armed. */
const journalsOf: Readonly<Record<Outcome, (phase: Phase | 'none') => boolean>> = {
  committed: (phase) => phase !== 'none' && isDonePhase(phase),
  reverted: (phase) => phase === 'reverted' || phase === 'none',
  blocked: (phase) => phase === 'none' || phase === 'prepared' || phase === 'reverted',
  stuck: (phase) => phase === 'stuck',
};

/** Each epoch was given once, grew, ended once, and ended as its journal says. */
export function ledgerAgrees({ hosts, ledger }: Observation): readonly string[] {
  return hosts.flatMap(({ systemId, journals, highestEpoch, epochBefore }) => {
    const about = ledger.flatMap(({ event }) => ('epoch' in event && event.systemId === systemId ? [event] : []));
    const opened = about.filter((event) => event.type === 'attempt-opened').map((event) => event.epoch);
    const fresh = opened.filter((epoch) => epoch > epochBefore);
    const known = new Set(opened);
    return [
      ...(grows(opened) ? [] : [`epochs of ${systemId} do not grow: ${opened.join(' ')}`]),
      ...twice(about).map((what) => `${what} of ${systemId} stands twice in the ledger`),
      ...journals
        .filter(({ epoch }) => !known.has(epoch))
        .map(({ epoch }) => `attempt ${epoch} of ${systemId} is in no ledger`),
      ...(highestEpoch > Math.max(0, ...opened)
        ? [`${systemId} has accepted epoch ${highestEpoch}, which nobody gave`]
        : []),
      ...fresh.flatMap((epoch) => endDiffers(systemId, epoch, { about, journals })),
    ];
  });
}

type EpochEvent = Extract<LedgerEvent, { readonly epoch: number }>;

interface Ends {
  readonly about: readonly EpochEvent[];
  readonly journals: readonly ObservedJournal[];
}

function endDiffers(systemId: string, epoch: number, { about, journals }: Ends): readonly string[] {
  const closed = about.find((event) => event.type === 'attempt-closed' && event.epoch === epoch);
  if (closed?.type !== 'attempt-closed') return [`attempt ${epoch} of ${systemId} was never closed`];
  const phase = journals.find((journal) => journal.epoch === epoch)?.phase ?? 'none';
  const begun = about.find(
    (event) => event.type === 'attempt-phase' && event.epoch === epoch && provesJournal(event.phase),
  );
  if (phase === 'none' && begun?.type === 'attempt-phase')
    return [`attempt ${epoch} of ${systemId} was ${begun.phase}, and there is no journal of it`];
  if (journalsOf[closed.outcome](phase)) return [];
  return [`attempt ${epoch} of ${systemId} is ${closed.outcome} in the ledger and ${phase} in the journal`];
}

/**
 * Its agent wrote the journal's first line before it got there. While it is arming the line may not be there yet, nor when it goes back from there.
 * What a run began is among the newest journals of its hypervisor, which no agent removes.
 */
function provesJournal(phase: Phase): boolean {
  return isOpen(phase) && phase !== 'arming' && phase !== 'reverting';
}

function grows(epochs: readonly number[]): boolean {
  return epochs.every((epoch, index) => index === 0 || epoch > (epochs[index - 1] ?? 0));
}

function twice(events: readonly EpochEvent[]): readonly string[] {
  const single = events.filter(
    ({ type }) => type === 'attempt-opened' || type === 'attempt-granted' || type === 'attempt-closed',
  );
  const names = single.map(({ type, epoch }) => `${type} ${epoch}`);
  return names.filter((name, index) => names.indexOf(name) !== index);
}

/** Taps are where the journals of their host say. */
export function worldAgrees({ hosts }: Observation): readonly string[] {
  return hosts.flatMap(({ systemId, taps }) =>
    taps.flatMap(({ tap, claimed, seen, startedAnew }) => {
      if (seen === 'both' || seen === 'nowhere') return [`${tap} of ${systemId} is plugged ${seen}`];
      return seen === claimed || startedAnew ? [] : [`${tap} of ${systemId} is ${seen}, its journal says ${claimed}`];
    }),
  );
}

function nameOf({ systemId, epoch }: { readonly systemId: string; readonly epoch: number }): string {
  return `${systemId}/${epoch}`;
}
