import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { readRest } from '../../../agent/at-rest.ts';
import { loadAgentConfig } from '../../../agent/config.ts';
import { journalPath, readAttempt, readReverts } from '../../../agent/journal/attempt-journal.ts';
import { readClaims } from '../../../agent/journal/claims.ts';
import { HighestEpoch } from '../../../agent/journal/highest-epoch.ts';
import { showJournal } from '../../../agent/journal-show.ts';
import { readConfig } from '../../../coordinator/config.ts';
import { LedgerStore } from '../../../coordinator/ledger/ledger-store.ts';
import type { LedgerEntry } from '../../../domain/ledger-events.ts';
import { createLogger } from '../../../platform/log.ts';
import type { PublishResult } from '../../../platform/nats.ts';
import { RecordWriter } from '../../../platform/record-writer.ts';
import { decodeRecords, encodeRecord, readRecords } from '../../../platform/records.ts';
import { ReportSpool, type SpooledReport } from '../../../platform/spool.ts';
import { everyMoment } from '../moments.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { isRefused, valueOrRefusal } from './only-clear-errors.ts';
import { sampleAgentYaml, sampleCoordinatorYaml, writeSampleJournal, writeSampleLedger } from './sample-files.ts';

const logger = createLogger({ name: 'test', level: 'silent' });
const spoolsMax = everyMoment ? 400 : 40;

/** A folder of samples, broken again and again; each law takes the number of a mutation. */
export class FuzzFiles implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'shunt-garbage-'));
  readonly #stateDir = join(this.#folder, 'state');
  readonly #epoch: number;
  readonly #journal: Buffer;
  readonly #notes: Buffer;
  readonly #written: ReadonlySet<string>;
  readonly #ledger: Buffer;
  readonly #entries: readonly LedgerEntry[];

  constructor() {
    this.#epoch = writeSampleJournal(this.#stateDir).epoch;
    this.#journal = readFileSync(this.#journalPath);
    this.#notes = readFileSync(this.#notesPath);
    this.#written = new Set(
      [this.#journalPath, this.#notesPath].flatMap((path) =>
        readRecords(path).records.map((record) => JSON.stringify(record)),
      ),
    );
    const ledger = writeSampleLedger(join(this.#folder, 'ledger'));
    this.#ledger = readFileSync(ledger);
    using store = LedgerStore.open(ledger, { readOnly: true });
    this.#entries = store.read(1, 10_000);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Either the program knows what it was told, or it says `config-invalid`. */
  agentConfig(mutation: number): void {
    const path = this.#put('agent.yaml', mutateBytes(Buffer.from(sampleAgentYaml), mutation));
    const seen = valueOrRefusal(() => loadAgentConfig({ config: path }, {}).value);
    if (isRefused(seen)) expect(seen.code).toBe('config-invalid');
    else expect(['passive', 'active']).toContain(seen.mode);
    expect(Object.keys(Object.prototype)).toEqual([]);
  }

  coordinatorConfig(mutation: number): void {
    const path = this.#put('coordinator.yaml', mutateBytes(Buffer.from(sampleCoordinatorYaml), mutation));
    const seen = valueOrRefusal(() => readConfig(path, {}, {}).value);
    if (isRefused(seen)) expect(seen.code).toBe('config-invalid');
    else expect(seen.nb.length).toBeGreaterThan(0);
    expect(Object.keys(Object.prototype)).toEqual([]);
  }

  /** Nothing is believed that was not written, nothing is written by reading, and every reader has an answer. */
  journal(mutation: number): void {
    this.#breakJournal(mutation);
    const before = this.#bytes();
    const records = valueOrRefusal(() => readRecords(this.#journalPath, { onCorruption: 'stop' }).records);
    if (!isRefused(records)) expect(records.filter((record) => !this.#written.has(JSON.stringify(record)))).toEqual([]);
    const notes = valueOrRefusal(() => readReverts(this.#stateDir, this.#epoch));
    const attempt = valueOrRefusal(() => readAttempt(this.#stateDir, this.#epoch));
    for (const seen of [notes, attempt]) if (isRefused(seen)) expect(seen.code).toBe('records-corrupt');
    const { corruptAt } = readRecords(this.#journalPath, { onCorruption: 'stop' });
    if (corruptAt === 0) expect(attempt).toEqual({ code: 'records-corrupt' }); // something was touched
    expect(['at-rest', 'open', 'stuck', 'unreadable']).toContain(readRest(this.#stateDir).state);
    expect(readClaims(this.#stateDir).size).toBeLessThanOrEqual(1);
    for (const output of ['text', 'json'] as const) showJournal({ stateDir: this.#stateDir, output }, () => undefined);
    expect(this.#bytes()).toEqual(before);
  }

  /** Going on with a broken journal takes its torn tail away, and nothing of what is good. */
  journalGoesOn(mutation: number): void {
    this.#breakJournal(mutation);
    const before = readFileSync(this.#journalPath);
    const added = { type: 'gone', tap: 'tap1' };
    const seen = valueOrRefusal(() => {
      using writer = RecordWriter.reopen(this.#journalPath).writer;
      writer.append(added);
    });
    const after = readFileSync(this.#journalPath);
    if (isRefused(seen)) {
      expect(after.equals(before)).toBe(true);
      return;
    }
    const line = Buffer.from(encodeRecord(added));
    const kept = after.subarray(0, after.length - line.length);
    expect(after.subarray(kept.length)).toEqual(line);
    expect(before.subarray(0, kept.length).equals(kept)).toBe(true);
    expect(decodeRecords(before, 'before').validBytes).toBe(kept.length);
  }

  /** An epoch that cannot be read is not zero: fencing would be over. */
  highestEpoch(mutation: number): void {
    const stateDir = join(this.#folder, 'fence');
    this.#put('fence/highest-epoch', mutateBytes(Buffer.from('41\n'), mutation));
    const highest = new HighestEpoch(stateDir);
    const accepted = valueOrRefusal(() => highest.accept(1));
    const text = readFileSync(join(stateDir, 'highest-epoch'), 'latin1');
    if (/^\d{1,15}\n?$/.test(text)) return; // a number all the same: nobody can tell
    expect(accepted).toEqual({ code: 'records-corrupt' });
  }

  /** What the chain vouches for is what was written; else it says so, and the file is as it was. */
  ledger(mutation: number): void {
    const path = this.#put('broken/ledger.sqlite', mutateBytes(this.#ledger, mutation));
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    const before = readFileSync(path);
    const seen = valueOrRefusal(() => {
      using store = LedgerStore.open(path, { readOnly: true });
      return store.read(1, 10_000);
    });
    if (isRefused(seen)) {
      expect(['records-corrupt', 'ledger-failed']).toContain(seen.code);
      expect(readFileSync(path).equals(before)).toBe(true);
    } else expect(seen).toEqual(this.#entries.slice(0, seen.length));
  }

  /** Opened to be written to: it goes on from what is good, or refuses; never with an entry that nobody wrote. */
  ledgerGoesOn(mutation: number): void {
    const path = this.#put('broken/ledger.sqlite', mutateBytes(this.#ledger, mutation));
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    const seen = valueOrRefusal(() => {
      using store = LedgerStore.open(path);
      const paused = { type: 'run-paused', runId: 'run-2', by: 'ada', why: 'after' } as const;
      const [outcome] = store.appendGroup(
        [{ expectedSeq: store.head.seq, events: [paused] }],
        '2026-01-02T00:00:00.000Z',
      );
      return outcome?.kind === 'appended' ? store.read(1, 10_000) : [];
    });
    if (isRefused(seen)) expect(['records-corrupt', 'ledger-failed']).toContain(seen.code);
    else expect(seen.slice(0, -1)).toEqual(this.#entries.slice(0, Math.max(0, seen.length - 1)));
  }

  /** Whatever is left of older reports: the spool opens, and a report of now is published. */
  async spools(seed: number): Promise<void> {
    const dir = join(this.#folder, 'spool');
    for (let mutation = seed; mutation < seed + spoolsMax; mutation += 1) {
      rmSync(dir, { recursive: true, force: true });
      await this.#fillSpool(dir);
      const names = readdirSync(dir);
      const name = names[mutation % names.length] ?? 'cursor';
      writeFileSync(join(dir, name), mutateBytes(readFileSync(join(dir, name)), mutation));
      const published: string[] = [];
      const publish = async ({ payload }: SpooledReport): Promise<PublishResult> => {
        published.push(payload);
        return { kind: 'acked', stream: 'S', seq: 1, duplicate: false };
      };
      await using spool = ReportSpool.open({ dir, maxBytes: 1_000_000, logger, publish });
      spool.append((seq) => ({ subject: 's', msgId: `h/1/${seq}`, payload: 'now' }));
      await spool.drained(AbortSignal.timeout(5_000));
      expect(published, `mutation ${mutation} of ${name}`).toContain('now');
    }
  }

  async #fillSpool(dir: string): Promise<void> {
    const publish = async (): Promise<PublishResult> => ({ kind: 'unavailable', reason: 'down' });
    await using spool = ReportSpool.open({ dir, maxBytes: 1_000_000, segmentBytes: 600, logger, publish });
    for (let n = 0; n < 20; n += 1)
      spool.append((seq) => ({ subject: 's', msgId: `h/1/${seq}`, payload: `{"n":${n}}` }));
    writeFileSync(join(dir, 'cursor'), '{"format":1,"published":3}\n');
  }

  get #journalPath(): string {
    return journalPath(this.#stateDir, this.#epoch);
  }

  get #notesPath(): string {
    return `${this.#journalPath}.revert`;
  }

  /** Now one file of the two, now the other. */
  #breakJournal(mutation: number): void {
    const journal = mutation % 3 !== 0;
    writeFileSync(this.#journalPath, journal ? mutateBytes(this.#journal, mutation) : this.#journal);
    writeFileSync(this.#notesPath, journal ? this.#notes : mutateBytes(this.#notes, mutation));
  }

  #bytes(): readonly string[] {
    return [this.#journalPath, this.#notesPath].map((path) => readFileSync(path, 'latin1'));
  }

  #put(name: string, bytes: Buffer): string {
    const path = join(this.#folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    return path;
  }
}
