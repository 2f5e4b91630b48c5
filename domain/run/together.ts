import type { Step } from './attempt-context.ts';
import { type HostStanding, isSettled, type WaveStanding } from './host-status.ts';
import type { Attempt, LedgerState } from './ledger-state.ts';
import { isMember, togetherWave } from './moving-with.ts';

/** The step that an attempt would take by itself. */
export interface OwnStep {
  readonly attempt: Attempt;
  readonly step: Step;
}

/**
 * Holds back each grant of a wave that moves as one until every member that has not moved yet can be granted in this same decision: so the
 * orders leave together. What a member that is not ready waits for is what the others wait for.
 */
export function grantTogether(state: LedgerState, steps: readonly OwnStep[]): readonly OwnStep[] {
  const byHost = new Map(steps.map((one) => [one.attempt.systemId, one]));
  const lateOf = new Map<WaveStanding, string | undefined>();
  return steps.map((own) => {
    const wave = isGrant(own.step) ? togetherWave(state, own.attempt) : undefined;
    if (wave === undefined) return own;
    if (!lateOf.has(wave)) lateOf.set(wave, lateText(wave, own.attempt, byHost));
    const late = lateOf.get(wave);
    return late === undefined ? own : { ...own, step: { events: [], effects: [], waiting: late } };
  });
}

function mayGo({ status }: HostStanding, member: OwnStep | undefined, of: Attempt): boolean {
  if (isSettled(status)) return true;
  return member !== undefined && isMember(member.attempt, of) && (member.attempt.granted || isGrant(member.step));
}

export function isGrant(step: Step): boolean {
  return step.events.some((event) => event.type === 'attempt-granted');
}

/** Whom the wave waits for; undefined when all may go. */
function lateText(wave: WaveStanding, of: Attempt, byHost: ReadonlyMap<string, OwnStep>): string | undefined {
  const late = wave.hosts.find((one) => !mayGo(one, byHost.get(one.host.systemId), of));
  if (late === undefined) return undefined;
  const waiting = byHost.get(late.host.systemId)?.step.waiting;
  const what = waiting ? ` and waits for ${waiting}` : '';
  return `the others of its wave: ${late.host.hostname} is ${late.status}${what}`;
}

/** Why a wave that moves as one does not: a member that failed, before its grant or after. */
export function togetherTrouble({
  wave,
  hosts,
}: WaveStanding): { readonly failed: HostStanding; readonly why: string } | undefined {
  if (wave.together !== true) return undefined;
  const failed = hosts.find((one) => one.status === 'failed');
  if (failed === undefined) return undefined;
  const why = `wave ${wave.number} moves as one, and ${failed.host.hostname} went back or was refused: retry it, or leave it`;
  return { failed, why };
}
