import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger, ledgerPath, lockLedger } from '../../../coordinator/ledger/ledger.ts';
import { backupLedger, showLedger, verifyLedger } from '../../../coordinator/ledger/ledger-commands.ts';
import { LedgerStore } from '../../../coordinator/ledger/ledger-store.ts';
import { restoreLedger } from '../../../coordinator/ledger/restore-ledger.ts';
import { describeError, type ShuntError } from '../../../platform/shunt-error.ts';
import { paused } from './ledger-events.ts';

const at = '2026-03-01T10:00:00.000Z';
const quiet = (): void => undefined;
/** nobody: stands for the coordinator's user. */
const shunt = 65_534;
const asRoot = process.geteuid?.() === 0;
const why = asRoot ? '' : ' (needs root, to be two users)';

describe.skipIf(!asRoot)(`the ledger of a coordinator with a user of its own, and root${why}`, () => {
  let dir: string;
  let elsewhere: string;
  let backup: string;
  beforeEach(async () => {
    elsewhere = mkdtempSync(join(tmpdir(), 'shunt-co-backup-'));
    await using ledger = await Ledger.open(elsewhere);
    await ledger.append(0, [paused('a'), paused('b')]);
    backup = join(elsewhere, 'backup.sqlite');
    await backupLedger(elsewhere, backup, quiet);
    chmodSync(backup, 0o644);
    dir = mkdtempSync(join(tmpdir(), 'shunt-co-owner-'));
    chownSync(dir, shunt, shunt);
  });
  afterEach(() => {
    for (const each of [dir, elsewhere]) rmSync(each, { recursive: true, force: true });
  });

  function restore(force = false): void {
    restoreLedger(dir, { file: backup, force, by: 'root@ctl1', at }, quiet);
  }

  function rootsFiles(): readonly string[] {
    return readdirSync(dir).filter((name) => lstatSync(join(dir, name)).uid !== shunt);
  }

  /** As the coordinator does it: lock, open, append. */
  function appendAsShunt(seq: number, event: string): unknown {
    return asShunt(() => {
      using _lock = lockLedger(dir);
      using store = LedgerStore.open(ledgerPath(dir));
      return store.appendGroup([{ expectedSeq: seq, events: [paused(event)] }], at)[0];
    });
  }

  it('takes entries after root has restored it: ledger and lock are the user’s, and nobody else’s', () => {
    restore();
    expect(rootsFiles()).toEqual([]);
    for (const name of readdirSync(dir)) expect(lstatSync(join(dir, name)).mode & 0o777).toBe(0o600);
    expect(appendAsShunt(3, 'c')).toMatchObject({ kind: 'appended' });
  });

  it('is mended by a second restore where root’s files are in its place', () => {
    restore();
    for (const name of readdirSync(dir)) chownSync(join(dir, name), 0, 0);
    appendAsRoot(3, 'c');
    restore(true);
    expect(appendAsShunt(3, 'd')).toMatchObject({ kind: 'appended' });
  });

  function appendAsRoot(seq: number, event: string): void {
    using store = LedgerStore.open(ledgerPath(dir));
    expect(store.appendGroup([{ expectedSeq: seq, events: [paused(event)] }], at)).toMatchObject([
      { kind: 'appended' },
    ]);
  }

  it('is read by root without leaving a file of root’s beside it', async () => {
    restore();
    verifyLedger(dir, quiet, backup);
    showLedger(dir, { fromSeq: 1, limit: 9, json: false }, quiet);
    await backupLedger(dir, join(elsewhere, 'again.sqlite'), quiet);
    expect(rootsFiles()).toEqual([]);
    expect(appendAsShunt(3, 'c')).toMatchObject({ kind: 'appended' });
  });

  it('is not used by root to give away what a symbolic link leads to', () => {
    const precious = join(elsewhere, 'precious');
    writeFileSync(precious, '');
    symlinkSync(precious, join(dir, 'ledger.lock'));
    expect(() => restore()).toThrow(/ELOOP/);
    expect(lstatSync(precious).uid).toBe(0);
  });

  it('says that it may not be written, by whom, and what to do; the outcome is known, and it is not given up', () => {
    restore();
    chownSync(ledgerPath(dir), 0, 0);
    chmodSync(ledgerPath(dir), 0o644);
    asShunt(() => {
      using store = LedgerStore.open(ledgerPath(dir));
      const append = () => store.appendGroup([{ expectedSeq: 3, events: [paused('c')] }], at)[0];
      for (const outcome of [append(), append()]) {
        expect(outcome).toMatchObject({ kind: 'failed', error: { detail: { reason: 'not-writable' } } });
        const { error } = outcome as { readonly error: ShuntError }; // just asserted
        expect(describeError(error)).toMatch(/uid 65534 may not write .*uid 0's with mode 644.*chown --reference=/);
      }
      expect(store.read(1, 99)).toHaveLength(3);
    });
  });

  it('is locked and restored by a root that may not give files away; what stays root’s is said', () => {
    const restored = asRootWithoutChown(
      'const { restoreLedger } = await import("./coordinator/ledger/restore-ledger.ts");' +
        `restoreLedger(${JSON.stringify(dir)}, ${JSON.stringify({ file: backup, force: false, by: 'root@ctl1', at })}, console.log);`,
    );
    expect(restored.stderr).toBe('');
    expect(restored.stdout).toMatch(/2 entries from .*\n.*stays root's; .*chown --reference=/);
    expect(rootsFiles()).toContain('ledger.lock');
    appendAsRoot(3, 'c');
  });

  it('is left alone by a root that may not give files away where all of it is the user’s already', () => {
    restore();
    const opened = asRootWithoutChown(
      'const { lockLedger } = await import("./coordinator/ledger/ledger.ts");' +
        `lockLedger(${JSON.stringify(dir)}); console.log("locked");`,
    );
    expect(opened).toMatchObject({ stderr: '', stdout: 'locked\n' });
    expect(rootsFiles()).toEqual([]);
  });

  it('names a lock file that is root’s, whose it is, and what to do', () => {
    restore();
    chownSync(join(dir, 'ledger.lock'), 0, 0);
    expect(() => appendAsShunt(3, 'c')).toThrow(/uid 65534 may not write .*ledger\.lock .*chown --reference=/);
  });
});

/** As in a container without that capability. */
function asRootWithoutChown(script: string): { readonly stdout: string; readonly stderr: string } {
  const node = [process.execPath, '--no-warnings', '--input-type=module', '-e', script];
  const cwd = join(import.meta.dirname, '../../..');
  return spawnSync('setpriv', ['--bounding-set=-chown', '--inh-caps=-all', ...node], {
    cwd,
    encoding: 'utf8',
    timeout: 30_000,
  });
}

/** All threads of this process for the time of the work; synchronous, so that nothing else runs meanwhile. */
function asShunt<T>(work: () => T): T {
  process.setegid?.(shunt);
  process.seteuid?.(shunt);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}
