/** One guest to be asked, how often a second. */
export interface PingTarget {
  readonly id: string;
  readonly ip: string;
  readonly hz: number;
  /** Where this one is asked from, if not from the sender's own namespace. */
  readonly netns?: string;
}

/** CLOCK_MONOTONIC in nanoseconds, as a number: exact for 104 days of uptime. */
export type MonotonicNs = number;

export interface PingWindow {
  readonly fromNs: MonotonicNs;
  readonly toNs: MonotonicNs;
}

/** Requests lost one after the other, by the times at which the first and the last were sent. */
export interface LostRun {
  readonly firstSeq: number;
  readonly count: number;
  readonly fromNs: MonotonicNs;
  readonly toNs: MonotonicNs;
  /** From the first lost request to the next that was answered: the resolution is one period. */
  readonly ms: number;
}

export interface TargetReport extends PingTarget {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly longestLostMs: number;
  readonly lostRuns: readonly LostRun[];
  readonly rttMs: { readonly p50: number; readonly max: number };
}

export interface PingReport extends PingWindow {
  readonly targets: readonly TargetReport[];
  /** Over all targets. */
  readonly sent: number;
  readonly lost: number;
  readonly longestLostMs: number;
  /** Requests that the sender itself left out because it was starved of CPU: figures next to them are doubtful. */
  readonly skipped: number;
}

const FIRST_CAPACITY = 4096;

/** Everything that was sent to one target, and what of it came back. */
export class PingRecord {
  readonly target: PingTarget;
  duplicates = 0;
  #sentNs = new Float64Array(FIRST_CAPACITY);
  #receivedNs = new Float64Array(FIRST_CAPACITY);
  #count = 0;

  constructor(target: PingTarget) {
    this.target = target;
  }

  get answered(): boolean {
    return this.#receivedNs.subarray(0, this.#count).some((ns) => ns > 0);
  }

  get nextSeq(): number {
    return this.#count;
  }

  sent(atNs: MonotonicNs): void {
    if (this.#count === this.#sentNs.length) this.#grow();
    this.#sentNs[this.#count] = atNs;
    this.#count += 1;
  }

  received(seq: number, atNs: MonotonicNs): void {
    if (seq >= this.#count) return; // not one of ours
    if (this.#receivedNs[seq]) this.duplicates += 1;
    else this.#receivedNs[seq] = atNs;
  }

  /** Counts the requests that were sent within the window. Ask only when their answers have had time to come. */
  report(window: PingWindow): TargetReport {
    const rtts: number[] = [];
    const runs = new LostRuns();
    let sent = 0;
    for (let seq = this.#firstSince(window.fromNs); seq < this.#count; seq += 1) {
      const sentNs = this.#sentNs[seq] as number; // within #count
      if (sentNs > window.toNs) break;
      sent += 1;
      const receivedNs = this.#receivedNs[seq] as number; // as above
      if (receivedNs > 0) rtts.push((receivedNs - sentNs) / 1e6);
      runs.next(seq, sentNs, receivedNs > 0);
    }
    const lostRuns = runs.end(1e9 / this.target.hz);
    rtts.sort((a, b) => a - b);
    return {
      ...this.target,
      sent,
      received: rtts.length,
      lost: sent - rtts.length,
      duplicates: this.duplicates,
      longestLostMs: Math.max(0, ...lostRuns.map((run) => run.ms)),
      lostRuns,
      rttMs: { p50: rtts[Math.floor(rtts.length / 2)] ?? 0, max: rtts.at(-1) ?? 0 },
    };
  }

  /** The first request that was sent at that time or later: a report over hours must not keep the sender from sending. */
  #firstSince(ns: MonotonicNs): number {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sentNs[middle] as number) < ns)
        low = middle + 1; // within #count
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const wider = (old: Float64Array) => {
      const next = new Float64Array(old.length * 2);
      next.set(old);
      return next;
    };
    this.#sentNs = wider(this.#sentNs);
    this.#receivedNs = wider(this.#receivedNs);
  }
}

/** Sums targets up; see {@link PingRecord.report}. */
export function reportOf(records: readonly PingRecord[], window: PingWindow, skipped: number): PingReport {
  const targets = records.map((record) => record.report(window));
  const total = (of: (t: TargetReport) => number) => targets.reduce((sum, t) => sum + of(t), 0);
  return {
    ...window,
    targets,
    sent: total((t) => t.sent),
    lost: total((t) => t.lost),
    longestLostMs: Math.max(0, ...targets.map((t) => t.longestLostMs)),
    skipped,
  };
}

/** Gathers consecutive lost requests while walking through all of them in order. */
class LostRuns {
  readonly #runs: LostRun[] = [];
  #open: { firstSeq: number; count: number; fromNs: number; toNs: number } | undefined;

  next(seq: number, sentNs: MonotonicNs, answered: boolean): void {
    if (answered) {
      this.#close(sentNs);
      return;
    }
    this.#open ??= { firstSeq: seq, count: 0, fromNs: sentNs, toNs: sentNs };
    this.#open.count += 1;
    this.#open.toNs = sentNs;
  }

  /** A run that goes on to the end of the window is counted one period past its last request. */
  end(periodNs: number): readonly LostRun[] {
    if (this.#open) this.#close(this.#open.toNs + periodNs);
    return this.#runs;
  }

  #close(atNs: MonotonicNs): void {
    if (!this.#open) return;
    this.#runs.push({ ...this.#open, ms: (atNs - this.#open.fromNs) / 1e6 });
    this.#open = undefined;
  }
}
