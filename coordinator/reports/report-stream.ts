import { Backoff } from '../../platform/backoff.ts';
import { sleep } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import { NatsLink } from '../../platform/nats.ts';
import { describeError } from '../../platform/shunt-error.ts';

export interface ReportStreamOptions {
  readonly site: string;
  readonly servers: readonly string[];
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly logger: Logger;
  readonly onChange: () => void;
  /** Each report that arrives, once or more often; nothing is decided by it. */
  readonly onReport: (kind: string) => void;
}

const streamName = 'SHUNT';
/** JetStream remembers message ids for so long (its own default). */
const duplicateWindowMs = 120_000;

/**
 * NATS as the coordinator needs it: the stream must exist, and the connection must stand, or nothing new is started. Reports that
 * arrive are only counted.
 */
export class ReportStream implements AsyncDisposable {
  readonly #options: ReportStreamOptions;
  readonly #link: NatsLink;
  readonly #subscription: Disposable;
  readonly #abort = new AbortController();
  readonly #work: Promise<void>;
  #ensured = false;

  constructor(options: ReportStreamOptions) {
    this.#options = options;
    this.#link = NatsLink.open({
      servers: options.servers,
      name: `shunt-coordinator-${options.site}`,
      logger: options.logger,
    });
    this.#subscription = this.#link.onState(() => options.onChange());
    this.#work = this.#run();
  }

  /** Connected, and the stream is there. */
  get ready(): boolean {
    return this.#link.connected && this.#ensured;
  }

  get reason(): string {
    if (!this.#link.connected) return `NATS is ${this.#link.state.kind}: ${this.#link.state.reason}`;
    return this.#ensured ? 'connected' : `the stream ${streamName} is not there yet`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    this.#subscription[Symbol.dispose]();
    await this.#work;
    await this.#link[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const { site, logger, onReport, onChange } = this.#options;
    if (!(await this.#ensureStream())) return;
    this.#ensured = true;
    onChange();
    const spec = {
      stream: streamName,
      durable: `coordinator-${site}`,
      filterSubjects: [`shunt.v1.${site}.>`],
      signal: this.#abort.signal,
    };
    try {
      await this.#link.consume(spec, async ({ subject }) => onReport(subject.split('.').at(-1) ?? ''));
    } catch (error) {
      if (!this.#abort.signal.aborted) logger.error({ why: describeError(error) }, 'reports are not counted any more');
    }
  }

  /** False: ended before it came about. */
  async #ensureStream(): Promise<boolean> {
    const { site, maxAgeMs, maxBytes, logger } = this.#options;
    const backoff = new Backoff({ firstMs: 200, maxMs: 5_000 });
    const { signal } = this.#abort;
    let told = '';
    while (!signal.aborted) {
      try {
        await this.#link.ensureStream({
          name: streamName,
          subjects: [`shunt.v1.${site}.>`],
          maxAgeMs,
          maxBytes,
          duplicateWindowMs,
          storage: 'file',
        });
        return true;
      } catch (error) {
        const why = describeError(error);
        if (why !== told && this.#link.connected) logger.warn({ why }, `the stream ${streamName} cannot be made yet`);
        told = why;
        await sleep(backoff.nextMs(), signal).catch(() => undefined); // aborted: the loop looks
      }
    }
    return false;
  }
}
