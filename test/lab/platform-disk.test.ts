import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../platform/log.ts';
import { FileLock } from '../../platform/native/flock.ts';
import { RecordWriter } from '../../platform/record-writer.ts';
import { readRecords } from '../../platform/records.ts';
import { ReportSpool } from '../../platform/spool.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pf-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'pf-disk', dir]);
});
afterEach(() => {
  execFileSync('umount', [dir]);
  rmSync(dir, { recursive: true });
});

describe('a full disk', () => {
  it('ends a record writer for good, and what was written before can be read', () => {
    const path = join(dir, 'journal');
    using writer = RecordWriter.create(path);
    let written = 0;
    const failure = ((): unknown => {
      for (;;) {
        try {
          writer.append({ step: written, text: 'x'.repeat(1000) });
          written += 1;
        } catch (error) {
          return error;
        }
      }
    })();
    expect(failure).toMatchObject({ code: 'io-failed', cause: { code: 'ENOSPC' } });
    expect(writer.dead).toBe(true);
    execFileSync('mount', ['-o', 'remount,size=1m', dir]);
    expect(() => writer.append({ after: 1 })).toThrow(expect.objectContaining({ code: 'io-failed' }));
    expect(() => writer.sync()).toThrow(expect.objectContaining({ code: 'io-failed' }));
    const { records, tornBytes } = readRecords(path);
    expect(records).toHaveLength(written);
    expect(tornBytes + readRecords(path).validBytes).toBe(readFileSync(path).length);
    using _ = RecordWriter.reopen(path).writer;
    expect(readRecords(path).tornBytes).toBe(0);
  });

  it('makes the spool lose reports, say so, and go on when there is room', async () => {
    const received: string[] = [];
    let up = false;
    let told = 0;
    await using spool = ReportSpool.open({
      dir: join(dir, 'spool'),
      maxBytes: 10_000_000,
      logger: createLogger({ name: 'test', level: 'silent' }),
      publish: async ({ msgId }) => {
        if (!up) return { kind: 'unavailable', reason: 'down' };
        received.push(msgId);
        return { kind: 'acked', stream: 'S', seq: 1, duplicate: false };
      },
      onDropped: (count) => {
        told += count;
      },
    });
    const append = (): void => spool.append((seq) => ({ subject: 's', msgId: `${seq}`, payload: 'x'.repeat(1000) }));
    for (let n = 0; n < 100; n += 1) append();
    await Promise.resolve();
    const { dropped, pending, writeErrors } = spool.stats;
    expect(dropped).toBe(writeErrors);
    expect(dropped).toBeGreaterThan(0);
    expect(pending + dropped).toBe(100);
    expect(told).toBe(dropped);
    up = true;
    execFileSync('mount', ['-o', 'remount,size=1m', dir]);
    append();
    spool.wake();
    await spool.drained();
    expect(received.at(-1)).toBe('101');
    expect(received).toHaveLength(pending + 1);
  });
});

describe('a disk that takes no writes any more', () => {
  it('still has its locks; one that never was cannot be made, and says why', () => {
    const path = join(dir, 'lock');
    FileLock.tryAcquire(path)?.[Symbol.dispose]();
    execFileSync('mount', ['-o', 'remount,ro', dir]);
    using lock = FileLock.tryAcquire(path);
    expect(lock).toBeDefined();
    expect(FileLock.tryAcquire(path)).toBeUndefined();
    const refused = { code: 'io-failed', cause: expect.objectContaining({ code: 'EROFS' }) };
    expect(() => FileLock.tryAcquire(join(dir, 'other'))).toThrow(expect.objectContaining(refused));
  });
});
