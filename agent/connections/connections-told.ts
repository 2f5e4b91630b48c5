import type { Finding } from '../../domain/findings.ts';
import type { Logger } from '../../platform/log.ts';
import type { Reporter, ToldConnections } from '../cutover/ports.ts';

export interface TellOptions {
  readonly logger: Logger;
  readonly reporter: Reporter;
  readonly onFinding: (finding: Finding, epoch: number) => void;
  readonly systemId: string;
}

/**
 * Tells what came of copying open connections, batch by batch, and keeps what was left out in the newest attempt that copied any, so
 * that it is shown as long as that attempt is the newest one.
 */
export class ConnectionsTold {
  readonly #options: TellOptions;
  #epoch = 0;
  #left = 0;
  #unknown: string | undefined;

  constructor(options: TellOptions) {
    this.#options = options;
  }

  tell(told: ToldConnections, epoch: number): void {
    const to = this.#options;
    if (epoch !== this.#epoch) [this.#epoch, this.#left, this.#unknown] = [epoch, 0, undefined];
    this.#left += told.left ?? 0;
    if (told.left === undefined) this.#unknown = told.text;
    to.logger.info({ epoch, left: told.left ?? null }, told.text);
    to.reporter.report('step', { epoch, step: 'seed-connections', text: told.text, left: told.left ?? null });
    if (told.left !== 0) to.onFinding(this.#finding(told.text), epoch);
  }

  /** What stands against this attempt. */
  standing(epoch: number | undefined): readonly Finding[] {
    if (epoch !== this.#epoch) return [];
    if (this.#unknown !== undefined) return [this.#finding(this.#unknown)];
    if (this.#left === 0) return [];
    return [this.#finding(`${this.#left} open connections were not copied by attempt ${epoch}`)];
  }

  #finding(what: string): Finding {
    const message = `${what}: one that is left out goes on when its guest is the next to speak, or under the grace rules; else it ends`;
    return { kind: 'connections-left', severity: 'warning', host: this.#options.systemId, message };
  }
}
