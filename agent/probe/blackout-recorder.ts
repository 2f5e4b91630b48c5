import { longestGap } from '../../domain/blackout/answer-gap.ts';
import type { Blackout } from '../../domain/probes.ts';
import { systemClock } from '../../platform/clock.ts';
import type { RawPort } from './raw-port.ts';
import type { Question } from './rounds.ts';

/** Questions a second that one agent asks in all, so that the measure does not slow what it measures. */
const asksPerSecondMax = 3200;
const intervalMinMs = 5;
/** An answer that is later than this is no answer: the next questions were answered before it. */
const answerWithinMs = 100;
/** Samples kept a tap: two minutes at the finest interval. */
const samplesMax = 24_000;

/** Asks every tap at a steady pace until stopped, and tells the longest gap of each. The questions are of vantage `wire`. */
export class BlackoutRecorder {
  readonly #traces: readonly Trace[];
  readonly #listening = new DisposableStack();
  readonly #intervalMs: number;
  readonly #timer: NodeJS.Timeout;

  constructor(questions: readonly Question[]) {
    this.#intervalMs = Math.max(intervalMinMs, Math.ceil((questions.length * 1000) / asksPerSecondMax));
    this.#traces = questions.map((question) => ({ question, sentAtMs: [], answeredAtMs: [] }));
    for (const [port, traces] of Map.groupBy(this.#traces, (trace) => trace.question.port)) this.#listen(port, traces);
    this.#timer = setInterval(() => this.#ask(), this.#intervalMs);
    this.#ask();
  }

  /** Ends the asking; a second call gives the same figures. */
  stop(): readonly Blackout[] {
    clearInterval(this.#timer);
    this.#listening.dispose();
    return this.#traces.map(({ question, sentAtMs, answeredAtMs }) => {
      const gap = longestGap({ sentAtMs, answeredAtMs }, answerWithinMs);
      return { tap: question.tap, portId: question.portId, resolutionMs: this.#intervalMs, ...gap };
    });
  }

  #ask(): void {
    for (const trace of this.#traces) {
      if (trace.sentAtMs.length >= samplesMax) continue;
      trace.sentAtMs.push(systemClock.monotonicMs());
      trace.question.ask(trace.sentAtMs.length);
    }
  }

  #listen(port: RawPort, traces: readonly Trace[]): void {
    const listening = port.listen((frame, atMs) => {
      traces.find((trace) => trace.question.isAnswer(frame))?.answeredAtMs.push(atMs);
    });
    this.#listening.use(listening);
  }
}

interface Trace {
  readonly question: Question;
  readonly sentAtMs: number[];
  readonly answeredAtMs: number[];
}
