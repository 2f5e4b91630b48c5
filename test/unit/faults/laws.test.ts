import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../../domain/ledger-events.ts';
import type { Phase } from '../../../domain/phases.ts';
import type { Plan } from '../../../domain/plan.ts';
import { createPlan } from '../../../domain/planning/freeze-plan.ts';
import { decodePlanSpec } from '../../../domain/planning/plan-spec-schema.ts';
import {
  atRest,
  budgetsHold,
  goBackCounts,
  heldForReason,
  laws,
  ledgerAgrees,
  type Observation,
  type ObservedHost,
  pathInTime,
  pathSlackMs,
  violations,
  worldAgrees,
} from '../../faults/random/laws.ts';
import { smallCloud } from '../coordinator/small-cloud.ts';

const opened = (systemId: string, epoch: number, wave = 1): LedgerEvent => ({
  type: 'attempt-opened',
  systemId,
  hostname: systemId,
  epoch,
  direction: 'forward',
  planId: 'p-1',
  runId: 'r-1',
  wave,
});
const closed = (
  systemId: string,
  epoch: number,
  outcome: 'committed' | 'reverted' | 'blocked' | 'stuck',
): LedgerEvent => ({
  type: 'attempt-closed',
  systemId,
  epoch,
  outcome,
  blackouts: [],
  repair: [],
});

const host: ObservedHost = {
  systemId: 'hv1',
  highestEpoch: 1,
  epochBefore: 0,
  journals: [{ epoch: 1, phase: 'committed' }],
  taps: [
    { tap: 'tap1', claimed: 'direct', seen: 'direct', startedAnew: false },
    { tap: 'tap2', claimed: 'direct', seen: 'direct', startedAnew: false },
  ],
};
const guest = { name: 'g1-1', answeredBefore: true, answersNow: true, longestLostMs: 40, struck: false };

function observed(more: Partial<Observation> & { readonly events?: readonly LedgerEvent[] } = {}): Observation {
  const { events = [opened('hv1', 1), closed('hv1', 1, 'committed')], ...rest } = more;
  return {
    hosts: [host],
    guests: [guest],
    ledger: events.map((event, index) => ({ seq: index + 1, at: '2026-01-01T00:00:00.000Z', event })),
    plan: { deadlineMs: 6_000, errorBudget: 0, maxOpen: 2 },
    runId: 'r-1',
    ...rest,
  };
}

const withHost = (change: Partial<ObservedHost>, more: Parameters<typeof observed>[0] = {}) =>
  observed({ hosts: [{ ...host, ...change }], ...more });
const withGuest = (change: Partial<typeof guest>) => observed({ guests: [{ ...guest, ...change }] });
const tap = host.taps[0] ?? expect.fail('the host has taps');

describe('the laws of random runs', () => {
  it('hold for a run that went well', () => {
    expect(violations(observed())).toEqual([]);
    expect(Object.keys(laws)).toHaveLength(7);
  });

  describe('at rest', () => {
    it.each(['arming', 'cutting', 'soaking', 'reverting', 'stuck'] as const)('nothing is %s', (phase) => {
      expect(atRest(withHost({ journals: [{ epoch: 1, phase, why: 'so' }] }))).toEqual([
        `attempt 1 of hv1 is ${phase}: so`,
      ]);
    });

    it('taps of a host are in one place, but for those of guests that were started anew', () => {
      const strewn = { ...tap, claimed: 'legacy', seen: 'legacy' } as const;
      expect(atRest(withHost({ taps: [tap, strewn] }))).toHaveLength(1);
      expect(atRest(withHost({ taps: [tap, { ...strewn, startedAnew: true }] }))).toEqual([]);
    });
  });

  describe('a path in time', () => {
    it('is lost by who answered and does not any more', () => {
      expect(pathInTime(withGuest({ answersNow: false }))).toHaveLength(1);
      expect(pathInTime(withGuest({ answersNow: false, answeredBefore: false }))).toEqual([]);
    });

    it('is had again by the deadline and what comes after it, unless the guest itself was away', () => {
      const late = 6_000 + pathSlackMs + 1;
      expect(pathInTime(withGuest({ longestLostMs: late }))).toHaveLength(1);
      expect(pathInTime(withGuest({ longestLostMs: late - 1 }))).toEqual([]);
      expect(pathInTime(withGuest({ longestLostMs: late, struck: true }))).toEqual([]);
    });
  });

  describe('budgets hold', () => {
    const failedThenOpened = [opened('hv1', 1), closed('hv1', 1, 'reverted'), opened('hv2', 1)];

    it('when nothing is opened beyond the error budget', () => {
      expect(budgetsHold(observed({ events: failedThenOpened }))).toHaveLength(1);
      const plan = { deadlineMs: 6_000, errorBudget: 1, maxOpen: 2 };
      expect(budgetsHold(observed({ events: failedThenOpened, plan }))).toEqual([]);
    });

    it('when no more are open than may be', () => {
      const three = [opened('hv1', 1), opened('hv2', 1), opened('hv3', 1)];
      expect(budgetsHold(observed({ events: three }))).toHaveLength(1);
      expect(
        budgetsHold(observed({ events: [...three.slice(0, 2), closed('hv1', 1, 'committed'), ...three.slice(2)] })),
      ).toEqual([]);
    });

    it('whatever other runs did', () => {
      expect(budgetsHold(observed({ events: failedThenOpened, runId: 'r-2' }))).toEqual([]);
    });
  });

  describe('the canary', () => {
    const run: readonly LedgerEvent[] = [
      { type: 'plan-created', plan: planWithCanary() },
      { type: 'run-started', runId: 'r-1', planId: 'p-1', by: 'ann', throughWave: 9 },
    ];
    const plan = { deadlineMs: 6_000, errorBudget: 2, maxOpen: 2 };
    const other = opened('hv2', 1, 2);

    it.each(['reverted', 'blocked', 'stuck'] as const)(
      'is beyond any budget: when it is %s nothing more is opened',
      (outcome) => {
        const events = [...run, opened('hv1', 1), closed('hv1', 1, outcome), other];
        expect(budgetsHold(observed({ events, plan }))).toEqual([
          expect.stringMatching(/hv2\/1 after the canary failed, hv1\/1/),
        ]);
      },
    );

    it('lets the others come after it when it commits, and is none in a later wave', () => {
      expect(
        budgetsHold(observed({ events: [...run, opened('hv1', 1), closed('hv1', 1, 'committed'), other], plan })),
      ).toEqual([]);
      const later = opened('hv1', 2, 2);
      const events = [
        ...run,
        opened('hv1', 1),
        closed('hv1', 1, 'committed'),
        later,
        closed('hv1', 2, 'reverted'),
        other,
      ];
      expect(budgetsHold(observed({ events, plan }))).toEqual([]);
    });
  });

  describe('held for a reason', () => {
    const held = {
      why: ['hv2: its agent is not connected'],
      hosts: [{ systemId: 'hv2', why: ['its agent is not connected'] }],
    };

    it('is a run that says what is in its way', () => {
      expect(heldForReason(observed({ held }))).toEqual([]);
    });

    it('is not a run that starts nothing with nothing in its way', () => {
      expect(heldForReason(observed({ held: { why: [], hosts: [] } }))).toHaveLength(1);
    });

    it('is not a hypervisor that was forgotten while another is held, unless it had nothing to do', () => {
      const hosts = [...held.hosts, { systemId: 'hv3', why: [] }];
      expect(heldForReason(observed({ held: { ...held, hosts } }))).toEqual([expect.stringContaining('hv3')]);
      const skipped = { runId: 'r-1', wave: 1, systemId: 'hv3', operation: 'cut', why: 'no taps' } as const;
      const events: readonly LedgerEvent[] = [{ type: 'operation-skipped', ...skipped }];
      expect(heldForReason(observed({ held: { ...held, hosts }, events }))).toEqual([]);
    });
  });

  describe('a word to go back counts', () => {
    const told: LedgerEvent = { type: 'revert-requested', systemId: 'hv1', epoch: 1, by: 'judge', why: 'g1 is silent' };
    const paused: LedgerEvent = { type: 'run-paused', runId: 'r-1', by: 'coordinator', why: 'hv1 committed' };
    const unheeded = [opened('hv1', 1), told, closed('hv1', 1, 'committed')];

    it('where it came back', () => {
      expect(goBackCounts(observed({ events: [opened('hv1', 1), told, closed('hv1', 1, 'reverted')] }))).toEqual([]);
    });

    it('not where it committed and the run went on', () => {
      expect(goBackCounts(observed({ events: unheeded }))).toHaveLength(1);
      expect(goBackCounts(observed({ events: unheeded, runId: 'r-2' }))).toEqual([]);
    });

    it('where the run paused, then or before, and opened nothing after it', () => {
      expect(goBackCounts(observed({ events: [...unheeded, paused] }))).toEqual([]);
      expect(
        goBackCounts(observed({ events: [opened('hv1', 1), paused, told, closed('hv1', 1, 'committed')] })),
      ).toEqual([]);
      expect(goBackCounts(observed({ events: [...unheeded, opened('hv2', 1), paused] }))).toHaveLength(1);
    });
  });

  describe('journal and ledger agree', () => {
    it.each([
      ['committed', 'reverted'],
      ['reverted', 'committed'],
      ['blocked', 'committed'],
    ] as const)('not when it is %s in the ledger and %s in the journal', (outcome, phase) => {
      const events = [opened('hv1', 1), closed('hv1', 1, outcome)];
      expect(ledgerAgrees(withHost({ journals: [{ epoch: 1, phase }] }, { events }))).toHaveLength(1);
    });

    it('not when the ledger says committed and there is no journal', () => {
      expect(ledgerAgrees(withHost({ journals: [] }))).toHaveLength(1);
    });

    it('when it went back before anything was armed', () => {
      expect(
        ledgerAgrees(withHost({ journals: [] }, { events: [opened('hv1', 1), closed('hv1', 1, 'reverted')] })),
      ).toEqual([]);
    });

    const told = (phase: Phase): LedgerEvent => ({ type: 'attempt-phase', systemId: 'hv1', epoch: 1, phase });

    it.each(['entering', 'cutting', 'verifying', 'soaking', 'committing', 'finishing', 'unstaging'] as const)(
      'not when it went back after it was %s, and there is no journal',
      (phase) => {
        const events = [opened('hv1', 1), told(phase), closed('hv1', 1, 'reverted')];
        expect(ledgerAgrees(withHost({ journals: [] }, { events }))).toEqual([expect.stringContaining('no journal')]);
        expect(ledgerAgrees(withHost({ journals: [{ epoch: 1, phase: 'reverted' }] }, { events }))).toEqual([]);
        const otherOne = [opened('hv1', 1), { ...told(phase), systemId: 'hv2' }, closed('hv1', 1, 'reverted')];
        expect(ledgerAgrees(withHost({ journals: [] }, { events: otherOne }))).toEqual([]);
      },
    );

    it.each(['prepared', 'arming', 'reverting'] as const)('when it was %s, and no journal could be made', (phase) => {
      const events = [opened('hv1', 1), told(phase), closed('hv1', 1, 'reverted')];
      expect(ledgerAgrees(withHost({ journals: [] }, { events }))).toEqual([]);
    });

    it.each([
      ['was never closed', [opened('hv1', 1)]],
      ['was opened twice', [opened('hv1', 1), opened('hv1', 1), closed('hv1', 1, 'committed')]],
      ['was closed twice', [opened('hv1', 1), closed('hv1', 1, 'committed'), closed('hv1', 1, 'committed')]],
      ['is in no ledger', []],
    ])('not when an attempt %s', (_what, events) => {
      expect(ledgerAgrees(observed({ events })).length).toBeGreaterThan(0);
    });

    it('not when an agent has accepted an epoch that nobody gave', () => {
      expect(ledgerAgrees(withHost({ highestEpoch: 2 }))).toHaveLength(1);
    });

    it('not when epochs do not grow', () => {
      const events = [opened('hv1', 2), closed('hv1', 2, 'reverted'), opened('hv1', 1), closed('hv1', 1, 'committed')];
      expect(ledgerAgrees(observed({ events })).length).toBeGreaterThan(0);
    });

    it('where the ledger is judged from the run on', () => {
      expect(ledgerAgrees(withHost({ epochBefore: 1 }, { events: [opened('hv1', 1)] }))).toEqual([]);
    });
  });

  describe('the world agrees', () => {
    it.each(['both', 'nowhere', 'legacy'] as const)('not when a tap that is claimed is %s', (seen) => {
      expect(worldAgrees(withHost({ taps: [{ ...tap, seen }] }))).toHaveLength(1);
    });

    it('when a guest was started anew and is in either world, and in one', () => {
      expect(worldAgrees(withHost({ taps: [{ ...tap, seen: 'legacy', startedAnew: true }] }))).toEqual([]);
      expect(worldAgrees(withHost({ taps: [{ ...tap, seen: 'nowhere', startedAnew: true }] }))).toHaveLength(1);
    });
  });
});

/** Of one wave for the canary and one for the other. */
function planWithCanary(): Plan {
  const spec = decodePlanSpec({ version: 1, name: 'p', canary: 'hv1' });
  if ('code' in spec) throw new Error(spec.message);
  const { inventory } = smallCloud();
  const plan = createPlan({ id: 'p-1', createdAt: '2026-01-01T00:00:00Z', createdBy: 'ann', spec, inventory });
  if ('code' in plan) throw new Error(plan.message);
  return plan;
}
