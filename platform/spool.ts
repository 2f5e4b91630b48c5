import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Backoff } from './backoff.ts';
import { sleep, systemClock } from './clock.ts';
import type { Logger } from './log.ts';
import type { PublishResult } from './nats.ts';
import type { JsonRecord } from './records.ts';
import { describeError, ShuntError } from './shunt-error.ts';
import { SpoolSegment } from './spool-segment.ts';

export interface SpooledReport {
  readonly subject: string;
  readonly msgId: string;
  readonly payload: string;
}

export interface SpoolStats {
  readonly pending: number;
  /** Size on disk, published reports that are still kept among it. */
  readonly pendingBytes: number;
  /** Reports lost since this process opened the spool: too many of them, or a file that could not be written or read. */
  readonly dropped: number;
  readonly published: number;
  readonly writeErrors: number;
}

export interface SpoolOptions {
  readonly dir: string;
  readonly maxBytes: number;
  /** Default an eighth of `maxBytes`, at most 1 MiB. What is dropped is dropped by whole files of this size. */
  readonly segmentBytes?: number;
  readonly logger: Logger;
  readonly publish: (report: SpooledReport) => Promise<PublishResult>;
  /**
   * Up to which of our reports the server has them, asked before the first one is published after each `wake`: it acknowledges before it syncs,
   * so that one that was killed lacks the last ones. Reports are kept for five minutes for that. Default: what it acknowledged, it has.
   */
  readonly kept?: () => Promise<KeptResult>;
  /** So many were dropped just now. */
  readonly onDropped?: (count: number) => void;
}

/** `unknown`: it does not say; what it acknowledged counts as there. */
export type KeptResult =
  | { readonly kind: 'kept'; readonly seq: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** What was published is kept for so long, for a server that loses it again; within the bound of the whole. */
const keptForMs = 300_000;
const cursorEvery = 64;
/** After another boot the last files may lack what was appended (and even published) before a power cut: numbers jump past it. */
const seqJumpAfterBoot = 1_000_000;

/**
 * Reports on their way to JetStream, on disk, in order, at least once. Survives kill -9; not synced, so a power cut may take the last seconds.
 * Bounded: when it is full the oldest are dropped, and told. One process a directory.
 */
export class ReportSpool implements AsyncDisposable {
  readonly #options: SpoolOptions;
  readonly #segmentBytes: number;
  readonly #stop = new AbortController();
  #segments: SpoolSegment[];
  /** All published, and kept for a while; oldest first. */
  #done: { readonly segment: SpoolSegment; readonly atMs: number }[] = [];
  #active: SpoolSegment | undefined;
  #nextSeq: number;
  #publishedSeq: number;
  #savedSeq: number;
  /** Read from the oldest file, not yet published. */
  #queue: { readonly seq: number; readonly report: SpooledReport }[] = [];
  #dropped = 0;
  #published = 0;
  #writeErrors = 0;
  #draining = false;
  #interrupt = new AbortController();
  /** Calls of `wake`, and at which of them the server was asked what it has. */
  #wakes = 0;
  #askedAt = -1;
  #drainedListeners: (() => void)[] = [];

  private constructor(options: SpoolOptions) {
    this.#options = options;
    this.#segmentBytes = options.segmentBytes ?? Math.min(1024 * 1024, Math.ceil(options.maxBytes / 8));
    this.#segments = [...SpoolSegment.list(options.dir)];
    this.#publishedSeq = readCursor(options.dir);
    const last = this.#segments.at(-1);
    const jump = last !== undefined && last.bootId() !== systemClock.bootId ? seqJumpAfterBoot : 0;
    this.#nextSeq = Math.max(last?.nextSeq ?? 1, this.#publishedSeq + 1) + jump;
    this.#savedSeq = this.#publishedSeq;
  }

  /** Opens or makes the directory; what is in it is published first. */
  static open(options: SpoolOptions): ReportSpool {
    try {
      mkdirSync(options.dir, { recursive: true, mode: 0o700 });
      const spool = new ReportSpool(options);
      spool.wake();
      return spool;
    } catch (cause) {
      throw new ShuntError('io-failed', `opening the report spool ${options.dir}`, {
        cause,
        detail: { path: options.dir },
      });
    }
  }

  /**
   * Takes a report that `make` builds around its number, which only grows, over restarts too. Never throws and never waits: a report that
   * cannot be written is counted as dropped, and its number stays unused.
   */
  append(make: (seq: number) => SpooledReport): void {
    const seq = this.#nextSeq;
    this.#nextSeq += 1;
    const { subject, msgId, payload } = make(seq);
    try {
      this.#segmentFor(seq).append({ seq, subject, msgId, payload });
    } catch (error) {
      this.#writeErrors += 1;
      this.#active?.seal(); // its tail may be torn: the next report begins a file of its own
      this.#active = undefined;
      this.#options.logger.warn({ reason: describeError(error) }, 'a report could not be spooled');
      this.#drop(1);
      return;
    }
    this.#enforceBound();
    this.#startDraining();
  }

  /** Connected (again): asks what the server has, and publishes now instead of at the end of the present pause. */
  wake(): void {
    this.#wakes += 1;
    this.#interrupt.abort();
    this.#interrupt = new AbortController();
    this.#startDraining();
  }

  get stats(): SpoolStats {
    return {
      pending: this.#segments.reduce((sum, segment) => sum + this.#unpublished(segment), 0),
      pendingBytes: this.#totalBytes(),
      dropped: this.#dropped,
      published: this.#published,
      writeErrors: this.#writeErrors,
    };
  }

  /** Resolves when everything was published (or dropped). */
  async drained(signal?: AbortSignal): Promise<void> {
    while (this.stats.pending > 0) {
      if (this.#stop.signal.aborted) throw new ShuntError('cancelled', 'waiting for the spool, which was closed');
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const onAbort = (): void =>
        reject(new ShuntError('cancelled', 'waiting for the spool', { cause: signal?.reason }));
      if (signal?.aborted) onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#drainedListeners.push(resolve);
      await promise.finally(() => signal?.removeEventListener('abort', onAbort));
    }
  }

  /** Stops; a report in flight is published once more at the next start, with the same id. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#interrupt.abort();
    this.#saveCursor();
    this.#active?.seal();
    for (const listener of this.#drainedListeners.splice(0)) listener();
  }

  #startDraining(): void {
    if (this.#draining || this.#stop.signal.aborted) return;
    this.#draining = true;
    this.#drain().catch((error: unknown) => {
      this.#draining = false;
      this.#options.logger.error({ err: error }, 'draining the spool failed');
    });
  }

  async #drain(): Promise<void> {
    const backoff = new Backoff({ firstMs: 100, maxMs: 10_000 });
    while (!this.#stop.signal.aborted) {
      const { kept } = this.#options;
      const isKnown = kept === undefined || this.#askedAt === this.#wakes;
      const next = isKnown ? this.#head() : undefined;
      if (isKnown && next === undefined) return this.#allPublished(); // without a pause since the look
      const done = next === undefined ? await this.#askWhatIsKept(kept) : await this.#publish(next);
      if (this.#stop.signal.aborted) return undefined;
      if (done) backoff.reset();
      else await sleep(backoff.nextMs(), this.#interrupt.signal).catch(() => undefined); // woken, or stopped
    }
    return undefined;
  }

  async #publish({ seq, report }: { readonly seq: number; readonly report: SpooledReport }): Promise<boolean> {
    const result = await this.#options.publish(report);
    if (result.kind === 'acked' && !this.#stop.signal.aborted) this.#acked(seq);
    return result.kind === 'acked';
  }

  async #askWhatIsKept(kept: SpoolOptions['kept']): Promise<boolean> {
    const wakes = this.#wakes;
    const result = await (kept?.() ?? unasked);
    if (result.kind === 'unavailable') return false;
    this.#askedAt = wakes;
    if (result.kind === 'kept' && !this.#stop.signal.aborted) this.#goOnAfter(result.seq);
    return true;
  }

  /** Reports go out in order, one at a time: the server has all up to this one, and none after it. */
  #goOnAfter(seq: number): void {
    if (seq >= this.#nextSeq) return; // of a spool that is not this one
    if (seq >= this.#publishedSeq) {
      this.#publishedSeq = seq;
      return;
    }
    const back = this.#done.filter(({ segment }) => segment.nextSeq - 1 > seq).map(({ segment }) => segment);
    this.#done = this.#done.filter(({ segment }) => !back.includes(segment));
    this.#segments = [...back, ...this.#segments];
    for (const segment of this.#segments) segment.readAgain();
    this.#queue = [];
    const oldest = this.#segments[0]?.firstSeq ?? this.#nextSeq;
    const from = Math.max(seq, Math.min(oldest - 1, this.#publishedSeq));
    const gone = seq === 0 ? 0 : from - seq; // of a stream that has none of ours nobody knows what became of them: too old, or swept
    this.#options.logger.warn(
      { reports: this.#publishedSeq - from, lost: gone },
      'the server has lost reports that it had; they go out again',
    );
    this.#publishedSeq = from;
    if (gone > 0) this.#drop(gone);
  }

  #allPublished(): void {
    this.#draining = false; // at once: whoever appends from now on must start anew
    this.#saveCursor();
    for (const listener of this.#drainedListeners.splice(0)) listener();
  }

  /** The oldest unpublished report. Files that have none left are removed, but for the last: its name keeps our number. */
  #head(): { readonly seq: number; readonly report: SpooledReport } | undefined {
    for (;;) {
      while (this.#queue[0] !== undefined && this.#queue[0].seq <= this.#publishedSeq) this.#queue.shift();
      if (this.#queue[0] !== undefined) return this.#queue[0];
      const [segment] = this.#segments;
      if (segment === undefined) return undefined;
      if (this.#segments.length > 1 && this.#unpublished(segment) === 0) {
        this.#segments.shift();
        this.#retire(segment);
        continue;
      }
      this.#queue = segment.read().flatMap(parseReport);
      if (this.#queue.length > 0) continue;
      this.#skipUnreadable(segment);
      if (this.#segments.length === 1) return undefined;
      this.#segments.shift();
      this.#retire(segment);
    }
  }

  /** All of it was published: kept for a while where the server can be asked what it has. */
  #retire(segment: SpoolSegment): void {
    if (this.#options.kept === undefined) {
      segment.remove();
      return;
    }
    segment.seal();
    const nowMs = systemClock.monotonicMs();
    this.#done.push({ segment, atMs: nowMs });
    while (this.#done[0] !== undefined && nowMs - this.#done[0].atMs > keptForMs) this.#done.shift()?.segment.remove();
  }

  /** What a file should still hold and does not give: damaged. */
  #skipUnreadable(segment: SpoolSegment): void {
    const missing = this.#unpublished(segment);
    if (missing === 0) return;
    this.#publishedSeq = segment.nextSeq - 1;
    this.#options.logger.warn({ path: segment.path, reports: missing }, 'a spool file is damaged');
    this.#drop(missing);
  }

  #acked(seq: number): void {
    this.#publishedSeq = Math.max(this.#publishedSeq, seq);
    this.#published += 1;
    if (this.#publishedSeq - this.#savedSeq >= cursorEvery) this.#saveCursor();
  }

  #segmentFor(seq: number): SpoolSegment {
    if (this.#active !== undefined && this.#active.bytes < this.#segmentBytes) return this.#active;
    this.#active?.seal();
    this.#active = undefined;
    const segment = SpoolSegment.create(this.#options.dir, seq, systemClock.bootId);
    this.#active = segment;
    this.#segments = [...this.#segments.filter((other) => other.path !== segment.path), segment];
    return segment;
  }

  #enforceBound(): void {
    while (this.#done.length > 0 && this.#totalBytes() > this.#options.maxBytes) this.#done.shift()?.segment.remove();
    while (this.#segments.length > 1 && this.#totalBytes() > this.#options.maxBytes) {
      const oldest = this.#segments.shift();
      if (oldest === undefined) return;
      const lost = this.#unpublished(oldest);
      this.#queue = this.#queue.filter(({ seq }) => seq >= oldest.nextSeq);
      this.#publishedSeq = Math.max(this.#publishedSeq, oldest.nextSeq - 1);
      oldest.remove();
      if (lost > 0) this.#drop(lost);
    }
  }

  #drop(count: number): void {
    this.#dropped += count;
    queueMicrotask(() => this.#options.onDropped?.(count)); // it may well append a report about it
  }

  #unpublished(segment: SpoolSegment): number {
    return Math.min(segment.count, Math.max(0, segment.nextSeq - 1 - this.#publishedSeq));
  }

  #totalBytes(): number {
    const done = this.#done.reduce((sum, { segment }) => sum + segment.bytes, 0);
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, done);
  }

  /** Not synced: an old cursor only means that some reports are published twice, with the same id. */
  #saveCursor(): void {
    if (this.#savedSeq === this.#publishedSeq) return;
    const path = join(this.#options.dir, 'cursor');
    try {
      writeFileSync(`${path}.new`, `${JSON.stringify({ format: 1, published: this.#publishedSeq })}\n`, {
        mode: 0o600,
      });
      renameSync(`${path}.new`, path);
      this.#savedSeq = this.#publishedSeq;
    } catch (error) {
      this.#writeErrors += 1;
      this.#options.logger.warn({ reason: describeError(error) }, 'the spool cursor could not be saved');
    }
  }
}

const unasked: KeptResult = { kind: 'unknown' };

function readCursor(dir: string): number {
  try {
    const cursor = JSON.parse(readFileSync(join(dir, 'cursor'), 'utf8')) as { published?: unknown }; // checked on the next line
    return typeof cursor.published === 'number' && Number.isSafeInteger(cursor.published) ? cursor.published : 0;
  } catch {
    return 0; // none yet, or torn: everything there is published again, with the same ids
  }
}

function parseReport(record: JsonRecord): { readonly seq: number; readonly report: SpooledReport }[] {
  const { seq, subject, msgId, payload } = record;
  if (typeof seq !== 'number' || typeof subject !== 'string') return [];
  if (typeof msgId !== 'string' || typeof payload !== 'string') return [];
  return [{ seq, report: { subject, msgId, payload } }];
}
