import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resolveStuck } from '../../../coordinator/api/resolve-stuck.ts';
import { Ledger } from '../../../coordinator/ledger/ledger.ts';
import { Scheduler } from '../../../coordinator/scheduler/scheduler.ts';
import type { LedgerEvent } from '../../../domain/ledger-events.ts';
import type { AttemptState, Order, OrderResult } from '../../../domain/orders.ts';
import { createLogger } from '../../../platform/log.ts';
import { ShuntError } from '../../../platform/shunt-error.ts';
import { smallCloud } from './small-cloud.ts';

const stuck: readonly LedgerEvent[] = [
  { type: 'attempt-opened', systemId: 'hv1', hostname: 'hv1', epoch: 1, direction: 'forward', planId: 'p' },
  { type: 'attempt-closed', systemId: 'hv1', epoch: 1, outcome: 'stuck', blackouts: [], repair: ['ip link …'] },
];
const request = { systemId: 'hv1', by: 'ann', why: 'repaired', gone: false };

const diskFull = new ShuntError('ledger-failed', 'full', { detail: { reason: 'disk-full' } });
let full = false;
/** What the agents tell of their newest attempt. */
let told: AttemptState | undefined;

let dir: string;
let ledger: Ledger;
let scheduler: Scheduler;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-co-resolve-'));
  ledger = await Ledger.open(dir);
  await ledger.append(0, stuck);
  const cloud = smallCloud();
  full = false;
  told = undefined;
  const whole = ledger;
  scheduler = await Scheduler.open({
    ledger: {
      read: (fromSeq, limit) => whole.read(fromSeq, limit),
      append: (seq, events) => (full ? Promise.reject(diskFull) : whole.append(seq, events)),
    },
    world: {
      startedMs: 0,
      agents: () =>
        new Map(
          [...cloud.agents].map(([id, agent]) => [id, told && id === 'hv1' ? { ...agent, attempt: told } : agent]),
        ),
      inventory: () => cloud.inventory,
      natsConnected: () => true,
      nbConnected: () => true,
    },
    perform: () => new Promise(() => undefined),
    nowMs: () => performance.now(),
    logger: createLogger({ name: 't', level: 'silent' }),
    onFatal: (error) => expect.unreachable(String(error)),
  });
});
afterEach(async () => {
  await scheduler[Symbol.asyncDispose]();
  await ledger[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

function answering(answer: (order: Order) => Partial<OrderResult>) {
  const asked: Order[] = [];
  const order = async (_systemId: string, what: Order): Promise<OrderResult> => {
    asked.push(what);
    const base = { orderId: what.orderId, kind: 'accepted', probes: [], findings: [] };
    return { ...base, ...answer(what) } as OrderResult; // whichever kind the test wants
  };
  return { asked, order };
}

it('asks the agent once, with who and why, and writes down what it found', async () => {
  const agents = answering(() => ({ resolved: { rest: 'target', outcome: 'committed' } }));
  const state = await resolveStuck({ scheduler, agents }, request);
  expect(agents.asked).toMatchObject([{ type: 'resolve', epoch: 1, by: 'ann', why: 'repaired' }]);
  expect([...state.stuck]).toEqual([]);
  expect((await ledger.read(3)).map(({ event }) => event)).toEqual([
    {
      type: 'host-resolved',
      systemId: 'hv1',
      epoch: 1,
      by: 'ann',
      why: 'repaired',
      rest: 'target',
      outcome: 'committed',
    },
  ]);
});

it('hands on what is not at rest, with as many repair commands as an error has room for', async () => {
  const repair = Array.from({ length: 200 }, (_, n) => `ip link set tap${n} master brq-${n}`);
  const agents = answering(() => ({ kind: 'refused', code: 'stuck', message: 'tap7 is on no bridge', repair }));
  const failed = await resolveStuck({ scheduler, agents }, request).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 'stuck', message: 'tap7 is on no bridge', detail: { host: 'hv1' } });
  const { detail } = failed as { detail: { repair: string[] } }; // as matched above
  expect(detail.repair.slice(0, 2)).toEqual(repair.slice(0, 2));
  expect(detail.repair.at(-1)).toContain('shunt host show');
  expect(JSON.stringify(detail).length, 'as an error on the wire').toBeLessThan(4_096);
  expect(await ledger.read(3)).toEqual([]);
});

it('stays stuck when the ledger cannot take it, and the same command again is enough', async () => {
  const agents = answering(() => ({ resolved: { rest: 'legacy', outcome: 'reverted' } }));
  full = true;
  await expect(resolveStuck({ scheduler, agents }, request)).rejects.toMatchObject({ code: 'ledger-failed' });
  expect([...scheduler.state.stuck]).toEqual(['hv1']);
  full = false;
  const state = await resolveStuck({ scheduler, agents }, request);
  expect([...state.stuck]).toEqual([]);
});

it('takes the word of an older agent, which cannot look, that it is at rest; and of one that is stuck none', async () => {
  const agents = answering(() => ({ kind: 'refused', code: 'protocol', message: 'unknown order' }));
  await expect(resolveStuck({ scheduler, agents }, request)).rejects.toMatchObject({ code: 'protocol' });
  const local = { epoch: 1, direction: 'forward', method: 'direct', baseline: [], blackouts: [], repair: [] } as const;
  told = { ...local, phase: 'stuck' };
  await expect(resolveStuck({ scheduler, agents }, request)).rejects.toMatchObject({ code: 'protocol' });
  told = { ...local, phase: 'reverted' };
  const state = await resolveStuck({ scheduler, agents }, request);
  expect([...state.stuck]).toEqual([]);
  expect((await ledger.read(3))[0]?.event).toMatchObject({ rest: 'legacy', outcome: 'reverted' });
});

it('writes nothing when the agent does not say where its taps are, and nothing twice when two ask at once', async () => {
  const silent = answering(() => ({}));
  await expect(resolveStuck({ scheduler, agents: silent }, request)).rejects.toMatchObject({ code: 'protocol' });
  const agents = answering(() => ({ resolved: { rest: 'legacy', outcome: 'reverted' } }));
  const both = await Promise.allSettled([
    resolveStuck({ scheduler, agents }, request),
    resolveStuck({ scheduler, agents }, request),
  ]);
  expect(both.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(await ledger.read(3)).toHaveLength(1);
});
