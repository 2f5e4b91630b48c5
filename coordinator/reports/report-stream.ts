import { Backoff } from '../../platform/backoff.ts';
import { sleep } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import { NatsLink, type NatsOptions } from '../../platform/nats.ts';
import { describeError } from '../../platform/shunt-error.ts';

/** What is used of a NATS connection. */
export type ReportLink = Pick<NatsLink, 'connected' | 'state' | 'onState' | 'ensureStream' | 'consume'> &
  AsyncDisposable;

export interface ReportStreamOptions {
  readonly site: string;
  readonly servers: readonly string[];
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly logger: Logger;
  readonly onChange: () => void;
  /** Each report that arrives, once or more often; nothing is decided by it. */
  readonly onReport: (kind: string) => void;
  /** Default: a real connection. */
  readonly openLink?: (options: NatsOptions) => ReportLink;
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
  readonly #link: ReportLink;
  readonly #subscription: Disposable;
  readonly #abort = new AbortController();
  readonly #work: Promise<void>;
  /** Resolved by the next change of the connection. */
  #changed = Promise.withResolvers<void>();
  /** Changes of the connection so far. */
  #changes = 0;
  #ensured = false;

  constructor(options: ReportStreamOptions) {
    this.#options = options;
    this.#link = (options.openLink ?? NatsLink.open)({
      servers: options.servers,
      name: `shunt-coordinator-${options.site}`,
      logger: options.logger,
    });
    this.#subscription = this.#link.onState(() => this.#onChange());
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
    this.#changed.resolve();
    await this.#work;
    await this.#link[Symbol.asyncDispose]();
  }

  /** Whatever connects next may be a server that lost the stream. */
  #onChange(): void {
    this.#ensured = false;
    this.#changes += 1;
    this.#changed.resolve();
    this.#options.onChange();
  }

  /** Ensures the stream once for each connection; reports are counted from the first time on. */
  async #run(): Promise<void> {
    const { signal } = this.#abort;
    let consuming: Promise<void> | undefined;
    while (!signal.aborted) {
      const changed = Promise.withResolvers<void>();
      this.#changed = changed;
      const seen = this.#changes;
      if (this.#link.connected && (await this.#ensureStream())) {
        if (seen === this.#changes) this.#ensured = true; // else it was another connection's, and is ensured again
        this.#options.onChange();
        consuming ??= this.#consume();
      }
      if (!signal.aborted) await changed.promise;
    }
    await consuming;
  }

  /** Goes on after any error, until the end. */
  async #consume(): Promise<void> {
    const { site, logger, onReport } = this.#options;
    const { signal } = this.#abort;
    const backoff = new Backoff({ firstMs: 200, maxMs: 5_000 });
    const spec = {
      stream: streamName,
      durable: `coordinator-${site}`,
      filterSubjects: [`shunt.v1.${site}.>`],
      signal,
    };
    while (!signal.aborted) {
      try {
        await this.#link.consume(spec, async ({ subject }) => {
          backoff.reset();
          onReport(subject.split('.').at(-1) ?? '');
        });
      } catch (error) {
        if (!signal.aborted) logger.error({ why: describeError(error) }, 'counting reports stopped, begins anew');
      }
      await sleep(backoff.nextMs(), signal).catch(() => undefined); // aborted: the loop looks
    }
  }

  /** False: ended, or the connection was lost, before it came about. */
  async #ensureStream(): Promise<boolean> {
    const { site, maxAgeMs, maxBytes, logger } = this.#options;
    const backoff = new Backoff({ firstMs: 200, maxMs: 5_000 });
    const { signal } = this.#abort;
    let told = '';
    while (!signal.aborted && this.#link.connected) {
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
