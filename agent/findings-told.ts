import type { Finding } from '../domain/findings.ts';
import type { Logger } from '../platform/log.ts';
import type { Reporter } from './cutover/ports.ts';

export interface FindingsOptions {
  readonly logger: Logger;
  readonly reporter: Reporter;
  readonly onTold: (finding: Finding) => void;
}

/** The newest of them are shown by `shunt-agent status`. */
const keptMax = 100;

const levels = { info: 'info', warning: 'warn', error: 'error' } as const satisfies Record<
  Finding['severity'],
  keyof Logger
>;

/** Tells each finding once to the log and to those who hear reports, and keeps the newest. */
export class FindingsTold {
  readonly #options: FindingsOptions;
  readonly #kept: Finding[] = [];

  constructor(options: FindingsOptions) {
    this.#options = options;
  }

  /** Oldest first. */
  get all(): readonly Finding[] {
    return this.#kept;
  }

  tell(finding: Finding, epoch?: number): void {
    const { logger, reporter, onTold } = this.#options;
    this.#kept.push(finding);
    if (this.#kept.length > keptMax) this.#kept.shift();
    onTold(finding);
    const about = finding.tap === undefined ? {} : { tap: finding.tap };
    logger[levels[finding.severity]]({ ...about, kind: finding.kind }, finding.message);
    reporter.report('finding', { ...finding, ...(epoch === undefined ? {} : { epoch }) });
  }
}
