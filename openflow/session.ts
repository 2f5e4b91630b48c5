import type { Socket } from 'node:net';
import { MessageFramer, type RawMessage } from './framing.ts';
import {
  decodeFlowStatsReply,
  decodePacketIn,
  decodeRefusal,
  encodeBarrier,
  encodeEcho,
  encodeFlowStatsRequest,
  encodeHello,
  encodeSetConfig,
  type FlowFilter,
  type FlowStats,
  helloAllows13,
  messageTypes,
  type PacketIn,
} from './messages.ts';
import { OpenFlowError } from './openflow-error.ts';
import { WaitingRequests, type WaitOptions } from './waiting.ts';

export interface SessionOptions {
  readonly onReady: () => void;
  /** Once; nothing comes after it. */
  readonly onClosed: (reason: OpenFlowError) => void;
  readonly onPacketIn: ((packet: PacketIn) => void) | undefined;
  readonly onRefused: ((error: OpenFlowError) => void) | undefined;
  readonly requestTimeoutMs: number;
  readonly echoIntervalMs: number;
}

const unsentBytesMax = 8 * 1024 * 1024;
const refusalsMax = 64;

/** One connected socket from HELLO to its end. */
export class Session {
  readonly #socket: Socket;
  readonly #options: SessionOptions;
  readonly #framer = new MessageFramer();
  readonly #barriers = new WaitingRequests<undefined>();
  readonly #stats = new WaitingRequests<readonly FlowStats[]>();
  readonly #statsParts = new Map<number, FlowStats[]>();
  #echoTimer: NodeJS.Timeout | undefined;
  #heard = true;
  #ready = false;
  #closed = false;
  /** Number of the last message sent. The xid is its low 32 bits. */
  #sent = 0;
  /** Errors for messages that no barrier has confirmed yet. */
  #refusals: { readonly number: number; readonly error: OpenFlowError }[] = [];

  constructor(socket: Socket, options: SessionOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (chunk) => this.#received(chunk as Buffer)); // no encoding is set: Buffers
    socket.on('error', (cause) => this.close(new OpenFlowError('closed', cause.message, { cause })));
    socket.on('close', () => this.close(new OpenFlowError('closed', 'the switch closed the connection')));
    this.#echoTimer = setInterval(() => this.#beat(), options.echoIntervalMs);
    this.send(encodeHello);
  }

  /** Writes a message; it is made with the xid it is given. Throws `not-connected` when the switch does not read any more. */
  send(encode: (xid: number) => Buffer): number {
    if (this.#closed || this.#socket.writableLength > unsentBytesMax) {
      throw new OpenFlowError('not-connected', this.#closed ? 'the connection is closed' : 'the switch does not read');
    }
    const bytes = encode((this.#sent + 1) >>> 0); // may throw: then nothing was sent
    this.#sent += 1;
    this.#socket.write(bytes);
    return this.#sent;
  }

  async barrier(options: WaitOptions): Promise<void> {
    const number = this.send(encodeBarrier);
    await this.#barriers.wait(number, 'waiting for a barrier', this.#limits(options));
    const [first, ...others] = this.#takeRefusals(number);
    for (const { error } of others) this.#options.onRefused?.(error);
    if (first !== undefined) throw first.error;
  }

  async flowStats(filter: FlowFilter, options: WaitOptions): Promise<readonly FlowStats[]> {
    const number = this.send((xid) => encodeFlowStatsRequest(xid, filter));
    this.#statsParts.set(number, []);
    try {
      return await this.#stats.wait(number, 'listing flows', this.#limits(options));
    } finally {
      this.#statsParts.delete(number);
    }
  }

  close(reason: OpenFlowError): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#echoTimer);
    this.#socket.destroy();
    this.#barriers.rejectAll(reason);
    this.#stats.rejectAll(reason);
    this.#options.onClosed(reason);
  }

  #limits(options: WaitOptions): { readonly signal: AbortSignal | undefined; readonly timeoutMs: number } {
    return { signal: options.signal, timeoutMs: options.timeoutMs ?? this.#options.requestTimeoutMs };
  }

  #received(chunk: Buffer): void {
    this.#heard = true;
    const messages = this.#decoded(() => this.#framer.push(chunk)) ?? [];
    for (const message of messages) if (!this.#closed) this.#handle(message);
  }

  /** Undefined, and the end of the session, when the bytes make no sense. */
  #decoded<T>(decode: () => T): T | undefined {
    try {
      return decode();
    } catch (error) {
      if (!(error instanceof OpenFlowError || error instanceof RangeError)) throw error; // RangeError: cut short
      this.close(new OpenFlowError('protocol', `a message that cannot be read: ${error.message}`, { cause: error }));
      return undefined;
    }
  }

  #handle(message: RawMessage): void {
    switch (message.type) {
      case messageTypes.hello:
        this.#hello(message);
        return;
      case messageTypes.echoRequest:
        this.#write(encodeEcho('reply', message.xid, message.body));
        return;
      case messageTypes.error:
        this.#refused(message);
        return;
      case messageTypes.barrierReply:
        this.#barriers.resolve(this.#numberOf(message.xid), undefined);
        return;
      case messageTypes.multipartReply:
        this.#statsPart(message);
        return;
      case messageTypes.packetIn:
        this.#packetIn(message);
        return;
      default:
        return; // port status and what newer switches tell: not asked for
    }
  }

  #hello(message: RawMessage): void {
    if (this.#ready) return;
    if (!this.#decoded(() => helloAllows13(message))) {
      this.close(new OpenFlowError('protocol', 'the bridge does not allow OpenFlow 1.3 (its column protocols)'));
      return;
    }
    this.send(encodeSetConfig);
    this.#ready = true;
    this.#options.onReady();
  }

  #refused(message: RawMessage): void {
    const refusal = this.#decoded(() => decodeRefusal(message));
    if (refusal === undefined) return;
    const error = new OpenFlowError('refused', `the switch refused a message: ${refusal.name}, code ${refusal.code}`, {
      refusal,
    });
    if (!this.#ready) {
      this.close(new OpenFlowError('protocol', `the switch refused our HELLO: ${refusal.name}`, { refusal }));
      return;
    }
    const number = this.#numberOf(message.xid);
    if (this.#stats.reject(number, error) || this.#barriers.reject(number, error)) return;
    this.#refusals.push({ number, error });
    if (this.#refusals.length > refusalsMax) this.#refusals.shift();
    const awaited = [...this.#barriers.numbers()].some((barrier) => barrier > number);
    if (!awaited) this.#options.onRefused?.(error);
  }

  #takeRefusals(barrier: number): readonly { readonly number: number; readonly error: OpenFlowError }[] {
    const before = this.#refusals.filter((refusal) => refusal.number < barrier);
    this.#refusals = this.#refusals.filter((refusal) => refusal.number > barrier);
    return before;
  }

  #packetIn(message: RawMessage): void {
    const packet = this.#decoded(() => decodePacketIn(message.body));
    if (packet !== undefined) this.#options.onPacketIn?.(packet);
  }

  #statsPart(message: RawMessage): void {
    const number = this.#numberOf(message.xid);
    const parts = this.#statsParts.get(number);
    if (parts === undefined) return; // nobody waits any more
    const part = this.#decoded(() => decodeFlowStatsReply(message.body));
    if (part === undefined) return;
    parts.push(...part.flows);
    if (!part.more) this.#stats.resolve(number, parts);
  }

  /** The number of our message with this xid: the latest, since the low bits come again only after 2^32 messages. */
  #numberOf(xid: number): number {
    return this.#sent - ((this.#sent - xid) >>> 0);
  }

  #beat(): void {
    if (!this.#heard) {
      this.close(new OpenFlowError('closed', 'the switch does not answer echo requests'));
      return;
    }
    this.#heard = false;
    this.#write(encodeEcho('request', 0, Buffer.alloc(0)));
  }

  /** Keeps the connection itself alive; without a number of its own. */
  #write(bytes: Buffer): void {
    if (!this.#closed) this.#socket.write(bytes);
  }
}
