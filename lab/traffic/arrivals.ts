import type { MonotonicNs } from './flow.ts';

const FIRST_CAPACITY = 4096;

export interface ArrivalFigures {
  readonly received: number;
  readonly lost: number;
  readonly duplicates: number;
  readonly reordered: number;
  readonly longestLostMs: number;
  readonly longestGapMs: number;
}

/** Which numbers to look at, and when the looking began and ended. */
export interface ArrivalWindow {
  readonly fromSeq: number;
  /** The first that does not count any more. */
  readonly toSeq: number;
  readonly fromNs: MonotonicNs;
  readonly toNs: MonotonicNs;
  readonly hz: number;
}

/** The numbered datagrams that one receiver got. */
export class Arrivals {
  #times = new Uint8Array(FIRST_CAPACITY);
  #lateBy = new Uint8Array(FIRST_CAPACITY);
  #firstNs = new Float64Array(FIRST_CAPACITY);
  #highest = -1;

  get any(): boolean {
    return this.#highest >= 0;
  }

  received(seq: number, atNs: MonotonicNs): void {
    if (seq >= this.#times.length) this.#grow(seq);
    const times = this.#times[seq] ?? 0;
    if (times === 0) {
      this.#firstNs[seq] = atNs;
      if (seq < this.#highest) this.#lateBy[seq] = 1;
    }
    this.#times[seq] = Math.min(times + 1, 255);
    this.#highest = Math.max(this.#highest, seq);
  }

  report(window: ArrivalWindow): ArrivalFigures {
    const arrivals: number[] = [];
    let [received, duplicates, reordered, run, longestRun] = [0, 0, 0, 0, 0];
    for (let seq = window.fromSeq; seq < window.toSeq; seq += 1) {
      const times = this.#times[seq] ?? 0;
      run = times === 0 ? run + 1 : 0;
      longestRun = Math.max(longestRun, run);
      if (times === 0) continue;
      received += 1;
      duplicates += times - 1;
      reordered += this.#lateBy[seq] ?? 0;
      arrivals.push(this.#firstNs[seq] ?? 0);
    }
    return {
      received,
      lost: window.toSeq - window.fromSeq - received,
      duplicates,
      reordered,
      longestLostMs: (longestRun * 1000) / window.hz,
      longestGapMs: longestGap(arrivals, window) / 1e6,
    };
  }

  #grow(seq: number): void {
    const capacity = Math.max(this.#times.length * 2, seq + 1);
    const [times, lateBy, firstNs] = [new Uint8Array(capacity), new Uint8Array(capacity), new Float64Array(capacity)];
    times.set(this.#times);
    lateBy.set(this.#lateBy);
    firstNs.set(this.#firstNs);
    [this.#times, this.#lateBy, this.#firstNs] = [times, lateBy, firstNs];
  }
}

/** The time before the first and after the last arrival counts too: a flow that has died has a gap to the end. */
function longestGap(arrivals: number[], window: ArrivalWindow): number {
  const inside = arrivals.filter((ns) => ns >= window.fromNs && ns <= window.toNs).sort((a, b) => a - b);
  return longestStep([window.fromNs, ...inside, window.toNs]);
}

function longestStep(times: readonly number[]): number {
  let longest = 0;
  for (let i = 1; i < times.length; i += 1) longest = Math.max(longest, (times[i] ?? 0) - (times[i - 1] ?? 0));
  return longest;
}

/** A stream as its receiver saw it: how much, and the longest silence. */
export class StreamArrivals {
  #bytes = 0;
  #lastNs: MonotonicNs;
  #longestNs = 0;

  constructor(startNs: MonotonicNs) {
    this.#lastNs = startNs;
  }

  received(bytes: number, atNs: MonotonicNs): void {
    this.#bytes += bytes;
    this.#longestNs = Math.max(this.#longestNs, atNs - this.#lastNs);
    this.#lastNs = atNs;
  }

  /** Begins anew. */
  mark(atNs: MonotonicNs): void {
    this.#bytes = 0;
    this.#longestNs = 0;
    this.#lastNs = atNs;
  }

  report(nowNs: MonotonicNs): { readonly bytes: number; readonly longestStallMs: number } {
    return { bytes: this.#bytes, longestStallMs: Math.max(this.#longestNs, nowNs - this.#lastNs) / 1e6 };
  }
}
