import { setTimeout as delay } from 'node:timers/promises';
import type { HostView, RunView, WaveHostView } from '../../../domain/run-state.ts';
import type { OperatorsApi } from '../../../wire/operators-api.ts';
import type { HeldRun } from './laws.ts';

interface Limits {
  /** Whatever was done to it, a run is over by then. */
  readonly overWithinMs: number;
  /** A run that has started nothing for so long, with nothing open, is held. */
  readonly heldForMs: number;
  /** What had nothing in its way for so long was forgotten: the scheduler looks every second. */
  readonly forgottenAfterMs: number;
}

const usual: Limits = { overWithinMs: 120_000, heldForMs: 8_000, forgottenAfterMs: 5_000 };

/** What is asked of a fleet. */
export interface Asked {
  hosts(): Promise<readonly HostView[]>;
  readonly cloud: { readonly api: Pick<OperatorsApi, 'abortRun' | 'getRun' | 'why'> };
}

/** Who plans, approves and starts random runs, and ends those that wait for somebody. */
export const operator = 'random';
/** How a run came to its end. `over`: it is done or paused. `held`: it has started nothing for a while, and the coordinator was asked why. */
export type End =
  | { readonly kind: 'over' }
  | { readonly kind: 'held'; readonly held: HeldRun }
  | { readonly kind: 'late'; readonly what: string };

/** Until every agent is there, nothing is open, and nothing more will be. */
export async function untilOver(
  run: RunView,
  fleet: Asked,
  before: readonly HostView[],
  { overWithinMs, heldForMs, forgottenAfterMs } = usual,
): Promise<End> {
  const giveUpAtMs = performance.now() + overWithinMs;
  let last = 'the coordinator has not answered';
  let heldSinceMs: number | undefined;
  let free: { readonly sinceMs: number; readonly held: HeldRun } | undefined;
  while (performance.now() < giveUpAtMs) {
    const now = await unfinished(run, fleet, before).catch((error: Error) => ({ held: false, what: error.message }));
    if (now === undefined) return { kind: 'over' };
    heldSinceMs = now.held ? (heldSinceMs ?? performance.now()) : undefined;
    if (heldSinceMs === undefined) free = undefined;
    // Asked and then looked at again: what went on meanwhile had nothing in its way for good reason.
    else if (free !== undefined && performance.now() - free.sinceMs > forgottenAfterMs)
      return { kind: 'held', held: free.held };
    else if (performance.now() - heldSinceMs > heldForMs) {
      const held = await askWhy(run, fleet).catch(() => undefined); // it will be asked again
      if (held !== undefined && isExplained(held)) return { kind: 'held', held };
      free = held && { sinceMs: free?.sinceMs ?? performance.now(), held };
    }
    last = now.what;
    await delay(100);
  }
  return { kind: 'late', what: `after ${overWithinMs / 1_000} s ${last}` };
}

/** What is in the way of a run, and of each hypervisor that it has not begun in the wave under way. */
async function askWhy(run: RunView, { cloud: { api } }: Asked): Promise<HeldRun> {
  const signal = AbortSignal.timeout(10_000);
  const { waves } = await api.getRun({ runId: run.id }, signal);
  const notBegun = waves.filter((wave) => wave.state === 'running').flatMap((wave) => wave.hosts.filter(isNotBegun));
  const why = await api.why({ target: { kind: 'run', runId: run.id } }, signal);
  const hosts = notBegun.map(async ({ systemId }) => {
    const ownWhy = await api.why({ target: { kind: 'host', host: systemId } }, signal);
    return { systemId, why: ownWhy.map(({ message }) => message) };
  });
  return { why: why.map(({ message }) => message), hosts: await Promise.all(hosts) };
}

/** Nothing of what it is to do now: of a wave of several operations it may have done one. */
function isNotBegun({ attempt, operation = 'cut' }: WaveHostView): boolean {
  return attempt === undefined || (attempt.operation ?? 'cut') !== operation;
}

function isExplained({ why, hosts }: HeldRun): boolean {
  return why.length > 0 && hosts.every((host) => host.why.length > 0);
}

interface Unfinished {
  readonly what: string;
  /** Nothing goes on: the run waits for something. */
  readonly held: boolean;
}

async function unfinished(run: RunView, fleet: Asked, before: readonly HostView[]): Promise<Unfinished | undefined> {
  const hosts = await fleet.hosts();
  const open = hosts.filter(({ attempt }) => attempt !== undefined && attempt.outcome === undefined);
  const names = (some: readonly HostView[]) => some.map(({ systemId }) => systemId).join(', ');
  const { state } = await fleet.cloud.api.getRun({ runId: run.id }, AbortSignal.timeout(10_000));
  if (open.length > 0) {
    // What is only prepared waits at rest for as long as its run is paused: an operator ends such a run.
    if (state === 'paused' && open.every(({ attempt }) => attempt?.phase === 'prepared'))
      await fleet.cloud.api.abortRun({ runId: run.id, by: operator }, AbortSignal.timeout(10_000));
    return { what: `attempts are open at ${names(open)}`, held: false };
  }
  const away = before.filter(({ systemId }) => !hosts.some((host) => host.systemId === systemId && host.connected));
  if (away.length > 0) return { what: `${names(away)} did not come back`, held: false };
  const isOver = state === 'done' || state === 'paused' || state === 'aborted';
  return isOver ? undefined : { what: `the run is ${state}`, held: true };
}
