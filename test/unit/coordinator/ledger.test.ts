import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger, ledgerPath } from '../../../coordinator/ledger/ledger.ts';
import { backupLedger, showLedger, verifyLedger } from '../../../coordinator/ledger/ledger-commands.ts';
import { LedgerStore } from '../../../coordinator/ledger/ledger-store.ts';
import { paused } from './ledger-events.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-co-ledger-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe('the ledger in its worker', () => {
  it('gives back what was appended, numbered without gaps, after it was closed and opened again', async () => {
    {
      await using ledger = await Ledger.open(dir);
      expect(await ledger.append(0, [paused('a'), paused('b')])).toMatchObject({
        kind: 'appended',
        entries: [{ seq: 1 }, { seq: 2 }],
      });
      expect(await ledger.append(2, [paused('c')])).toMatchObject({ kind: 'appended', entries: [{ seq: 3 }] });
    }
    await using ledger = await Ledger.open(dir);
    expect((await ledger.read(2)).map(({ seq, event }) => [seq, event])).toEqual([
      [2, paused('b')],
      [3, paused('c')],
    ]);
    expect((await ledger.read(1, 2)).map((entry) => entry.seq)).toEqual([1, 2]);
  });

  it('lets one of many who append after the same entry win, and tells the others where the ledger stands', async () => {
    await using ledger = await Ledger.open(dir);
    const results = await Promise.all(Array.from({ length: 20 }, (_, n) => ledger.append(0, [paused(`writer ${n}`)])));
    expect(results.filter((result) => result.kind === 'appended')).toHaveLength(1);
    expect(results.filter((result) => result.kind === 'conflict' && result.headSeq === 1)).toHaveLength(19);
    expect(await ledger.read(1)).toHaveLength(1);
  });

  it('refuses an append that would leave a gap', async () => {
    await using ledger = await Ledger.open(dir);
    expect(await ledger.append(5, [paused('a')])).toEqual({ kind: 'conflict', headSeq: 0 });
  });

  it('is one coordinator’s: a second one on the same directory is told who holds it, until the first is gone', async () => {
    const first = await Ledger.open(dir);
    await expect(Ledger.open(dir)).rejects.toMatchObject({ code: 'ledger-failed', detail: { reason: 'locked' } });
    await first[Symbol.asyncDispose]();
    await using second = await Ledger.open(dir);
    expect(await second.read(1)).toEqual([]);
  });

  it('takes nothing more after it was closed', async () => {
    const ledger = await Ledger.open(dir);
    await ledger[Symbol.asyncDispose]();
    await expect(ledger.append(0, [paused('a')])).rejects.toMatchObject({ code: 'ledger-failed' });
  });
});

describe('the chain', () => {
  const tampered: readonly (readonly [string, string, RegExp])[] = [
    ['a changed row', `UPDATE ledger SET json = replace(json, 'b', 'x') WHERE seq = 2`, /row 2 was changed/],
    ['a missing row', 'DELETE FROM ledger WHERE seq = 2', /row 2 is missing/],
    [
      'a row of another chain',
      `UPDATE ledger SET prev_hash = '${'f'.repeat(64)}' WHERE seq = 3`,
      /row 3 does not build on row 2/,
    ],
    ['another time', `UPDATE ledger SET at = '1970-01-01T00:00:00.000Z' WHERE seq = 1`, /row 1 was changed/],
  ];
  it.each(tampered)('is refused with %s, in plain words', async (_name, sql, message) => {
    await fill('a', 'b', 'c');
    const db = new DatabaseSync(ledgerPath(dir));
    db.exec(sql);
    db.close();
    await expect(Ledger.open(dir)).rejects.toMatchObject({
      code: 'records-corrupt',
      message: expect.stringMatching(message),
    });
    expect(() => verifyLedger(dir, () => undefined)).toThrow(message);
    await expect(Ledger.open(dir), 'the lock was let go').rejects.toMatchObject({ code: 'records-corrupt' });
  });

  it('is refused when a newer version wrote it, and when it is not a ledger at all', async () => {
    await fill('a');
    const db = new DatabaseSync(ledgerPath(dir));
    db.exec('PRAGMA user_version = 99');
    db.close();
    await expect(Ledger.open(dir)).rejects.toMatchObject({
      code: 'ledger-failed',
      message: expect.stringMatching(/newer version/),
    });
    rmSync(ledgerPath(dir));
    const other = new DatabaseSync(ledgerPath(dir));
    other.exec('CREATE TABLE t (x)');
    other.close();
    await expect(Ledger.open(dir)).rejects.toMatchObject({ message: expect.stringMatching(/another program/) });
  });
});

describe('the store behind it', () => {
  it('commits a group together and leaves out the one that conflicts', () => {
    using store = LedgerStore.open(ledgerPath(dir));
    const outcomes = store.appendGroup(
      [
        { expectedSeq: 0, events: [paused('a')] },
        { expectedSeq: 0, events: [paused('late')] },
        { expectedSeq: 1, events: [paused('b')] },
      ],
      '2026-01-01T00:00:00.000Z',
    );
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['appended', 'conflict', 'appended']);
    expect(store.read(1, 9).map((entry) => entry.event)).toEqual([paused('a'), paused('b')]);
  });
});

describe('the offline commands', () => {
  it('show and verify beside the coordinator that holds it, and back up to a file that verifies', async () => {
    await using ledger = await Ledger.open(dir);
    await ledger.append(0, [paused('a'), paused('b'), paused('c')]);
    const lines: string[] = [];
    showLedger(dir, { fromSeq: 2, limit: 1, json: true }, (line) => lines.push(line));
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ seq: 2, event: paused('b') }]);
    verifyLedger(dir, (line) => lines.push(line));
    expect(lines.at(-1)).toMatch(/3 entries, the chain is intact/);
    const copy = join(dir, 'copy');
    await backupLedger(dir, join(dir, 'backup.sqlite'), (line) => lines.push(line));
    expect(lines.at(-1)).toMatch(/3 entries/);
    await expect(backupLedger(dir, join(dir, 'backup.sqlite'), () => undefined)).rejects.toMatchObject({
      code: 'already-exists',
    });
    expect(existsSync(copy)).toBe(false);
    copyFileSync(join(dir, 'backup.sqlite'), copy);
    using store = LedgerStore.open(copy);
    expect(store.read(1, 9)).toHaveLength(3);
  });

  it('say that there is no ledger instead of making one', () => {
    expect(() => verifyLedger(dir, () => undefined)).toThrow(/no such file/);
    expect(existsSync(ledgerPath(dir))).toBe(false);
  });
});

async function fill(...whys: readonly string[]): Promise<void> {
  await using ledger = await Ledger.open(dir);
  await ledger.append(0, whys.map(paused));
}
