import type { Logger } from '../../platform/log.ts';
import type { Stage } from '../cutover/execution.ts';
import type { Reporter } from '../cutover/ports.ts';

const delayMs = 300;
const waitingMax = 10_000;

/** Reports the stages of each tap's move, a moment later: nothing is formatted or written between a tap's leaving and its repair. */
export class StageReports implements Disposable {
  readonly #reporter: Reporter;
  readonly #logger: Logger;
  #waiting: { readonly stage: Stage; readonly epoch: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(reporter: Reporter, logger: Logger) {
    this.#reporter = reporter;
    this.#logger = logger;
  }

  add(stage: Stage, epoch: number): void {
    if (this.#waiting.length < waitingMax) this.#waiting.push({ stage, epoch });
    this.#timer ??= setTimeout(() => this.#flush(), delayMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const [key, found] of Map.groupBy(waiting, ({ stage, epoch }) => `${epoch} ${stage.tap}`)) {
      const [epoch = '0', tap = ''] = key.split(' ');
      const start = found[0]?.stage.atMs ?? 0;
      const stages = Object.fromEntries(found.map(({ stage }) => [stage.name, round(stage.atMs - start)]));
      this.#logger.debug({ epoch: Number(epoch), tap, stages }, 'moved');
      this.#reporter.report('step', { epoch: Number(epoch), tap, stages });
    }
  }
}

function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
