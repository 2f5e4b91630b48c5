/** Questions and answers of one kind: each question is answered once at most, and within its time. */
export class Tally {
  readonly #withinMs: number;
  /** When each question that is not answered yet was asked, by its round; oldest first. */
  readonly #open = new Map<number, number>();
  readonly #rttsMs: number[] = [];
  #sent = 0;

  constructor(withinMs: number) {
    this.#withinMs = withinMs;
  }

  get sent(): number {
    return this.#sent;
  }

  get answered(): number {
    return this.#rttsMs.length;
  }

  /** Median round trip; where answers do not tell their question, at least that. */
  get medianMs(): number | undefined {
    return this.#rttsMs.toSorted((a, b) => a - b)[Math.floor(this.#rttsMs.length / 2)];
  }

  asked(round: number, nowMs: number): void {
    this.#sent += 1;
    this.#open.set(round, nowMs);
  }

  /** A second answer to one question (two responders, a flood) proves no more than the first. */
  answer(atMs: number, round = [...this.#open.keys()].at(-1)): void {
    const askedAtMs = round === undefined ? undefined : this.#open.get(round);
    if (round === undefined || askedAtMs === undefined) return;
    this.#open.delete(round);
    if (atMs - askedAtMs <= this.#withinMs) this.#rttsMs.push(Math.max(0, atMs - askedAtMs));
  }

  /** An answer that counts may still come. */
  isWaiting(nowMs: number): boolean {
    return [...this.#open.values()].some((askedAtMs) => nowMs - askedAtMs <= this.#withinMs);
  }
}
