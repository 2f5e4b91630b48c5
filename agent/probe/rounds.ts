import type { ProbeResult, Vantage } from '../../domain/probes.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import type { Frame } from '../../platform/frame-parser.ts';
import type { RawPort } from './raw-port.ts';

/** One guest to be asked from one vantage, and how its answer is told from everybody else's. */
export interface Question {
  readonly vantage: Vantage;
  readonly tap: string;
  readonly portId: string;
  /** Where the answer is heard. */
  readonly port: RawPort;
  ask(round: number): void;
  isAnswer(frame: Frame): boolean;
}

export interface RoundsOptions {
  /** Rounds asked in any case; the judge wants several. */
  readonly roundsMin: number;
  /** Rounds asked of whoever has not answered yet. */
  readonly roundsMax: number;
  readonly intervalMs: number;
  readonly signal?: AbortSignal;
}

/** Asks all questions in rounds and counts the answers. Ends early, once `roundsMin` are over and everybody has answered. */
export async function askInRounds(
  questions: readonly Question[],
  options: RoundsOptions,
): Promise<readonly ProbeResult[]> {
  const tallies = questions.map((question) => new Tally(question));
  const byPort = Map.groupBy(tallies, (tally) => tally.question.port);
  using listening = new DisposableStack();
  for (const [port, heard] of byPort) {
    listening.use(port.listen((frame, atMs) => heard.find((tally) => tally.question.isAnswer(frame))?.answer(atMs)));
  }
  for (let round = 0; round < options.roundsMax; round += 1) {
    const due = round < options.roundsMin ? tallies : tallies.filter((tally) => !tally.answered);
    if (due.length === 0 || options.signal?.aborted) break;
    for (const tally of due) tally.ask(round);
    await sleep(options.intervalMs, options.signal).catch(() => undefined);
  }
  return tallies.map((tally) => tally.result());
}

class Tally {
  readonly question: Question;
  #sent = 0;
  #answered = 0;
  #askedAtMs = 0;
  #open = false;
  readonly #rttsMs: number[] = [];

  constructor(question: Question) {
    this.question = question;
  }

  get answered(): boolean {
    return this.#answered > 0;
  }

  ask(round: number): void {
    this.#sent += 1;
    this.#open = true;
    this.#askedAtMs = systemClock.monotonicMs();
    this.question.ask(round);
  }

  /** One answer a round: a second one (two responders, a flood) proves no more than the first. */
  answer(atMs: number): void {
    if (!this.#open) return;
    this.#open = false;
    this.#answered += 1;
    this.#rttsMs.push(Math.max(0, atMs - this.#askedAtMs));
  }

  result(): ProbeResult {
    const { vantage, tap, portId } = this.question;
    const median = this.#rttsMs.toSorted((a, b) => a - b)[Math.floor(this.#rttsMs.length / 2)];
    const counted = { vantage, tap, portId, sent: this.#sent, answered: this.#answered };
    return median === undefined ? counted : { ...counted, rttMs: Math.round(median * 1000) / 1000 };
  }
}
