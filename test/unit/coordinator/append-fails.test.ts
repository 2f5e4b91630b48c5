import { afterEach, describe, expect, it } from 'vitest';
import type { EventLedger } from '../../../coordinator/ledger/ledger.ts';
import type { AppendResult } from '../../../coordinator/ledger/ledger-store.ts';
import { Scheduler } from '../../../coordinator/scheduler/scheduler.ts';
import type { LedgerEntry, LedgerEvent } from '../../../domain/ledger-events.ts';
import { isOpen } from '../../../domain/phases.ts';
import { emptyLedger } from '../../../domain/run/ledger-state.ts';
import { replay } from '../../../domain/run/reduce.ts';
import { runView } from '../../../domain/run/run-view.ts';
import { createLogger } from '../../../platform/log.ts';
import { ShuntError } from '../../../platform/shunt-error.ts';
import { runningCloud, type SimCloud } from '../domain/sim-cloud.ts';

type Fault =
  /** Nothing is written, and the ledger goes on. */
  | 'disk-full'
  /** The process has to end: nobody knows that nothing was written, or that all was. */
  | 'dead, not written'
  | 'dead, written';

/** A ledger in memory whose `at`-th append fails, and with `times` the ones after it. */
class FailingLedger implements EventLedger {
  readonly entries: LedgerEntry[] = [];
  appends = 0;
  readonly #plan: { readonly fault: Fault; readonly at: number; readonly times: number };

  constructor(before: readonly LedgerEntry[], plan: { fault: Fault; at: number; times: number }) {
    this.entries.push(...before);
    this.#plan = plan;
  }

  async read(fromSeq: number): Promise<readonly LedgerEntry[]> {
    return this.entries.slice(fromSeq - 1);
  }

  async append(expectedSeq: number, events: readonly LedgerEvent[]): Promise<AppendResult> {
    if (expectedSeq !== this.entries.length) return { kind: 'conflict', headSeq: this.entries.length };
    if (events.length > 0) this.appends += 1;
    const { fault, at, times } = this.#plan;
    const fails = this.appends >= at && this.appends < at + times;
    if (fails && fault !== 'dead, written') throw failed(fault);
    const entries = events.map((event, n) => ({ seq: expectedSeq + n + 1, at: new Date().toISOString(), event }));
    this.entries.push(...entries);
    if (fails) throw failed(fault);
    return { kind: 'appended', entries };
  }
}

function failed(fault: Fault): ShuntError {
  const reason = fault === 'disk-full' ? 'disk-full' : 'dead';
  return new ShuntError('ledger-failed', `planted: ${fault}`, { detail: { reason } });
}

let scheduler: Scheduler | undefined;
afterEach(() => scheduler?.[Symbol.asyncDispose]());

/** Runs to the end, with a new process whenever the old one had to end. */
async function runWith(sim: SimCloud, ledger: FailingLedger): Promise<void> {
  let ended = false;
  const start = async (): Promise<void> => {
    ended = false;
    const source = {
      startedMs: sim.nowMs,
      agents: () => sim.world.agents,
      inventory: () => sim.inventory,
      natsConnected: () => true,
      nbConnected: () => true,
    };
    scheduler = await Scheduler.open({
      ledger,
      world: source,
      perform: async (effect) => sim.perform(effect),
      nowMs: () => sim.nowMs,
      logger: createLogger({ name: 't', level: 'silent' }),
      onFatal: () => {
        ended = true;
      },
    });
  };
  await start();
  for (let round = 0; round < 400; round += 1) {
    if (ended) {
      await scheduler?.[Symbol.asyncDispose]();
      for (const agent of sim.agents.values()) agent.reconnect(sim.nowMs);
      await start();
    }
    scheduler?.wake();
    await new Promise((resolve) => setImmediate(resolve)); // the scheduler's own turns
    for (const agent of sim.agents.values()) agent.work();
    sim.nowMs += 100;
    const state = replay(emptyLedger, ledger.entries);
    if (state.open.size === 0 && runView(state, 'r1')?.state !== 'running') return;
  }
  throw new Error('the run does not end');
}

function started(): SimCloud {
  return runningCloud([1, 1]);
}

/** No number opened, granted or closed twice; nothing cut without a grant in the ledger, nothing twice. */
function expectNothingLost(sim: SimCloud, { entries }: FailingLedger): void {
  const seen = entries.flatMap(({ event }) =>
    event.type === 'attempt-opened' || event.type === 'attempt-granted' || event.type === 'attempt-closed'
      ? [`${event.type} ${event.systemId} ${event.epoch}`]
      : [],
  );
  expect(seen.filter((one, at) => seen.indexOf(one) !== at)).toEqual([]);
  for (const { systemId, cuts, attempt } of sim.agents.values()) {
    expect(isOpen(attempt?.phase ?? 'idle')).toBe(false);
    expect(new Set(cuts).size).toBe(cuts.length);
    for (const epoch of cuts) expect(seen).toContain(`attempt-granted ${systemId} ${epoch}`);
    const newest = replay(emptyLedger, entries).hosts.get(systemId)?.attempts[0];
    const told = attempt && (attempt.phase === 'committed' ? 'committed' : 'reverted');
    expect([systemId, newest?.epoch, newest?.outcome]).toEqual([systemId, attempt?.epoch, told]);
  }
}

describe('an append to the ledger that fails, at whichever point of a run', () => {
  const faults: readonly Fault[] = ['disk-full', 'dead, not written', 'dead, written'];

  it.each(faults)('%s: nothing is lost, nothing is begun twice, and the run ends', async (fault) => {
    const all = new FailingLedger(started().entries, { fault, at: Number.POSITIVE_INFINITY, times: 0 });
    await runWith(started(), all);
    expect(all.appends).toBeGreaterThan(10);
    for (let at = 1; at <= all.appends; at += 1) {
      const sim = started();
      const ledger = new FailingLedger(sim.entries, { fault, at, times: 1 });
      await runWith(sim, ledger);
      expectNothingLost(sim, ledger);
      expect([at, runView(replay(emptyLedger, ledger.entries), 'r1')?.state]).toEqual([at, 'done']);
    }
  });

  it('a disk that stays full for longer than a deadline: what is open goes back by itself, and the ledger follows', async () => {
    const plain = new FailingLedger(started().entries, { fault: 'disk-full', at: Number.POSITIVE_INFINITY, times: 0 });
    await runWith(started(), plain);
    for (let at = 1; at <= plain.appends; at += 1) {
      const sim = started();
      const ledger = new FailingLedger(sim.entries, { fault: 'disk-full', at, times: 60 });
      await runWith(sim, ledger);
      expectNothingLost(sim, ledger);
      expect(['done', 'paused']).toContain(runView(replay(emptyLedger, ledger.entries), 'r1')?.state);
    }
  });
});
