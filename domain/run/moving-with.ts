import { runStanding, type WaveStanding } from './host-status.ts';
import { type Attempt, type LedgerState, newestAttempt } from './ledger-state.ts';

/** The wave that moves as one to which an attempt belongs; undefined when it goes by itself. */
export function togetherWave(state: LedgerState, attempt: Attempt): WaveStanding | undefined {
  if (attempt.runId === undefined || attempt.wave === undefined) return undefined;
  const found = runStanding(state, attempt.runId)?.waves.find((one) => one.wave.number === attempt.wave);
  return found?.wave.together === true ? found : undefined;
}

/** Names what moves in one moment: a wave that moves as one, or an attempt by itself. */
export function groupOf(state: LedgerState, attempt: Attempt): string {
  const { systemId, epoch, runId, wave, operation = 'cut' } = attempt;
  return togetherWave(state, attempt) === undefined ? `${systemId}/${epoch}` : `${runId}/${wave}/${operation}`;
}

const moving = new WeakMap<LedgerState, Map<WaveStanding, ReadonlySet<string>>>();

/** Ports that move in the same moment as this attempt's, its own included. Computed once for a state: it never changes. */
export function movingWith(state: LedgerState, attempt: Attempt): ReadonlySet<string> {
  const wave = togetherWave(state, attempt);
  if (wave === undefined) return new Set(attempt.taps.map((tap) => tap.portId));
  const known = moving.get(state) ?? new Map<WaveStanding, ReadonlySet<string>>();
  moving.set(state, known);
  const ports =
    known.get(wave) ?? new Set(membersOf(state, wave, attempt).flatMap(({ taps }) => taps.map((tap) => tap.portId)));
  known.set(wave, ports);
  return ports;
}

function membersOf(state: LedgerState, wave: WaveStanding, of: Attempt): readonly Attempt[] {
  return wave.hosts.flatMap(({ host }) => {
    const one = newestAttempt(state, host.systemId);
    return one !== undefined && isMember(one, of) ? [one] : [];
  });
}

/** Moves in the same moment as that attempt, if it is still open. */
export function isMember(one: Attempt, of: Attempt): boolean {
  return one.outcome === undefined && one.runId === of.runId && one.wave === of.wave && one.operation === of.operation;
}
