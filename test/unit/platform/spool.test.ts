import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../platform/log.ts';
import type { PublishResult } from '../../../platform/nats.ts';
import { ReportSpool, type SpooledReport } from '../../../platform/spool.ts';

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
