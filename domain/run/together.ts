import type { Step } from './attempt-context.ts';
import { type HostStanding, isSettled, runStanding, type WaveStanding } from './host-status.ts';
import { type Attempt, type LedgerState, newestAttempt } from './ledger-state.ts';

/** The wave that moves as one to which an attempt belongs; undefined when it goes by itself. */
export function togetherWave(state: LedgerState, attempt: Attempt): WaveStanding | undefined {
  if (attempt.runId === undefined || attempt.wave === undefined) return undefined;
  const found = runStanding(state, attempt.runId)?.waves.find((one) => one.wave.number === attempt.wave);
  return found?.wave.together === true ? found : undefined;
}

/** Ports that move in the same moment as this attempt's, its own included. */
export function movingWith(state: LedgerState, attempt: Attempt): ReadonlySet<string> {
  const wave = togetherWave(state, attempt);
  const open = (wave?.hosts ?? []).flatMap(({ host }) => {
    const one = newestAttempt(state, host.systemId);
    return one !== undefined && isMember(one, attempt) ? one.taps : [];
  });
  return new Set([...attempt.taps, ...open].map((tap) => tap.portId));
}

function isMember(one: Attempt, of: Attempt): boolean {
  return one.outcome === undefined && one.runId === of.runId && one.wave === of.wave && one.operation === of.operation;
}

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
  return steps.map((own) => {
    if (!isGrant(own.step)) return own;
    const wave = togetherWave(state, own.attempt);
    const late = wave?.hosts.find((one) => !mayGo(one, byHost.get(one.host.systemId), own.attempt));
    return late === undefined ? own : { ...own, step: { events: [], effects: [], waiting: lateText(late, byHost) } };
  });
}

function mayGo({ status }: HostStanding, member: OwnStep | undefined, of: Attempt): boolean {
  if (isSettled(status)) return true;
  return member !== undefined && isMember(member.attempt, of) && (member.attempt.granted || isGrant(member.step));
}

function isGrant(step: Step): boolean {
  return step.events.some((event) => event.type === 'attempt-granted');
}

function lateText({ host, status }: HostStanding, byHost: ReadonlyMap<string, OwnStep>): string {
  const waiting = byHost.get(host.systemId)?.step.waiting;
  return `the others of its wave: ${host.hostname} is ${status}${waiting ? ` and waits for ${waiting}` : ''}`;
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
