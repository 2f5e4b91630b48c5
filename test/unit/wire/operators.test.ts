import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ErrorCode, errorTable } from '../../../domain/errors.ts';
import type { RunView } from '../../../domain/run-state.ts';
import { ShuntError } from '../../../platform/shunt-error.ts';
import type { EventView, OperatorsApi } from '../../../wire/operators-api.ts';
import { connectOperators, type OperatorsClient } from '../../../wire/operators-client.ts';
import { operatorsService } from '../../../wire/operators-service.ts';
import { startWireServer, type WireServer } from '../../../wire/server.ts';
import { anyHost, anyPlan, anyRun } from './arbitrary-views.ts';

const signal = new AbortController().signal;
const run = fc.sample(anyRun, { numRuns: 1, seed: 7 })[0] as RunView; // one is asked for, one comes

let dir: string;
let server: WireServer;
let client: OperatorsClient;
let api: Partial<OperatorsApi>;
let bugs: unknown[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-wire-'));
  api = {};
  bugs = [];
  // Each test says what the coordinator does; the rest is not called.
  const served = new Proxy({} as OperatorsApi, { get: (_, name) => api[name as keyof OperatorsApi] });
  const service = operatorsService(served, { onInternalError: (error) => bugs.push(error) });
  server = await startWireServer({ listen: [`unix:${dir}/c.sock`], services: [service] });
  client = connectOperators({ address: server.addresses[0] ?? '' });
});

afterEach(async () => {
  client[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

describe('a call', () => {
  it('brings what was asked to the coordinator, and its answer back', async () => {
    const asked: unknown[] = [];
    const note =
      <T>(answer: T) =>
      async (request: unknown) => {
        asked.push(request);
        return answer;
      };
    const [plan] = fc.sample(anyPlan, { numRuns: 1, seed: 1 });
    const hosts = fc.sample(anyHost, { numRuns: 3, seed: 1 });
    api.createPlan = note(plan as NonNullable<typeof plan>);
    api.startWave = note(run);
    api.leaveHost = note(run);
    api.listHosts = async () => hosts;
    api.why = note([]);
    expect(await client.createPlan({ yaml: 'version: 1\n', by: 'ann@ops' }, signal)).toEqual(plan);
    expect(await client.startWave({ planId: 'p', wave: 2, all: false, by: 'ann' }, signal)).toEqual(run);
    expect(await client.leaveHost({ host: 'hv3', by: 'ann', why: 'disk' }, signal)).toEqual(run);
    expect(await client.listHosts(signal)).toEqual(hosts);
    expect(await client.why({ target: { kind: 'run', wave: 1 } }, signal)).toEqual([]);
    expect(asked).toEqual([
      { yaml: 'version: 1\n', by: 'ann@ops' },
      { planId: 'p', wave: 2, all: false, by: 'ann' },
      { host: 'hv3', by: 'ann', why: 'disk' },
      { target: { kind: 'run', wave: 1 } },
    ]);
  });

  it.each(Object.keys(errorTable) as ErrorCode[])('fails with the same code, text and facts: %s', async (code) => {
    api.getRun = () => {
      throw new ShuntError(code, 'cutting tap42', {
        cause: new Error('no carrier – ✂'),
        detail: { host: 'hv1', n: 1 },
      });
    };
    const failed = client.getRun({}, signal);
    const expected = { code, message: 'cutting tap42: no carrier – ✂', detail: { host: 'hv1', n: 1 } };
    await expect(failed).rejects.toMatchObject(expected);
    await expect(failed).rejects.toBeInstanceOf(ShuntError);
    expect(bugs).toEqual([]);
  });

  it("fails with 'internal' on a bug, which the coordinator's log gets", async () => {
    const bug = new TypeError('x is not a function');
    api.getRun = async () => Promise.reject(bug);
    await expect(client.getRun({}, signal)).rejects.toMatchObject({ code: 'internal', message: bug.message });
    expect(bugs).toEqual([bug]);
  });

  it('carries a long text and leaves out facts that are too large for a trailer', async () => {
    api.getRun = async () =>
      Promise.reject(new ShuntError('usage', 'x'.repeat(10_000), { detail: { y: 'y'.repeat(5000) } }));
    await expect(client.getRun({}, signal)).rejects.toMatchObject({ code: 'usage', detail: {} });
  });

  it('is cancelled on both sides by its signal', async () => {
    const called = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    api.getRun = (_, theirs) => {
      theirs.addEventListener('abort', () => gone.resolve());
      called.resolve();
      return Promise.withResolvers<RunView>().promise;
    };
    const stop = new AbortController();
    const failed = client.getRun({}, stop.signal);
    await called.promise;
    stop.abort();
    await expect(failed).rejects.toMatchObject({ code: 'cancelled' });
    await gone.promise;
    await expect(client.getRun({}, stop.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('says that it timed out, or that nobody is there', async () => {
    api.getRun = () => Promise.withResolvers<RunView>().promise;
    using hasty = connectOperators({ address: server.addresses[0] ?? '', timeoutMs: 50 });
    await expect(hasty.getRun({}, signal)).rejects.toMatchObject({ code: 'timed-out' });
    using lost = connectOperators({ address: `unix:${dir}/nobody.sock` });
    await expect(lost.getRun({}, signal)).rejects.toMatchObject({ code: 'coordinator-unavailable' });
  });
});

function event(seq: number): EventView {
  return {
    seq,
    at: '2026-01-01T00:00:00.000Z',
    type: 'run-paused',
    runId: 'r1',
    message: 'x'.repeat(2000),
    json: '{}',
  };
}

describe('a stream', () => {
  it('brings everything in order and ends', async () => {
    api.events = async function* (request) {
      for (let seq = request.sinceSeq + 1; seq <= 500; seq += 1) yield event(seq);
    };
    const events = await Array.fromAsync(client.events({ sinceSeq: 3, follow: false }, signal));
    expect(events.map((each) => each.seq)).toEqual(Array.from({ length: 497 }, (_, index) => index + 4));
    expect(events[0]).toEqual(event(4));
  });

  it('is not run ahead of a reader that has stopped reading', async () => {
    let made = 0;
    api.events = async function* () {
      for (;;) {
        made += 1;
        yield event(made);
      }
    };
    const stop = new AbortController();
    const events = client.events({ sinceSeq: 0, follow: true }, stop.signal)[Symbol.asyncIterator]();
    await events.next();
    let before = -1;
    // Quiet when a whole round trip to the coordinator brought no further event.
    while (made !== before) {
      before = made;
      await client.status(signal).catch(() => undefined);
    }
    expect(made).toBeLessThan(5000); // some buffers on the way, not all of memory
    stop.abort();
    await events.return?.();
  });

  it('tells the coordinator when the reader leaves', async () => {
    const left = Promise.withResolvers<void>();
    api.watchRun = async function* (_, theirs) {
      theirs.addEventListener('abort', () => left.resolve());
      yield run;
      await left.promise;
    };
    for await (const view of client.watchRun({ runId: 'r1' }, signal)) {
      expect(view).toEqual(run);
      break;
    }
    await left.promise;
  });

  it('fails with the code of the coordinator after what came before', async () => {
    api.watchRun = async function* () {
      yield run;
      throw new ShuntError('ledger-failed', 'reading the ledger');
    };
    const views = client.watchRun({}, signal)[Symbol.asyncIterator]();
    expect(await views.next()).toEqual({ done: false, value: run });
    await expect(views.next()).rejects.toMatchObject({ code: 'ledger-failed', message: 'reading the ledger' });
  });

  it("ends with 'cancelled' by its signal, and with 'coordinator-unavailable' when the coordinator dies", async () => {
    api.watchRun = async function* (_, theirs) {
      yield run;
      await new Promise((resolve) => theirs.addEventListener('abort', resolve));
    };
    const stop = new AbortController();
    const first = client.watchRun({}, stop.signal)[Symbol.asyncIterator]();
    await first.next();
    stop.abort();
    await expect(first.next()).rejects.toMatchObject({ code: 'cancelled' });
    const second = client.watchRun({}, signal)[Symbol.asyncIterator]();
    await second.next();
    await server[Symbol.asyncDispose]();
    await expect(second.next()).rejects.toMatchObject({ code: expect.stringMatching(/unavailable|cancelled/) });
  });
});
