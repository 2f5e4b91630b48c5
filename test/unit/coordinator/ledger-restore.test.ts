import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger, ledgerPath } from '../../../coordinator/ledger/ledger.ts';
import { backupLedger, verifyLedger } from '../../../coordinator/ledger/ledger-commands.ts';
import { LedgerStore } from '../../../coordinator/ledger/ledger-store.ts';
import { restoreLedger } from '../../../coordinator/ledger/restore-ledger.ts';
import { paused } from './ledger-events.ts';

const at = '2026-03-01T10:00:00.000Z';
const quiet = (): void => undefined;

let dir: string;
let backup: string;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-co-restore-'));
  backup = join(dir, 'backup.sqlite');
  await fill(0, 'a', 'b');
  await backupLedger(dir, backup, quiet);
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function restore(force = false): string[] {
  const lines: string[] = [];
  restoreLedger(dir, { file: backup, force, by: 'ann@ctl1', at }, (line) => lines.push(line));
  return lines;
}

async function fill(from: number, ...whys: readonly string[]): Promise<void> {
  await using ledger = await Ledger.open(dir);
  await ledger.append(from, whys.map(paused));
}

function entries(path = ledgerPath(dir)): readonly string[] {
  using store = LedgerStore.open(path, { readOnly: true });
  return store.read(1, 99).map(({ event }) => (event.type === 'run-paused' ? event.why : event.type));
}

/** An entry of another version, rightly chained. */
function appendUnknown(path: string, format: number, json: string): void {
  const db = new DatabaseSync(path);
  const last = db.prepare('SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1').get();
  const [seq, before] = [Number(last?.['seq']) + 1, String(last?.['hash'])];
  const hash = createHash('sha256').update(`${before}\n${seq}\n${at}\n${format}\n${json}`).digest('hex');
  db.prepare('INSERT INTO ledger VALUES (?, ?, ?, ?, ?, ?)').run(seq, at, format, json, before, hash);
  db.close();
}

function sweepPresent(): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${ledgerPath(dir)}${suffix}`, { force: true });
}

function aside(): string {
  const found = readdirSync(dir).filter((name) => name.includes('.replaced-') && !/-(wal|shm)$/.test(name));
  expect(found).toHaveLength(1);
  return join(dir, found[0] ?? '');
}

describe('ledger restore', () => {
  it('puts the backup in the place of a ledger that is gone, and writes down who did it', () => {
    sweepPresent();
    const told = restore().join('; ');
    expect(told).toMatch(/2 entries from .*backup\.sqlite.*shunt reconcile/);
    expect(entries()).toEqual(['a', 'b', 'ledger-restored']);
    using store = LedgerStore.open(ledgerPath(dir), { readOnly: true });
    expect(store.read(3, 1)).toMatchObject([{ at, event: { by: 'ann@ctl1', from: backup } }]);
  });

  it('refuses to give up newer entries of an intact ledger, unless it is told to, and keeps them aside', async () => {
    await fill(2, 'c', 'd');
    expect(() => restore()).toThrow(/intact and has 2 entries more; nothing was changed.*--force/);
    expect(entries()).toEqual(['a', 'b', 'c', 'd']);
    const lines = restore(true);
    expect(entries()).toEqual(['a', 'b', 'ledger-restored']);
    expect(entries(aside())).toEqual(['a', 'b', 'c', 'd']);
    expect(lines.join('\n')).toContain(`${aside()} (intact, 4 entries)`);
  });

  it('refuses to replace another history, unless it is told to', async () => {
    sweepPresent();
    await fill(0, 'x');
    expect(() => restore()).toThrow(/1 entries of another history/);
    restore(true);
    expect(entries()).toEqual(['a', 'b', 'ledger-restored']);
  });

  it('needs no force for a ledger that is broken, and keeps that file', () => {
    const db = new DatabaseSync(ledgerPath(dir));
    db.exec("UPDATE ledger SET at = 'x' WHERE seq = 1");
    db.close();
    expect(restore().join('\n')).toMatch(/row 1 was changed/);
    expect(entries()).toEqual(['a', 'b', 'ledger-restored']);
    expect(() => entries(aside())).toThrow(/row 1 was changed/);
  });

  it.each([
    ['is no database any more', (file: Buffer) => Buffer.concat([Buffer.alloc(1_000), file.subarray(1_000)])],
    ['is cut short', (file: Buffer) => file.subarray(0, 5_000)],
  ])('needs no force for a file that %s', (_what, spoil) => {
    writeFileSync(ledgerPath(dir), spoil(readFileSync(ledgerPath(dir))));
    restore();
    expect(entries()).toEqual(['a', 'b', 'ledger-restored']);
  });

  it.each([
    ['a newer version wrote it', 'PRAGMA user_version = 99', /newer version \(schema 99/],
    ['it is another program’s', 'PRAGMA application_id = 1', /another program's database/],
  ])(
    'refuses to replace one of which nobody can tell whether it is intact, unless it is told to: %s',
    (_why, sql, why) => {
      const db = new DatabaseSync(ledgerPath(dir));
      db.exec(sql);
      db.close();
      const before = readFileSync(ledgerPath(dir));
      expect(() => restore()).toThrow(why);
      expect(() => restore()).toThrow(/cannot be told.*nothing was changed.*--force/);
      expect(readFileSync(ledgerPath(dir))).toEqual(before);
      expect(restore(true).join('\n')).toMatch(why);
      expect(entries()).toEqual(['a', 'b', 'ledger-restored']);
      expect(readFileSync(aside())).toEqual(before);
    },
  );

  it('needs no force where the backup has all of it and more', async () => {
    await fill(2, 'c');
    rmSync(backup);
    await backupLedger(dir, backup, quiet);
    sweepPresent();
    await fill(0, 'a', 'b');
    const older = new DatabaseSync(ledgerPath(dir));
    const whole = new DatabaseSync(backup);
    const rows = whole.prepare('SELECT * FROM ledger WHERE seq <= 2').all();
    older.exec('DELETE FROM ledger');
    const insert = older.prepare(
      'INSERT INTO ledger (seq, at, format, json, prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?)',
    );
    for (const row of rows) insert.run(...(Object.values(row) as (string | number)[])); // columns in this order
    older.close();
    whole.close();
    restore();
    expect(entries()).toEqual(['a', 'b', 'c', 'ledger-restored']);
  });

  it('changes nothing when it is the same already', () => {
    expect(restore().join()).toMatch(/nothing was changed/);
    expect(entries()).toEqual(['a', 'b']);
  });

  it('is refused beside a running coordinator, whatever is forced', async () => {
    await using _ledger = await Ledger.open(dir);
    expect(() => restore(true)).toThrow(/another coordinator holds/);
  });

  const bad: readonly (readonly [string, () => void, RegExp])[] = [
    ['is not there', () => rmSync(backup), /no such file/],
    ['is empty', () => writeFileSync(backup, ''), /it cannot be used, nothing was changed/],
    ['is no ledger', () => writeFileSync(backup, 'hello '.repeat(999)), /it cannot be used, nothing was changed/],
    [
      'has a broken chain',
      () => {
        const db = new DatabaseSync(backup);
        db.exec('DELETE FROM ledger WHERE seq = 1');
        db.close();
      },
      /it cannot be used, nothing was changed/,
    ],
    ['is cut short', () => writeFileSync(backup, readFileSync(backup).subarray(0, 5_000)), /it cannot be used/],
    [
      'this version cannot read',
      () => appendUnknown(backup, 1, '{"type":"new"}'),
      /it cannot be used, nothing was changed/,
    ],
  ];
  it.each(bad)('refuses a backup that %s, and leaves the ledger and no litter', (_name, spoil, message) => {
    spoil();
    const before = readFileSync(ledgerPath(dir));
    expect(() => restore(true)).toThrow(message);
    expect(readFileSync(ledgerPath(dir))).toEqual(before);
    expect(readdirSync(dir).filter((name) => name.includes('restoring'))).toEqual([]);
  });

  it('takes the log of a ledger that was copied by hand while it was in use', async () => {
    await using ledger = await Ledger.open(dir);
    await ledger.append(2, [paused('c')]);
    rmSync(backup);
    for (const suffix of ['', '-wal']) copyFileSync(`${ledgerPath(dir)}${suffix}`, `${backup}${suffix}`);
    await ledger[Symbol.asyncDispose]();
    sweepPresent();
    restore();
    expect(entries()).toEqual(['a', 'b', 'c', 'ledger-restored']);
  });

  it('leaves a ledger that the next coordinator opens and goes on with', async () => {
    sweepPresent();
    restore();
    expect(existsSync(`${ledgerPath(dir)}-wal`)).toBe(false);
    await fill(3, 'd');
    expect(entries()).toEqual(['a', 'b', 'ledger-restored', 'd']);
  });
});

describe('ledger verify', () => {
  it('names the broken row, how much before it is good, and what to do', async () => {
    await fill(2, 'c');
    const db = new DatabaseSync(ledgerPath(dir));
    db.exec("UPDATE ledger SET at = 'x' WHERE seq = 3");
    db.close();
    expect(() => verifyLedger(dir, quiet)).toThrow(/row 3 was changed.*entries 1 to 2 are intact.*ledger restore/);
  });

  it.each([
    ['a format', 2, '{}', /entry 3: .*row 3 has format 2/],
    ['an event', 1, '{"type":"run-moonlit"}', /entry 3: .*row 3 holds an event/],
    ['a text', 1, '{"type":', /entry 3: .*JSON/],
  ])('tells an entry that this version does not know from a broken chain: %s', (_what, format, json, why) => {
    appendUnknown(ledgerPath(dir), format, json);
    const lines: string[] = [];
    const verify = () => verifyLedger(dir, (line) => lines.push(line), backup);
    expect(verify).toThrow(why);
    expect(verify).toThrow(/its chain is intact.*entries 1 to 2 can be read; nothing is damaged.*version/);
    expect(lines.slice(0, 2)).toEqual([expect.stringContaining('3 entries'), expect.stringContaining('1 are newer')]);
  });

  it('tells with a backup whether the newest entries were cut off', async () => {
    await fill(2, 'c');
    const lines: string[] = [];
    verifyLedger(dir, (line) => lines.push(line), backup);
    expect(lines.at(-1)).toMatch(/2 entries, all of them in it; 1 are newer/);
    const db = new DatabaseSync(ledgerPath(dir));
    db.exec('DELETE FROM ledger WHERE seq > 1');
    db.close();
    verifyLedger(dir, quiet); // a chain without its end is a chain
    expect(() => verifyLedger(dir, quiet, backup)).toThrow(/it lacks the 1 newest entries/);
    sweepPresent();
    await fill(0, 'x', 'y');
    expect(() => verifyLedger(dir, quiet, backup)).toThrow(/different histories/);
  });
});
