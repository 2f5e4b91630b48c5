import { assertNever } from '../assert-never.ts';
import type { AttemptRecord, RunView, WaveHostView, WaveState, WaveView } from '../run-state.ts';
import { newestForward, type RunStanding, runStanding, runStateOf, type WaveStanding } from './host-status.ts';
import type { Attempt, LedgerState } from './ledger-state.ts';

/** A run as the operators' API shows it. */
export function runView(state: LedgerState, runId: string): RunView | undefined {
  const standing = runStanding(state, runId);
  if (standing === undefined) return undefined;
  const { run, plan, waves } = standing;
  const failing = waves
    .flatMap((one) => one.hosts)
    .filter(({ host, status }) => {
      return status === 'stuck' || (status === 'failed' && !run.acknowledged.has(host.systemId));
    });
  return {
    id: run.id,
    planId: plan.id,
    planName: plan.spec.name,
    state: runStateOf(standing),
    ...(run.pausedWhy === undefined ? {} : { pausedWhy: run.pausedWhy }),
    errors: failing.length,
    errorBudget: plan.spec.errorBudget,
    throughWave: run.throughWave,
    waves: waves.map((wave) => waveView(state, standing, wave)),
  };
}

function waveView(state: LedgerState, standing: RunStanding, wave: WaveStanding): WaveView {
  return {
    number: wave.wave.number,
    state: waveStateOf(standing, wave),
    hosts: wave.hosts.map(({ host: { systemId, hostname } }): WaveHostView => {
      const attempt = newestForward(state, standing.run, systemId);
      return { systemId, hostname, ...(attempt === undefined ? {} : { attempt: attemptRecord(attempt) }) };
    }),
  };
}

/** `done` is only said of a wave that needs nobody any more; one that was passed with failures is `paused`. */
export function waveStateOf(standing: RunStanding, { wave, hosts, done, passed }: WaveStanding): WaveState {
  if (done) return 'done';
  const { control, throughWave } = standing.run;
  if (control === 'aborted') return 'aborted';
  const touched = hosts.some((one) => one.status !== 'todo');
  if (wave.number > throughWave || (wave.number > (standing.current ?? wave.number) && !touched)) return 'pending';
  switch (control) {
    case 'paused':
      return 'paused';
    case 'running':
      return passed ? 'paused' : 'running';
    default:
      return assertNever(control);
  }
}

/** The part of an attempt that is shown; what only the engine needs is left out. */
export function attemptRecord(attempt: Attempt): AttemptRecord {
  const { planId: _p, taps: _t, granted: _g, commitGranted: _c, baseline: _b, revertWhy: _r, ...record } = attempt;
  return record;
}
