import { AttemptJournal } from '../../../agent/journal/attempt-journal.ts';
import type { AttemptHeader, JournalRecord } from '../../../agent/journal/journal-records.ts';
import type { AttemptEvent } from '../../../domain/attempt/attempt-machine.ts';
import type { Direction } from '../../../domain/phases.ts';
import type { Verdict } from '../../../domain/probes.ts';
import { intendedRows } from '../../../domain/rewire/moves.ts';

const tap = {
  tap: 'tap1',
  portId: 'p1',
  networkId: 'n1',
  mac: 'fa:16:3e:00:00:01',
  ips: ['10.0.0.5'],
  legacyBridge: 'brq1',
};

/** First line of an attempt that moves one tap. */
export function header(epoch: number, direction: Direction = 'forward'): AttemptHeader {
  const { legacyBridge, ...about } = tap;
  return {
    format: 1,
    type: 'attempt',
    systemId: 'hv1',
    nonce: 'nonce',
    deadline: { bootId: 'boot', monotonicMs: 5_000.25, wallMs: 1_700_000_000_000 },
    grant: {
      epoch,
      direction,
      method: 'direct',
      taps: [tap],
      networks: [
        {
          networkId: 'n1',
          legacyBridge,
          class: 'vlan',
          vlan: 100,
          mtu: 1500,
          probe: { name: 'probe', mac: '02:00:00:00:00:01', ip: '10.0.0.254' },
        },
      ],
      deadlineMs: 30_000,
      soakMs: 1_000,
      commitOn: 'word',
      batchSize: 4,
    },
    moves: [
      {
        ...about,
        legacy: { bridge: legacyBridge, uplink: 'upl1' },
        target: { bridge: 'br-int', rows: intendedRows(tap, epoch) },
      },
    ],
    baseline: [{ vantage: 'local', tap: 'tap1', portId: 'p1', sent: 4, answered: 4, rttMs: 0.5 }],
  };
}

export const verdict = (kind: 'pass' | 'fail'): Verdict => ({
  kind,
  taps: { tap1: kind === 'pass' ? { kind } : { kind, vantages: ['local'], message: 'no answer' } },
});

export const armed: AttemptEvent = { type: 'armed' };
export const record = (event: AttemptEvent): JournalRecord => ({ type: 'event', event, atMs: 1.5 });
/** From arming to the end of an attempt that goes well. */
export const committed: readonly AttemptEvent[] = [
  armed,
  { type: 'cut-done' },
  { type: 'verified', verdict: verdict('pass') },
  { type: 'soaked', verdict: verdict('pass') },
  { type: 'commit-word' },
  { type: 'commit-recorded' },
];

/** Writes the journal of an attempt with these events. */
export function attemptWith(
  stateDir: string,
  epoch: number,
  events: readonly AttemptEvent[],
  first = header(epoch),
): void {
  using journal = AttemptJournal.create(stateDir, first);
  for (const event of events) journal.append(record(event));
}
