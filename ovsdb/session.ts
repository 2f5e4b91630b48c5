import type { Duplex } from 'node:stream';
import { abortedError, describeServerError, isOvsdbError, OvsdbError, serverError } from './errors.ts';
import { MessageSplitter } from './framing.ts';
import { parseJson, stringifyJson } from './json.ts';
import { checkNotification, type IncomingMessage, readMessage } from './message.ts';
import { MessageTimer } from './message-timer.ts';
import { checkDuration, startTimer } from './timer.ts';

/** Bounds of one connection. */
export interface SessionLimits {
  /** Idle time before an echo is sent; as long again without a byte and the connection is lost. 0 and Infinity turn it off. */
  readonly probeIntervalMs: number;
  /** Infinity: no limit. */
  readonly requestTimeoutMs: number;
  readonly messageBytesMax: number;
  /**
   * From the first byte of an inbound message to its last; then the connection is lost. A server that stopped in the middle of one may go on to answer
   * probes, and nothing of it can be read any more. Infinity: no limit.
   */
  readonly messageTimeoutMs: number;
  /** Values in one inbound message, small ones too: what they take when they are read is not told by their bytes. Infinity: no limit. */
  readonly messageValuesMax: number;
  readonly outboundBytesMax: number;
  readonly requestsMax: number;
}

export const DEFAULT_LIMITS: SessionLimits = {
  probeIntervalMs: 5_000,
  requestTimeoutMs: 30_000,
  messageBytesMax: 256 * 1024 * 1024, // V8's strings end at 512 MiB
  messageTimeoutMs: 60_000,
  messageValuesMax: Number.POSITIVE_INFINITY,
  outboundBytesMax: 64 * 1024 * 1024,
  requestsMax: 10_000,
};

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /**
   * A reply that comes too late would leave us with another idea of the connection than the server has (a monitor, a lock). It has no
   * limit while the probe sees that the peer lives; without a probe the connection ends with the limit.
   */
  readonly lasting?: boolean;
  /** The request may change the database: once it is sent, no reply means `unknown-outcome`. */
  readonly changes?: boolean;
  /**
   * Called with the result in the order of the wire, before the next message is looked at; a promise's continuation would run after
   * notifications that came in the same chunk. What it throws breaks the session.
   */
  readonly onResult?: (result: unknown) => void;
}

export interface SessionHandlers {
  notification(method: string, params: readonly unknown[]): void;
  /** Once, when the session has ended; every open request has been rejected by then. */
  ended(error: OvsdbError): void;
}

interface OpenRequest {
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: OvsdbError) => void;
  /** Takes the request off and rejects it; turns into `unknown-outcome` what may have been done. */
  readonly fail: (error: OvsdbError) => void;
  readonly release: () => void;
  readonly onResult: ((result: unknown) => void) | undefined;
}

/** JSON-RPC 1.0 as of RFC 7047 section 4 on one connected stream, which it owns. Nothing is queued behind a timer. */
export class Session {
  readonly #stream: Duplex;
  readonly #limits: SessionLimits;
  readonly #handlers: SessionHandlers;
  readonly #splitter: MessageSplitter;
  readonly #open = new Map<number, OpenRequest>();
  /** Given up by us; the server answers them nevertheless, each once. */
  readonly #abandoned = new Set<number>();
  readonly #probe: NodeJS.Timeout | undefined;
  readonly #closed = Promise.withResolvers<void>();
  readonly #unfinished: MessageTimer;
  #heard = false;
  #probing = false;
  #probesOpen = 0;
  #lastId = 0;
  #error: OvsdbError | undefined;

  constructor(stream: Duplex, handlers: SessionHandlers, limits: Partial<SessionLimits> = {}) {
    this.#stream = stream;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#handlers = handlers;
    this.#splitter = new MessageSplitter(this.#limits.messageBytesMax, this.#limits.messageValuesMax);
    const { probeIntervalMs, requestTimeoutMs, messageTimeoutMs } = this.#limits;
    checkDuration('probeIntervalMs', probeIntervalMs);
    checkDuration('requestTimeoutMs', requestTimeoutMs);
    checkDuration('messageTimeoutMs', messageTimeoutMs);
    this.#unfinished = new MessageTimer(messageTimeoutMs, () =>
      this.destroy(lost(`a message that began ${messageTimeoutMs} ms ago has not ended`)),
    );
    if (probeIntervalMs > 0) this.#probe = startTimer(() => this.#onIdle(), probeIntervalMs);
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.on('error', (cause: Error) => this.destroy(lost(cause.message, cause)));
    stream.on('end', () => this.destroy(this.#endedByServer()));
    stream.on('close', () => {
      this.destroy(lost('it was closed'));
      this.#closed.resolve();
    });
  }

  /** The server has said anything. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Why it ended; undefined while it lives. */
  get error(): OvsdbError | undefined {
    return this.#error;
  }

  /** Resolves when the stream is gone. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /**
   * Sends a request; resolves with its result.
   * @throws OvsdbError `rpc-error` with the server's words, `connection-lost`, `timed-out`, `aborted`, or `unknown-outcome` in place
   * of these three when `changes` is set; `not-connected`, `too-large`, `overloaded` when nothing was sent.
   */
  request(method: string, params: unknown, options: RequestOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      checkDuration('timeoutMs', options.timeoutMs);
      if (signal?.aborted) return reject(abortedError(signal, method));
      const unanswered = this.#open.size + this.#abandoned.size;
      if (unanswered >= this.#limits.requestsMax) {
        return reject(new OvsdbError('overloaded', `${method}: ${unanswered} requests wait for a reply`));
      }
      const id = ++this.#lastId;
      try {
        this.#send({ method, params, id });
      } catch (error) {
        return reject(error);
      }
      this.#open.set(id, this.#openRequest(id, method, { resolve, reject }, options));
    });
  }

  /** Sends a message that has no reply. */
  notify(method: string, params: unknown): void {
    this.#send({ method, params, id: null });
  }

  /** Ends the session; the first error stays. Open requests are rejected before this returns. */
  destroy(error: OvsdbError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    clearTimeout(this.#probe);
    this.#unfinished.stop();
    this.#stream.destroy();
    for (const request of [...this.#open.values()]) request.fail(error);
    this.#handlers.ended(error);
  }

  #openRequest(
    id: number,
    method: string,
    promise: { resolve: (result: unknown) => void; reject: (error: OvsdbError) => void },
    options: RequestOptions,
  ): OpenRequest {
    const { signal, changes = false, lasting = false } = options;
    const timeoutMs = options.timeoutMs ?? this.#limitOf(lasting);
    const release = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#open.delete(id);
    };
    const fail = (error: OvsdbError): void => {
      release();
      promise.reject(
        changes ? new OvsdbError('unknown-outcome', `${method} was sent and has no reply`, { cause: error }) : error,
      );
    };
    const giveUp = (error: OvsdbError): void => {
      fail(error);
      this.#abandoned.add(id);
      if (method === 'transact') this.#cancel(id);
    };
    const onAbort = (): void => giveUp(abortedError(signal as AbortSignal, method)); // registered on a signal only
    const onTimeout = (): void => {
      const error = new OvsdbError('timed-out', `${method} had no reply in ${timeoutMs} ms`);
      if (lasting) this.destroy(error);
      else giveUp(error);
    };
    const timer = startTimer(onTimeout, timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    return { method, ...promise, fail, release, onResult: options.onResult };
  }

  #limitOf(lasting: boolean): number {
    return lasting && this.#probe !== undefined ? Number.POSITIVE_INFINITY : this.#limits.requestTimeoutMs;
  }

  /** A transaction that still waits for a condition is dropped by the server (RFC 7047 section 4.1.4); else this does nothing. */
  #cancel(id: number): void {
    try {
      this.notify('cancel', [id]);
    } catch {
      // The queue is full or the connection gone; the outcome is already reported as unknown.
    }
  }

  #send(message: unknown): void {
    if (this.#error !== undefined) throw new OvsdbError('not-connected', 'no connection', { cause: this.#error });
    const bytes = Buffer.from(stringifyJson(message));
    const { outboundBytesMax } = this.#limits;
    if (bytes.length > outboundBytesMax) {
      throw new OvsdbError('too-large', `a message of ${bytes.length} bytes is over ${outboundBytesMax}`);
    }
    if (this.#stream.writableLength + bytes.length > outboundBytesMax) {
      throw new OvsdbError('overloaded', `${this.#stream.writableLength} bytes wait to be sent`);
    }
    this.#stream.write(bytes);
  }

  #onData(chunk: Buffer): void {
    if (this.#error !== undefined) return; // refresh() would wake the timer that destroy() has cleared
    this.#heard = true;
    this.#probing = false;
    this.#probe?.refresh();
    try {
      let ended = false;
      for (const message of this.#splitter.feed(chunk)) {
        if (this.#error !== undefined) return;
        ended = true;
        this.#onMessage(readMessage(parseJson(message)));
      }
      if (this.#error === undefined) this.#unfinished.update(this.#splitter.heldBytes > 0, ended);
    } catch (error) {
      this.destroy(
        isOvsdbError(error) ? error : new OvsdbError('protocol', 'a message could not be handled', { cause: error }),
      );
    }
  }

  #onMessage(message: IncomingMessage): void {
    switch (message.kind) {
      case 'reply':
        this.#onReply(message);
        return;
      case 'notification':
        checkNotification(message.method, message.params);
        this.#handlers.notification(message.method, message.params);
        return;
      case 'request':
        if (message.method === 'echo') this.#send({ id: message.id, result: message.params, error: null });
        else this.#send({ id: message.id, result: null, error: 'unknown method' });
    }
  }

  #onReply({ id, result, error }: Extract<IncomingMessage, { kind: 'reply' }>): void {
    if (id === PROBE_ID && this.#probesOpen > 0) {
      this.#probesOpen--;
      return;
    }
    const request = typeof id === 'number' ? this.#open.get(id) : undefined;
    if (request === undefined) {
      if (typeof id === 'number' && this.#abandoned.delete(id)) return;
      throw new OvsdbError('protocol', `a reply to ${JSON.stringify(id)}, which nobody asked`);
    }
    request.release();
    if (error !== undefined) {
      const server = serverError(error);
      request.reject(new OvsdbError('rpc-error', `${request.method}: ${describeServerError(server)}`, { server }));
      return;
    }
    try {
      request.onResult?.(result);
    } catch (failure) {
      request.reject(
        new OvsdbError('protocol', `the reply to ${request.method} could not be handled`, { cause: failure }),
      );
      throw failure;
    }
    request.resolve(result);
  }

  #endedByServer(): OvsdbError {
    const { heldBytes } = this.#splitter;
    if (heldBytes === 0) return lost('the server ended it');
    return lost(`the server ended it in the middle of a message of which ${heldBytes} bytes had come`);
  }

  #onIdle(): void {
    if (this.#probing) {
      this.destroy(lost(`no byte came in ${2 * this.#limits.probeIntervalMs} ms`));
      return;
    }
    this.#probing = true;
    this.#probe?.refresh();
    try {
      this.#send({ method: 'echo', params: [], id: PROBE_ID });
      this.#probesOpen++;
    } catch {
      // The queue is full: nothing drains, the next round ends it.
    }
  }
}

const PROBE_ID = 'echo';

function lost(why: string, cause?: unknown): OvsdbError {
  return new OvsdbError('connection-lost', `the connection was lost: ${why}`, cause === undefined ? {} : { cause });
}
