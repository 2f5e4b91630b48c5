import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EventLedger, Ledger } from '../../../coordinator/ledger/ledger.ts';
import type { AppendResult } from '../../../coordinator/ledger/ledger-store.ts';
import { Scheduler } from '../../../coordinator/scheduler/scheduler.ts';
import type { LedgerEvent } from '../../../domain/ledger-events.ts';
import { createPlan } from '../../../domain/planning/freeze-plan.ts';
import { decodePlanSpec } from '../../../domain/planning/plan-spec-schema.ts';
import type { Effect, EffectOutcome } from '../../../domain/run/effects.ts';
import type { LedgerState } from '../../../domain/run/ledger-state.ts';
import { reconcile } from '../../../domain/run/reconcile.ts';
import type { World } from '../../../domain/run/world.ts';
import { createLogger } from '../../../platform/log.ts';
import { ShuntError } from '../../../platform/shunt-error.ts';
import { paused } from './ledger-events.ts';
import { smallCloud } from './small-cloud.ts';

/** Highest epoch that an agent tells of. */
const ahead = new Map<string, number>();

let dir: string;
let ledger: Ledger;
beforeEach(async () => {
  ahead.clear();
  dir = mkdtempSync(join(tmpdir(), 'shunt-co-scheduler-'));
  ledger = await Ledger.open(dir);
});
afterEach(async () => {
  await ledger[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

/** The real ledger, with a word before each append and a note after it. */
class WatchedLedger implements EventLedger {
  fault: ShuntError | undefined;
  before: (() => Promise<void>) | undefined;
  readonly log: string[];

  constructor(log: string[]) {
    this.log = log;
  }
  read(fromSeq: number, limit?: number) {
    return ledger.read(fromSeq, limit);
  }
  async append(expectedSeq: number, events: readonly LedgerEvent[]): Promise<AppendResult> {
    const before = this.before;
    this.before = undefined;
    await before?.();
    if (this.fault) throw this.fault;
    const result = await ledger.append(expectedSeq, events);
    if (result.kind === 'appended') this.log.push(...events.map((event) => `ledger ${event.type}`));
    return result;
  }
}

async function openScheduler(
  watched: WatchedLedger,
  perform: (effect: Effect) => Promise<EffectOutcome> = never,
  nowMs: () => number = () => performance.now(),
) {
  const fatal: unknown[] = [];
  const cloud = smallCloud();
  const scheduler = await Scheduler.open({
    ledger: watched,
    world: {
      startedMs: 0,
      agents: () =>
        new Map([...cloud.agents].map(([id, agent]) => [id, { ...agent, highestEpoch: ahead.get(id) ?? 0 }])),
      inventory: () => cloud.inventory,
      natsConnected: () => true,
      nbConnected: () => true,
    },
    perform: (effect) => {
      watched.log.push(`begin ${effect.key}`);
      return perform(effect);
    },
    nowMs,
    logger: createLogger({ name: 't', level: 'silent' }),
    onFatal: (error) => fatal.push(error),
  });
  return { scheduler, fatal };
}

const never = (): Promise<EffectOutcome> => new Promise(() => undefined);

function aRun(): readonly LedgerEvent[] {
  const spec = decodePlanSpec({ version: 1, name: 'p' });
  if ('code' in spec) throw new Error(spec.message);
  const plan = createPlan({
    id: 'p-1',
    createdAt: '2026-01-01T00:00:00Z',
    createdBy: 'ada',
    spec,
    inventory: smallCloud().inventory,
  });
  if ('code' in plan) throw new Error(plan.message);
  return [
    { type: 'plan-created', plan },
    { type: 'plan-approved', planId: 'p-1', by: 'ada', hash: plan.hash },
    { type: 'run-started', runId: 'run-1', planId: 'p-1', by: 'ada', throughWave: 2 },
  ];
}

async function seen(log: readonly string[], line: string): Promise<void> {
  await until(
    () => log.includes(line),
    () => `${line} never came; ${log.join(', ')}`,
  );
}

async function until(holds: () => boolean, otherwise: () => string): Promise<void> {
  const giveUp = AbortSignal.timeout(10_000);
  while (!holds()) {
    if (giveUp.aborted) throw new Error(otherwise());
    await new Promise((resolve) => setTimeout(resolve, 5)); // polls what another loop changes
  }
}

describe('the scheduler', () => {
  it('begins nothing that the ledger does not know yet', async () => {
    const watched = new WatchedLedger([]);
    const { scheduler } = await openScheduler(watched);
    await using _scheduler = scheduler;
    await scheduler.command(() => ({ events: aRun() }));
    await seen(watched.log, 'begin hv1/1/nb-prepare');
    expect(watched.log).toEqual([
      'ledger plan-created',
      'ledger plan-approved',
      'ledger run-started',
      'ledger attempt-opened',
      'begin hv1/1/nb-prepare',
    ]);
  });

  it('after a restart knows the open attempt, gives it no second epoch, and takes it up again', async () => {
    const before = new WatchedLedger([]);
    const first = await openScheduler(before);
    await first.scheduler.command(() => ({ events: aRun() }));
    await seen(before.log, 'begin hv1/1/nb-prepare');
    await first.scheduler[Symbol.asyncDispose]();
    const watched = new WatchedLedger([]);
    const { scheduler } = await openScheduler(watched);
    await using _scheduler = scheduler;
    expect([...scheduler.state.open]).toEqual(['hv1']);
    scheduler.wake();
    await seen(watched.log, 'begin hv1/1/nb-prepare');
    expect(watched.log.filter((line) => line.startsWith('ledger'))).toEqual([]);
  });

  it('begins nothing while the disk is full, keeps its state, and goes on when there is room', async () => {
    const watched = new WatchedLedger([]);
    const { scheduler, fatal } = await openScheduler(watched);
    await using _scheduler = scheduler;
    watched.fault = new ShuntError('ledger-failed', 'full', { detail: { reason: 'disk-full' } });
    await expect(scheduler.command(() => ({ events: aRun() }))).rejects.toMatchObject({ code: 'ledger-failed' });
    expect([scheduler.state.seq, scheduler.ledgerFault?.code, watched.log, fatal]).toEqual([
      0,
      'ledger-failed',
      [],
      [],
    ]);
    watched.fault = undefined;
    await scheduler.command(() => ({ events: aRun() }));
    await seen(watched.log, 'begin hv1/1/nb-prepare');
    expect(scheduler.ledgerFault).toBeUndefined();
  });

  it('notices by itself that there is room again, although it has nothing to write', async () => {
    const watched = new WatchedLedger([]);
    const { scheduler } = await openScheduler(watched);
    await using _scheduler = scheduler;
    watched.fault = new ShuntError('ledger-failed', 'full', { detail: { reason: 'disk-full' } });
    await expect(scheduler.command(() => ({ events: aRun() }))).rejects.toMatchObject({ code: 'ledger-failed' });
    watched.fault = undefined;
    const { version } = scheduler.changes;
    scheduler.wake();
    await scheduler.changes.after(version, AbortSignal.timeout(10_000));
    expect([scheduler.ledgerFault, watched.log]).toEqual([undefined, []]);
  });

  it('lives on for the watchdog while the disk is full for long, though nothing that it decides is taken', async () => {
    await ledger.append(0, aRun());
    const watched = new WatchedLedger([]);
    watched.fault = new ShuntError('ledger-failed', 'full', { detail: { reason: 'disk-full' } });
    let nowMs = 0;
    const { scheduler, fatal } = await openScheduler(watched, never, () => nowMs);
    await using _scheduler = scheduler;
    nowMs = 60_000;
    expect(scheduler.alive).toBe(false); // no look was finished in all that time
    scheduler.wake();
    await until(
      () => scheduler.alive,
      () => 'it counts as hung',
    );
    expect([scheduler.ledgerFault?.code, watched.log, fatal]).toEqual(['ledger-failed', [], []]);
  });

  it('does not count as alive while the ledger answers nothing', async () => {
    await ledger.append(0, aRun());
    const watched = new WatchedLedger([]);
    const asked = Promise.withResolvers<void>();
    const hangs = Promise.withResolvers<void>();
    watched.before = () => {
      asked.resolve();
      return hangs.promise;
    };
    let nowMs = 0;
    const { scheduler } = await openScheduler(watched, never, () => nowMs);
    await using _scheduler = scheduler;
    scheduler.wake();
    await asked.promise;
    nowMs = 60_000;
    expect(scheduler.alive).toBe(false);
    hangs.resolve();
    await seen(watched.log, 'begin hv1/1/nb-prepare');
    expect(scheduler.alive).toBe(true);
  });

  it('ends the process when the ledger dies while it is asked whether there is room again', async () => {
    const watched = new WatchedLedger([]);
    const { scheduler, fatal } = await openScheduler(watched);
    await using _scheduler = scheduler;
    watched.fault = new ShuntError('ledger-failed', 'full', { detail: { reason: 'disk-full' } });
    await expect(scheduler.command(() => ({ events: aRun() }))).rejects.toMatchObject({ code: 'ledger-failed' });
    watched.fault = new ShuntError('ledger-failed', 'gone', { detail: { reason: 'dead' } });
    scheduler.wake();
    await until(
      () => fatal.length > 0,
      () => 'nobody was told',
    );
    expect(fatal).toMatchObject([{ detail: { reason: 'dead' } }]);
  });

  it('ends the process when nobody knows what the ledger holds', async () => {
    const watched = new WatchedLedger([]);
    const { scheduler, fatal } = await openScheduler(watched);
    await using _scheduler = scheduler;
    await scheduler.command(() => ({ events: aRun().slice(0, 2) }));
    watched.before = async () => {
      watched.fault = new ShuntError('ledger-failed', 'gone', { detail: { reason: 'dead' } });
    };
    await expect(scheduler.command(() => ({ events: aRun().slice(2) }))).rejects.toMatchObject({
      code: 'ledger-failed',
    });
    expect(fatal).toMatchObject([{ detail: { reason: 'dead' } }]);
  });

  it('decides a command again on what another writer appended first', async () => {
    const watched = new WatchedLedger([]);
    const { scheduler } = await openScheduler(watched);
    await using _scheduler = scheduler;
    watched.before = async () => {
      await ledger.append(0, [paused('somebody else')]);
    };
    const seqs: number[] = [];
    const state = await scheduler.command(({ seq }) => {
      seqs.push(seq);
      return { events: [paused('mine')] };
    });
    expect([seqs, state.seq]).toEqual([[0, 1], 2]);
  });

  it('takes no command and begins nothing while an agent knows more than the ledger, but to be reconciled', async () => {
    const watched = new WatchedLedger([]);
    const { scheduler } = await openScheduler(watched);
    await using _scheduler = scheduler;
    await scheduler.command(() => ({ events: aRun().slice(0, 2) }));
    ahead.set('hv2', 4);
    const refused = scheduler.command(() => ({ events: aRun().slice(2) }));
    await expect(refused).rejects.toMatchObject({ code: 'ledger-behind', message: expect.stringContaining('hv2') });
    const reconciling = (state: LedgerState, world: World) => reconcile(state, world, { by: 'ann', why: 'restored' });
    await scheduler.command(reconciling, { evenBehind: true });
    await scheduler.command(() => ({ events: aRun().slice(2) }));
    await seen(watched.log, 'begin hv1/1/nb-prepare');
    expect(watched.log.filter((line) => line !== 'begin nb-sweep/1')).toEqual([
      'ledger plan-created',
      'ledger plan-approved',
      'ledger attempt-adopted',
      'ledger ledger-reconciled',
      'ledger run-started',
      'ledger attempt-opened',
      'begin hv1/1/nb-prepare',
    ]);
  });

  it('hands a refusal to who commanded, with its code, and appends nothing', async () => {
    const watched = new WatchedLedger([]);
    const { scheduler } = await openScheduler(watched);
    await using _scheduler = scheduler;
    const refused = scheduler.command(() => ({ refusal: { code: 'not-approved', message: 'no' } }));
    await expect(refused).rejects.toMatchObject({ code: 'not-approved', message: 'no' });
    expect(watched.log).toEqual([]);
  });
});
