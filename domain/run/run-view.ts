import { assertNever } from '../assert-never.ts';
import { methodOfTaps } from '../planning/tap-method.ts';
import type { AttemptRecord, RunView, WaveHostView, WaveState, WaveView } from '../run-state.ts';
import { newestInWave, type RunStanding, runStanding, runStateOf, type WaveStanding } from './host-status.ts';
import type { Attempt, LedgerState } from './ledger-state.ts';

/** A run as the operators' API shows it. */
export function runView(state: LedgerState, runId: string): RunView | undefined {
  const standing = runStanding(state, runId);
  if (standing === undefined) return undefined;
  const { run, plan, waves } = standing;
  const failing = waves
    .flatMap((one) => one.hosts)
    .filter(({ host, status }) => {
      return (
        status === 'stuck' || status === 'disputed' || (status === 'failed' && !run.acknowledged.has(host.systemId))
      );
    });
  return {
    id: run.id,
    planId: plan.id,
    planName: plan.spec.name,
    state: runStateOf(standing),
    ...(run.pausedWhy === undefined ? {} : { pausedWhy: run.pausedWhy }),
    errors: new Set(failing.map((one) => one.host.systemId)).size,
    errorBudget: plan.spec.errorBudget,
    throughWave: run.throughWave,
    waves: waves.map((wave) => waveView(state, standing, wave)),
  };
}

function waveView(state: LedgerState, standing: RunStanding, wave: WaveStanding): WaveView {
  const { number, operations, direction, together } = wave.wave;
  return {
    number,
    state: waveStateOf(standing, wave),
    ...(operations === undefined ? {} : { operations }),
    ...(direction === undefined ? {} : { direction }),
    ...(together === undefined ? {} : { together }),
    hosts: wave.hosts.map(({ host: { systemId, hostname }, operation }): WaveHostView => {
      const attempt = newestInWave(state, standing.run, number, systemId);
      return {
        systemId,
        hostname,
        ...(operation === 'cut' ? {} : { operation }),
        ...(attempt === undefined ? {} : { attempt: attemptRecord(attempt) }),
      };
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
  const { planId: _p, taps, granted: _g, commitGranted: _c, baseline: _b, revertWhy: _r, ...shown } = attempt;
  const { resolved: _s, undoneByHand: _u, disputed: _d, ...record } = shown;
  return methodOfTaps(taps) === 'direct' ? record : { ...record, method: 'shunt' };
}
