import { runStanding, runStateOf } from './host-status.ts';
import { type LedgerState, newestAttempt } from './ledger-state.ts';
import { waveStateOf } from './run-view.ts';

export type ExitStatus = 0 | 2 | 3 | 4 | 5;

/**
 * Exit status of a run, or of one of its waves, as it stands now: 5 stuck, 4 blocked, 3 reverted, 2 paused or aborted,
 * 0 otherwise; the highest wins. Only the newest attempt of a hypervisor counts.
 */
export function exitStatus(state: LedgerState, runId: string, wave?: number): ExitStatus {
  const standing = runStanding(state, runId);
  if (standing === undefined) return 0;
  const waves = standing.waves.filter((one) => wave === undefined || one.wave.number === wave);
  const found = waves.flatMap((one) =>
    one.hosts.map(({ host: { systemId }, status }): ExitStatus => {
      if (status === 'stuck') return 5;
      if (status !== 'failed') return 0;
      return newestAttempt(state, systemId)?.outcome === 'blocked' ? 4 : 3;
    }),
  );
  const halted = (one: string): boolean => one === 'paused' || one === 'aborted';
  const rests = wave === undefined ? [runStateOf(standing)] : waves.map((one) => waveStateOf(standing, one));
  const all = new Set<ExitStatus>([...found, rests.some(halted) ? 2 : 0]);
  return ([5, 4, 3, 2] as const).find((status) => all.has(status)) ?? 0;
}
