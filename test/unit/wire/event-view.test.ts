import { expect, it } from 'vitest';
import type { LedgerEvent } from '../../../domain/ledger-events.ts';
import type { Plan } from '../../../domain/plan.ts';
import { eventView } from '../../../wire/event-view.ts';

const host = { systemId: 'hv3', epoch: 2 };
const run = { runId: 'r-1', by: 'ann' };
const blackout = { tap: 't', portId: 'p', resolutionMs: 5, lost: 1, sent: 9 };
const plan: Plan = {
  id: 'p-1',
  hash: 'h',
  createdAt: '',
  createdBy: 'ann',
  spec: {
    version: 1,
    name: 'move',
    method: 'direct',
    include: [],
    exclude: [],
    waveSize: 1,
    maxOpen: 1,
    errorBudget: 0,
    zones: {},
    deadlineMs: 1,
    soakMs: 1,
    commitOn: 'word',
    batchSize: 1,
  },
  waves: [{ number: 1, canary: true, hosts: [{ systemId: 'hv3', hostname: 'c3', taps: [], networks: [] }] }],
  held: [],
  approvals: [],
};

it.each<[LedgerEvent, string]>([
  [{ type: 'plan-created', plan }, 'plan p-1 (move) made by ann: 1 hypervisors in 1 waves, 0 held'],
  [{ type: 'plan-approved', planId: 'p-1', by: 'bob', hash: 'h' }, 'plan p-1 approved by bob'],
  [
    { type: 'run-started', ...run, planId: 'p-1', throughWave: 1 },
    'run r-1 of plan p-1 started by ann, through wave 1',
  ],
  [{ type: 'run-extended', ...run, throughWave: 2 }, 'run r-1 may go through wave 2, by ann'],
  [{ type: 'run-paused', ...run, why: 'lunch' }, 'run r-1 paused by ann: lunch'],
  [{ type: 'run-resumed', ...run, acknowledged: ['hv9'] }, 'run r-1 resumed by ann, although unreachable: hv9'],
  [{ type: 'retry-requested', ...run, systemId: 'hv3' }, 'ann asked for a new attempt on hv3'],
  [{ type: 'host-left', ...run, systemId: 'hv3', why: 'disk' }, 'run r-1 goes on without hv3, by ann: disk'],
  [{ type: 'revert-requested', ...host, by: 'ann', why: 'loss' }, 'ann asked hv3 to go back from attempt 2: loss'],
  [{ type: 'attempt-granted', ...host }, 'hv3 attempt 2 may cut'],
  [{ type: 'attempt-phase', ...host, phase: 'reverting', why: 'no answer' }, 'hv3 attempt 2 reverting: no answer'],
  [{ type: 'commit-granted', ...host }, 'hv3 attempt 2 may commit'],
  [
    { type: 'host-resolved', ...host, by: 'ann', why: 'fixed', outcome: 'reverted', rest: 'legacy' },
    'hv3 attempt 2 resolved by ann, it was found on legacy: fixed',
  ],
  [
    { type: 'ledger-restored', by: 'ann', from: '/b.sqlite' },
    'ledger restored by ann from /b.sqlite: read-only until it is reconciled',
  ],
  [
    { type: 'ledger-reconciled', by: 'ann', why: 'disk lost', unheard: ['hv7'] },
    'ledger reconciled with the agents by ann: disk lost; not heard: hv7',
  ],
  [
    {
      type: 'attempt-adopted',
      ...host,
      hostname: 'c3',
      by: 'ann',
      direction: 'forward',
      taps: [],
      outcome: 'reverted',
      why: 'no answer',
      blackouts: [],
      repair: [],
    },
    'hv3 attempt 2 (c3, cut forward) taken over from its agent by ann: reverted: no answer',
  ],
  [
    { type: 'host-resolved', ...host, by: 'ann', why: 'burnt', outcome: 'reverted' },
    'hv3 attempt 2 resolved by ann, it is gone for good: burnt',
  ],
  [
    {
      type: 'attempt-closed',
      ...host,
      outcome: 'committed',
      blackouts: [
        { ...blackout, blackoutMs: 12 },
        { ...blackout, blackoutMs: 17.25 },
      ],
      repair: [],
    },
    'hv3 attempt 2 ended committed, worst blackout 17.3 ms',
  ],
])('$type is told in one sentence', (event, message) => {
  expect(eventView({ seq: 4, at: 'now', event })).toMatchObject({ seq: 4, at: 'now', type: event.type, message });
});

it('names hypervisor and run, and keeps the event for machines', () => {
  const event: LedgerEvent = { type: 'retry-requested', ...run, systemId: 'hv3' };
  const view = eventView({ seq: 1, at: 'now', event });
  expect(view).toMatchObject({ host: 'hv3', runId: 'r-1' });
  expect(JSON.parse(view.json)).toEqual(event);
});

it('summarises a plan, which may have hundreds of thousands of ports', () => {
  const view = eventView({ seq: 1, at: 'now', event: { type: 'plan-created', plan } });
  expect(JSON.parse(view.json)).toMatchObject({ type: 'plan-created', plan: { id: 'p-1', waves: 1, hosts: 1 } });
});
