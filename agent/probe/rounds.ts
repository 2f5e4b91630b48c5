import type { ProbeResult, Vantage } from '../../domain/probes.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import type { Frame } from '../../platform/frame-parser.ts';
import type { RawPort } from './raw-port.ts';
import { Tally } from './tally.ts';

/** One guest to be asked from one vantage, and how its answer is told from everybody else's. */
export interface Question {
  readonly vantage: Vantage;
  readonly tap: string;
  readonly portId: string;
  readonly byIp?: boolean;
  /** Where the answer is heard. */
  readonly port: RawPort;
  ask(round: number): void;
  isAnswer(frame: Frame): boolean;
  /** Which round a frame answers to, where answers tell. Absent: the newest that is open. */
  roundOf?(frame: Frame): number | undefined;
  /** The same in full-size frames that nobody may cut up; asked of whoever answers to small ones. */
  readonly large?: Pick<Question, 'ask' | 'isAnswer' | 'roundOf'>;
}

export interface RoundsOptions {
  /** Rounds asked in any case; the judge wants several. */
  readonly roundsMin: number;
  /** Rounds asked of those of whom more has to be known. */
  readonly roundsMax: number;
  readonly intervalMs: number;
  /** Nothing more need be known of this guest from there. */
  readonly isEnough: (result: ProbeResult) => boolean;
  readonly signal?: AbortSignal;
}

/** An answer counts for so long after its question: a path that delays frames has lost none. */
export const answerWithinMs = 1_000;
const lateLookMs = 20;

/**
 * Asks all questions in rounds and counts the answers. Ends early, once `roundsMin` are over and enough is known of everybody; otherwise
 * late answers are waited for at the end.
 */
export async function askInRounds(
  questions: readonly Question[],
  options: RoundsOptions,
): Promise<readonly ProbeResult[]> {
  const asked = questions.map((question) => new Asked(question));
  using listening = new DisposableStack();
  for (const [port, heard] of Map.groupBy(asked, (one) => one.question.port)) {
    listening.use(port.listen((frame, atMs) => void heard.some((one) => one.hear(frame, atMs))));
  }
  const { roundsMin, roundsMax, intervalMs, isEnough, signal } = options;
  for (let round = 0; round < roundsMax; round += 1) {
    const due = round < roundsMin ? asked : asked.filter((one) => !isEnough(one.result()));
    if (due.length === 0 || signal?.aborted) break;
    for (const one of due) one.ask(round);
    await sleep(intervalMs, signal).catch(() => undefined);
  }
  for (let left = asked; left.length > 0 && signal?.aborted !== true; ) {
    left = left.filter((one) => one.isWaiting(systemClock.monotonicMs()) && !isEnough(one.result()));
    if (left.length > 0) await sleep(lateLookMs, signal).catch(() => undefined);
  }
  return asked.map((one) => one.result());
}

/** What was asked of one guest from one vantage, in small frames and in large ones. */
class Asked {
  readonly question: Question;
  readonly #small = new Tally(answerWithinMs);
  readonly #large = new Tally(answerWithinMs);

  constructor(question: Question) {
    this.question = question;
  }

  /** Large ones only once a small one was answered: a guest that cannot answer would keep them waiting in its kernel (docs/facts.md). */
  ask(round: number): void {
    const nowMs = systemClock.monotonicMs();
    const { large } = this.question;
    if (large !== undefined && this.#small.answered > 0) {
      this.#large.asked(round, nowMs);
      large.ask(round);
    }
    this.#small.asked(round, nowMs);
    this.question.ask(round);
  }

  /** True when the frame was an answer to one of these questions. */
  hear(frame: Frame, atMs: number): boolean {
    const { question } = this;
    if (question.large?.isAnswer(frame) === true) {
      this.#large.answer(atMs, question.large.roundOf?.(frame));
      return true;
    }
    if (!question.isAnswer(frame)) return false;
    this.#small.answer(atMs, question.roundOf?.(frame));
    return true;
  }

  /** An answer may still come. */
  isWaiting(nowMs: number): boolean {
    return this.#small.isWaiting(nowMs) || this.#large.isWaiting(nowMs);
  }

  result(): ProbeResult {
    const { vantage, tap, portId, byIp } = this.question;
    const { sent, answered, medianMs } = this.#small;
    return {
      vantage,
      tap,
      portId,
      ...(byIp === undefined ? {} : { byIp }),
      sent,
      answered,
      ...(medianMs === undefined ? {} : { rttMs: Math.round(medianMs * 1000) / 1000 }),
      ...(this.#large.sent === 0 ? {} : { largeSent: this.#large.sent, largeAnswered: this.#large.answered }),
    };
  }
}
