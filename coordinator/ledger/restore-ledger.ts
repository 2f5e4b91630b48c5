import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { syncDirectorySync } from '../../platform/atomic-file.ts';
import type { FileLock } from '../../platform/native/flock.ts';
import { describeError, isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import type { LedgerHead } from './chain.ts';
import { ledgerPath, lockLedger } from './ledger.ts';
import type { Print } from './ledger-commands.ts';
import { isDamaged, LedgerStore } from './ledger-store.ts';
import { giveToOwner } from './owner.ts';

export interface RestoreOptions {
  /** The backup, made by `ledger backup`. */
  readonly file: string;
  /** Also when the present ledger is intact and has entries that the backup has not, or nobody can tell whether it is. Never beside a running coordinator. */
  readonly force: boolean;
  /** For the ledger: `user@host`. */
  readonly by: string;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * `ledger restore`: puts a backup in the place of the ledger. Its chain is checked first; the ledger that was there is kept aside; the first new
 * entry says what was done, and keeps the coordinator read-only until `shunt reconcile`. Whenever this is cut short, one of both is in place.
 * By root: all of it is the user's whose directory it is.
 */
export function restoreLedger(stateDir: string, options: RestoreOptions, print: Print): void {
  if (mkdirSync(stateDir, { recursive: true, mode: 0o700 }) !== undefined && process.geteuid?.() === 0)
    print(`${stateDir}: was made, and is root's; systemd gives it to the coordinator's user, else: chown -R`);
  using _lock: FileLock = lockLedger(stateDir);
  const path = ledgerPath(stateDir);
  const incoming = `${path}.restoring`;
  try {
    const isGiven = takeCopy(options.file, incoming);
    const present = lookAt(path);
    const head = checkBackup(incoming, options.file);
    if (present.kind === 'unknown' && !options.force) {
      const what = `restore the ledger from ${options.file}: whether the one in ${stateDir} is intact cannot be told`;
      const now = 'See to that, and give the command again; if it is to be given up unseen: --force';
      throw new ShuntError('wrong-state', `${what}: ${present.why}; nothing was changed. ${now}`);
    }
    const lost = lostBy(present, path, incoming, head);
    if (lost === 'nothing, it is the same') {
      print(`${path}: has the same ${head.seq} entries as ${options.file}; nothing was changed`);
      return;
    }
    if (lost !== undefined && !options.force) {
      const what = `restore the ledger from ${options.file}: the one in ${stateDir} is intact and has ${lost}`;
      throw new ShuntError('wrong-state', `${what}; nothing was changed. If they are to be given up: --force`);
    }
    markRestored(incoming, options, head);
    const aside = putAside(path, options.at);
    renameSync(incoming, path);
    syncDirectorySync(stateDir);
    print(`${path}: ${head.seq} entries from ${options.file}, and one that says so`);
    if (!isGiven) print(`${path}: stays root's; for a coordinator that is not: chown --reference=${stateDir} ${path}*`);
    if (aside !== undefined) print(`the ledger before: ${aside} (${describePresent(present)})`);
    print('start the coordinator; it is read-only until what agents know more was taken over: shunt reconcile');
  } finally {
    for (const suffix of sqliteSuffixes) rmSync(`${incoming}${suffix}`, { force: true });
  }
}

type Present =
  | { readonly kind: 'none' }
  | { readonly kind: 'intact'; readonly head: LedgerHead }
  | { readonly kind: 'broken'; readonly why: string }
  /** It cannot be opened, for a reason that says nothing of what is in it: a newer version's, not ours to write, in use. */
  | { readonly kind: 'unknown'; readonly why: string };

const sqliteSuffixes = ['', '-wal', '-shm'] as const;

/** On the ledger's own disk, so that the last step is one rename; with the log of one that was copied by hand. False: it is root's and stays so. */
function takeCopy(file: string, incoming: string): boolean {
  if (!existsSync(file)) throw new ShuntError('not-found', `restore the ledger from ${file}: there is no such file`);
  for (const suffix of sqliteSuffixes) rmSync(`${incoming}${suffix}`, { force: true });
  let isGiven = true;
  try {
    for (const suffix of ['', '-wal'] as const) {
      if (!existsSync(`${file}${suffix}`)) continue;
      copyFileSync(`${file}${suffix}`, `${incoming}${suffix}`, constants.COPYFILE_EXCL);
      if (!giveToOwner(`${incoming}${suffix}`)) isGiven = false; // SQLite gives what it makes beside it to the same user
    }
    return isGiven;
  } catch (cause) {
    throw new ShuntError('io-failed', `copy ${file} to ${dirname(incoming)}`, { cause });
  }
}

function checkBackup(incoming: string, file: string): LedgerHead {
  try {
    using store = LedgerStore.open(incoming, { readOnly: true }); // an empty file is no ledger here
    store.requireKnown(); // or no coordinator of this version would start on it
    return store.head;
  } catch (cause) {
    const code = isShuntError(cause) ? cause.code : 'ledger-failed';
    throw new ShuntError(code, `restore the ledger from ${file}: it cannot be used, nothing was changed`, { cause });
  }
}

function lookAt(path: string): Present {
  if (!existsSync(path)) return { kind: 'none' };
  try {
    using store = LedgerStore.open(path, { create: false }); // for writing: what its log holds goes into the file itself
    return { kind: 'intact', head: store.head };
  } catch (error) {
    return { kind: isDamaged(error) ? 'broken' : 'unknown', why: describeError(error) };
  }
}

/** What would be lost, in words; undefined: nothing. */
function lostBy(present: Present, path: string, incoming: string, head: LedgerHead): string | undefined {
  if (present.kind !== 'intact' || present.head.seq === 0) return undefined;
  if (present.head.hash === head.hash) return 'nothing, it is the same';
  using ours = LedgerStore.open(path, { readOnly: true });
  if (ours.hashAt(head.seq) === head.hash) return `${present.head.seq - head.seq} entries more`;
  using theirs = LedgerStore.open(incoming, { readOnly: true });
  if (theirs.hashAt(present.head.seq) === present.head.hash) return undefined;
  return `${present.head.seq} entries of another history`;
}

function markRestored(incoming: string, { by, file, at }: RestoreOptions, head: LedgerHead): void {
  {
    using store = LedgerStore.open(incoming, { create: false });
    const events = [{ type: 'ledger-restored', by, from: resolve(file) }] as const;
    const [outcome] = store.appendGroup([{ expectedSeq: head.seq, events }], at);
    if (outcome?.kind === 'failed') throw outcome.error;
  }
  if (existsSync(`${incoming}-wal`))
    throw new ShuntError('ledger-failed', `write ${incoming}: its log was not taken in`);
  const fd = openSync(incoming, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The old file keeps its name until the new one takes it, and has a second one from now on. */
function putAside(path: string, at: string): string | undefined {
  if (!existsSync(path)) return undefined;
  const aside = `${path}.replaced-${at.replaceAll(/[^0-9TZ]/g, '')}`;
  if (existsSync(aside)) throw new ShuntError('already-exists', `keep the ledger aside as ${aside}: the file exists`);
  linkSync(path, aside);
  for (const suffix of ['-wal', '-shm'] as const) {
    if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${aside}${suffix}`);
  }
  syncDirectorySync(dirname(path));
  return aside;
}

function describePresent(present: Present): string {
  switch (present.kind) {
    case 'none':
      return 'none';
    case 'intact':
      return `intact, ${present.head.seq} entries`;
    case 'broken':
    case 'unknown':
      return present.why;
  }
}
