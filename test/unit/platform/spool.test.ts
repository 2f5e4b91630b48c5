import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../platform/log.ts';
import type { PublishResult } from '../../../platform/nats.ts';
import { type KeptResult, ReportSpool, type SpooledReport } from '../../../platform/spool.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const acked: PublishResult = { kind: 'acked', stream: 'S', seq: 1, duplicate: false };
const down: PublishResult = { kind: 'unavailable', reason: 'down' };
const report = (seq: number): SpooledReport => ({ subject: 's', msgId: `h/1/${seq}`, payload: `{"n":${seq}}` });

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pf-spool-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A stand-in for JetStream that can be switched on and off. */
function server(up = true) {
  const received: string[] = [];
  const state = { up, received };
  const publish = async ({ msgId }: SpooledReport): Promise<PublishResult> => {
    if (!state.up) return down;
    received.push(msgId);
    return acked;
  };
  return { state, publish };
}

function open(publish: (report: SpooledReport) => Promise<PublishResult>, more: object = {}): ReportSpool {
  return ReportSpool.open({ dir, maxBytes: 1_000_000, logger, publish, ...more });
}

async function until(done: () => boolean): Promise<void> {
  const giveUp = AbortSignal.timeout(10_000);
  while (!done()) {
    if (giveUp.aborted) throw new Error('it never came to that');
    await new Promise((resolve) => setTimeout(resolve, 5)); // polls what another loop does
  }
}

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `h/1/${from + index}`);

describe('ReportSpool', () => {
  it('publishes in order, and leaves nothing behind to be published again', async () => {
    const { state, publish } = server();
    const spool = open(publish);
    for (let n = 0; n < 200; n += 1) spool.append(report);
    await spool.drained();
    await spool[Symbol.asyncDispose]();
    expect(state.received).toEqual(ids(1, 200));
    const again = server();
    await using reopened = open(again.publish);
    await reopened.drained();
    expect(again.state.received).toEqual([]);
  });

  it('keeps reports while the server is away, and catches up when woken', async () => {
    const { state, publish } = server(false);
    await using spool = open(publish, { segmentBytes: 500 });
    for (let n = 0; n < 50; n += 1) spool.append(report);
    expect(spool.stats).toMatchObject({ pending: 50, published: 0 });
    state.up = true;
    spool.wake();
    await spool.drained();
    expect(state.received).toEqual(ids(1, 50));
    expect(readdirSync(dir).filter((name) => name.endsWith('.spool'))).toHaveLength(1);
  });

  it('publishes after a crash what was not published before, numbers going on', async () => {
    const first = server(false);
    const crashed = open(first.publish, { segmentBytes: 300 });
    for (let n = 0; n < 20; n += 1) crashed.append(report);
    // No dispose: the process was killed. A torn record stands at the end of its last file.
    appendFileSync(
      join(
        dir,
        readdirSync(dir)
          .filter((name) => name.endsWith('.spool'))
          .toSorted()
          .at(-1) ?? '',
      ),
      '{"seq":21,"sub',
    );
    const second = server();
    await using spool = open(second.publish);
    spool.append(report);
    await spool.drained();
    expect(second.state.received).toEqual(ids(1, 21));
    await crashed[Symbol.asyncDispose]();
  });

  it('never gives a number twice, also when everything was published before the restart', async () => {
    const seen = server();
    for (let round = 0; round < 4; round += 1) {
      await using spool = open(seen.publish);
      spool.append(report);
      spool.append(report);
      await spool.drained();
    }
    expect(new Set(seen.state.received).size).toBe(8);
    expect(seen.state.received).toEqual(ids(1, 8));
  });

  it('drops the oldest when it is full, tells how many, and stays within its bound', async () => {
    const { state, publish } = server(false);
    let told = 0;
    await using spool = open(publish, { maxBytes: 8_000, onDropped: (count: number) => (told += count) });
    for (let n = 0; n < 500; n += 1) spool.append(report);
    await Promise.resolve();
    const { pending, pendingBytes, dropped } = spool.stats;
    expect(pendingBytes).toBeLessThanOrEqual(8_000);
    expect(dropped).toBeGreaterThan(0);
    expect(pending + dropped).toBe(500);
    expect(told).toBe(dropped);
    state.up = true;
    spool.wake();
    await spool.drained();
    expect(state.received).toEqual(ids(dropped + 1, 500));
  });

  it('counts what it cannot write, and goes on when it can', async () => {
    const { state, publish } = server();
    let told = 0;
    await using spool = open(publish, { onDropped: (count: number) => (told += count) });
    rmSync(dir, { recursive: true });
    spool.append(report);
    expect(spool.stats).toMatchObject({ writeErrors: 1, dropped: 1 });
    const { mkdirSync } = await import('node:fs');
    mkdirSync(dir);
    spool.append(report);
    await spool.drained();
    expect(state.received).toEqual(['h/1/2']);
    expect(told).toBe(1);
  });

  describe('with a server that loses what it had acknowledged', () => {
    /** It keeps only the first so many when it is killed. */
    function forgetful() {
      const base = server();
      const asked: number[] = [];
      const kept = async (): Promise<KeptResult> => {
        if (!base.state.up) return { kind: 'unavailable', reason: 'down' };
        asked.push(base.state.received.length);
        return { kind: 'kept', seq: Number(base.state.received.at(-1)?.split('/')[2] ?? 0) };
      };
      return { ...base, asked, kept };
    }

    it('publishes again exactly what is missing, over several files, and what came since after it', async () => {
      const { state, publish, kept } = forgetful();
      await using spool = open(publish, { kept, segmentBytes: 300 });
      for (let n = 0; n < 60; n += 1) spool.append(report);
      await spool.drained();
      state.up = false;
      state.received.length = 17;
      spool.append(report);
      spool.wake();
      state.up = true;
      spool.wake();
      await spool.drained();
      expect(state.received).toEqual(ids(1, 61));
      expect(spool.stats).toMatchObject({ pending: 0, dropped: 0 });
    });

    it('asks although it has nothing to publish', async () => {
      const { state, publish, kept } = forgetful();
      await using spool = open(publish, { kept, segmentBytes: 300 });
      for (let n = 0; n < 10; n += 1) spool.append(report);
      await spool.drained();
      state.received.length = 0;
      spool.wake();
      await until(() => state.received.length === 10);
      expect(state.received).toEqual(ids(1, 10));
    });

    it('doubles nothing after a crash, whatever its own notes say', async () => {
      const { state, publish, kept } = forgetful();
      const crashed = open(publish, { kept, segmentBytes: 300 });
      for (let n = 0; n < 30; n += 1) crashed.append(report);
      await crashed.drained();
      rmSync(join(dir, 'cursor'), { force: true }); // killed before it was written
      await using spool = open(publish, { kept });
      spool.append(report);
      await spool.drained();
      expect(state.received).toEqual(ids(1, 31));
      await crashed[Symbol.asyncDispose]();
    });

    it('keeps published reports within its bound, and tells what is gone for good', async () => {
      const { state, publish, kept } = forgetful();
      let told = 0;
      const more = { kept, maxBytes: 4_000, onDropped: (count: number) => (told += count) };
      await using spool = open(publish, more);
      for (let n = 0; n < 300; n += 1) {
        spool.append(report);
        await spool.drained();
      }
      expect(spool.stats.pendingBytes).toBeLessThanOrEqual(4_000);
      expect(told, 'published ones may go without a word').toBe(0);
      state.received.length = 100;
      spool.wake();
      await until(() => state.received.at(-1) === 'h/1/300');
      const again = state.received.slice(100);
      expect(again).toEqual(ids(301 - again.length, 300));
      expect(told).toBe(200 - again.length);
    });

    it('publishes nothing before it has an answer, and goes on without one that never comes', async () => {
      const { state, publish } = server();
      let answer: KeptResult = { kind: 'unavailable', reason: 'not yet' };
      const asked: string[] = [];
      const kept = async (): Promise<KeptResult> => {
        asked.push(answer.kind);
        return answer;
      };
      await using spool = open(publish, { kept });
      spool.append(report);
      await until(() => asked.length > 1);
      expect(state.received).toEqual([]);
      answer = { kind: 'unknown' };
      spool.wake();
      await spool.drained();
      expect(state.received).toEqual(ids(1, 1));
    });
  });

  it('gives up waiting with the signal, and when it is closed', async () => {
    const { publish } = server(false);
    const spool = open(publish);
    spool.append(report);
    const controller = new AbortController();
    const waiting = spool.drained(controller.signal);
    const closed = spool.drained();
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await spool[Symbol.asyncDispose]();
    await expect(closed).rejects.toMatchObject({ code: 'cancelled' });
  });
});
