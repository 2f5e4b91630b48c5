import {
  JetStreamApiCodes,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { Backoff } from './backoff.ts';
import { sleep } from './clock.ts';
import type { Logger } from './log.ts';
import { type ConsumeSpec, consumeForEver, type ReceivedReport } from './nats-consumer.ts';
import { connectNats } from './nats-transport.ts';
import { describeError, ShuntError } from './shunt-error.ts';

export interface NatsState {
  readonly kind: 'connecting' | 'connected' | 'disconnected' | 'closed';
  /** Wall clock. */
  readonly sinceMs: number;
  readonly reason: string;
}

export type PublishResult =
  | { readonly kind: 'acked'; readonly stream: string; readonly seq: number; readonly duplicate: boolean }
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface StreamSpec {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  /** How long JetStream remembers message ids; default 2 min, at most `maxAgeMs`. */
  readonly duplicateWindowMs?: number;
  /** Default file. */
  readonly storage?: 'file' | 'memory';
}

export interface NatsOptions {
  readonly servers: readonly string[];
  /** Shown in the server's monitoring. */
  readonly name: string;
  readonly logger: Logger;
}

const publishTimeoutMs = 5_000;
const connectTimeoutMs = 3_000;

/**
 * A NATS connection that is never in anybody's way: it connects behind, for ever, and what cannot be done now says so at once. For
 * reports only, never for anything that safety depends on.
 */
export class NatsLink implements AsyncDisposable {
  readonly #options: NatsOptions;
  readonly #listeners = new Set<(state: NatsState) => void>();
  readonly #stop = new AbortController();
  #connection: NatsConnection | undefined;
  #state: NatsState = { kind: 'connecting', sinceMs: Date.now(), reason: 'not connected yet' };
  #loop: Promise<void> | undefined;

  private constructor(options: NatsOptions) {
    this.#options = options;
  }

  static open(options: NatsOptions): NatsLink {
    const link = new NatsLink(options);
    link.#loop = link.#keepConnected();
    return link;
  }

  get state(): NatsState {
    return this.#state;
  }

  get connected(): boolean {
    return this.#state.kind === 'connected';
  }

  /** Tells every change from now on. */
  onState(listener: (state: NatsState) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Publishes to JetStream and waits for its word. Never throws; `unavailable` may have arrived all the same (the id sorts that out). */
  async publish(
    subject: string,
    payload: string,
    options: { readonly msgId: string; readonly timeoutMs?: number },
  ): Promise<PublishResult> {
    const connection = this.#connection;
    if (connection === undefined || !this.connected) return { kind: 'unavailable', reason: this.#state.reason };
    try {
      const ack = await jetstream(connection).publish(subject, payload, {
        msgID: options.msgId,
        timeout: options.timeoutMs ?? publishTimeoutMs,
      });
      return { kind: 'acked', stream: ack.stream, seq: ack.seq, duplicate: ack.duplicate };
    } catch (error) {
      return { kind: 'unavailable', reason: describeError(error) };
    }
  }

  /** Makes the stream, or gives it these limits. Fails with `nats-unavailable`, to be tried again. */
  async ensureStream(spec: StreamSpec): Promise<void> {
    const doing = `making the stream ${spec.name}`;
    const connection = this.#connection;
    if (connection === undefined || !this.connected) {
      throw new ShuntError('nats-unavailable', `${doing}: ${this.#state.reason}`);
    }
    const config: Partial<StreamConfig> & { name: string } = {
      name: spec.name,
      subjects: [...spec.subjects],
      max_age: nanos(spec.maxAgeMs),
      max_bytes: spec.maxBytes,
      storage: spec.storage ?? 'file',
      duplicate_window: nanos(Math.min(spec.duplicateWindowMs ?? 120_000, spec.maxAgeMs)), // the server refuses more
    };
    try {
      const { streams } = await jetstreamManager(connection);
      if (await streamExists(() => streams.info(spec.name))) await streams.update(spec.name, config);
      else await streams.add(config);
    } catch (cause) {
      throw new ShuntError('nats-unavailable', doing, { cause, detail: { stream: spec.name } });
    }
  }

  /**
   * `Nats-Msg-Id` of one message of a stream: that with this number, or the last on a subject (wildcards allowed). Undefined: there is none.
   * Fails with `nats-unavailable`; `detail.away` when there is no connection or no such stream. A stream without messages is asked for none:
   * nats-server 2.9.10 crashes when it is asked for one of a stream that it is just making (docs/facts.md).
   */
  async messageId(
    stream: string,
    which: { readonly seq: number } | { readonly lastOn: string },
  ): Promise<string | undefined> {
    const doing = `asking the stream ${stream} what it has`;
    const connection = this.#connection;
    if (connection === undefined || !this.connected) {
      throw new ShuntError('nats-unavailable', `${doing}: ${this.#state.reason}`, { detail: { away: true } });
    }
    try {
      const { streams } = await jetstreamManager(connection, { checkAPI: false });
      const { state } = await streams.info(stream);
      if (state.messages === 0) return undefined;
      const query = 'seq' in which ? { seq: which.seq } : { last_by_subj: which.lastOn };
      const message = await streams.getMessage(stream, query);
      return message?.header.get('Nats-Msg-Id') || undefined;
    } catch (cause) {
      const known = cause instanceof JetStreamApiError;
      const missing = known && cause.code === JetStreamApiCodes.StreamNotFound;
      throw new ShuntError('nats-unavailable', doing, { cause, detail: { away: missing || !this.connected } });
    }
  }

  /**
   * Hands every message of a durable consumer to `handle`, one at a time, and acknowledges when that resolves; one that it throws for comes
   * again. Goes on over losses of the connection, until the signal aborts. At least once: after a kill -9 of the server acknowledged
   * messages come again, `redelivered` false, so `handle` must know a message by its `msgId`.
   */
  consume(spec: ConsumeSpec, handle: (message: ReceivedReport) => Promise<void>): Promise<void> {
    const signal = AbortSignal.any([spec.signal, this.#stop.signal]);
    const connection = (): NatsConnection | undefined => (this.connected ? this.#connection : undefined);
    return consumeForEver({ ...spec, signal }, { connection, logger: this.#options.logger, handle });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the NATS link was closed'));
    await this.#connection?.close();
    await this.#loop;
    this.#become('closed', 'closed');
  }

  /** The client reconnects by itself; it gives up for some errors (authorization), and then we begin anew. */
  async #keepConnected(): Promise<void> {
    const backoff = new Backoff({ firstMs: 250, maxMs: 15_000 });
    while (!this.#stop.signal.aborted) {
      try {
        const connection = await this.#connect();
        backoff.reset();
        if (this.#stop.signal.aborted) return; // closed already: its status would never come to an end
        await this.#follow(connection);
      } catch (error) {
        this.#become('disconnected', describeError(error));
      }
      await sleep(backoff.nextMs(), this.#stop.signal).catch(() => undefined); // aborted: the loop ends above
    }
  }

  async #connect(): Promise<NatsConnection> {
    const connection = await connectNats({
      servers: [...this.#options.servers],
      name: this.#options.name,
      timeout: connectTimeoutMs,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      reconnectJitter: 500,
      pingInterval: 20_000,
      maxPingOut: 2,
    });
    this.#connection = connection;
    if (this.#stop.signal.aborted)
      await connection.close(); // disposed while we connected
    else this.#become('connected', `connected to ${connection.getServer()}`);
    return connection;
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.#become('disconnected', `lost the connection to ${status.server}`);
      if (status.type === 'reconnect') this.#become('connected', `connected to ${status.server}`);
      if (status.type === 'close') break;
    }
    const error = await connection.closed();
    this.#connection = undefined;
    if (!this.#stop.signal.aborted) this.#become('disconnected', error?.message ?? 'the connection was closed');
  }

  #become(kind: NatsState['kind'], reason: string): void {
    if (this.#state.kind === kind && this.#state.reason === reason) return;
    const changed = this.#state.kind !== kind;
    this.#state = { kind, sinceMs: changed ? Date.now() : this.#state.sinceMs, reason };
    if (!changed) return;
    this.#options.logger.info({ nats: kind, reason }, 'NATS connection changed');
    for (const listener of [...this.#listeners]) listener(this.#state);
  }
}

async function streamExists(info: () => Promise<unknown>): Promise<boolean> {
  try {
    await info();
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return false;
    throw error;
  }
}
