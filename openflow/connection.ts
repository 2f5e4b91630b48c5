import { connect } from 'node:net';
import {
  encodeAddFlow,
  encodeDeleteFlows,
  encodePacketOut,
  type FlowFilter,
  type FlowSpec,
  type FlowStats,
  type PacketIn,
  type PacketOut,
} from './messages.ts';
import { OpenFlowError } from './openflow-error.ts';
import { Session } from './session.ts';
import { WaitingRequests, type WaitOptions } from './waiting.ts';

export interface OpenFlowOptions {
  /** The bridge's management socket, `<OVS_RUNDIR>/<bridge>.mgmt`. */
  readonly path: string;
  readonly onPacketIn?: (packet: PacketIn) => void;
  /** After HELLO, and after each loss. Flows of a vswitchd that restarted are gone: put them back here. */
  readonly onState?: (connected: boolean, reason: string) => void;
  /** Errors for messages that no barrier waits for at that moment. */
  readonly onRefused?: (error: OpenFlowError) => void;
  /** Default 5 s. */
  readonly requestTimeoutMs?: number;
  /** A silent switch is given up after two of these; default 5 s. */
  readonly echoIntervalMs?: number;
}

const retryFirstMs = 20;
const retryMaxMs = 2_000;
const defaultTimeoutMs = 5_000;
/** ready() has no limit of its own beside its signal: this is the longest that a timer takes. */
const foreverMs = 2_147_483_647;

/**
 * A connection to one bridge that comes back by itself. What was sent is never sent again: after a loss its outcome is unknown
 * (`closed`), and the caller looks.
 */
export class OpenFlowConnection implements AsyncDisposable {
  readonly #options: OpenFlowOptions;
  readonly #readiness = new WaitingRequests<undefined>();
  #session: Session | undefined;
  #connected = false;
  #closed = false;
  #retryMs = retryFirstMs;
  #retryTimer: NodeJS.Timeout | undefined;
  #readyNumber = 0;

  private constructor(options: OpenFlowOptions) {
    this.#options = options;
  }

  /** Returns at once; connects and reconnects behind. */
  static open(options: OpenFlowOptions): OpenFlowConnection {
    const connection = new OpenFlowConnection(options);
    connection.#connect();
    return connection;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Resolves when messages can be sent. */
  ready(signal?: AbortSignal): Promise<void> {
    if (this.#connected) return Promise.resolve();
    if (this.#closed) return Promise.reject(new OpenFlowError('closed', 'the connection was disposed'));
    this.#readyNumber += 1;
    const what = `connecting to ${this.#options.path}`;
    return this.#readiness.wait(this.#readyNumber, what, { signal, timeoutMs: foreverMs });
  }

  /** Sends a frame into the bridge. Nothing tells that it arrived: errors come to `onRefused` or to the next barrier. */
  packetOut(packet: PacketOut): void {
    this.#live().send((xid) => encodePacketOut(xid, packet));
  }

  /** Adds a flow, or replaces the one of equal table, match and priority. In place for sure after {@link barrier}. */
  addFlow(flow: FlowSpec): void {
    this.#live().send((xid) => encodeAddFlow(xid, flow));
  }

  /** Deletes every flow of the filter; none is no error. */
  deleteFlows(filter: FlowFilter): void {
    this.#live().send((xid) => encodeDeleteFlows(xid, filter));
  }

  /**
   * Resolves when the switch has processed everything that was sent before. Rejects with the first `refused` of the messages since the
   * barrier before (of all users of this connection); further ones go to `onRefused`.
   */
  async barrier(options: WaitOptions = {}): Promise<void> {
    await this.#live().barrier(options);
  }

  /** Flows of the filter, with their counters. */
  async flowStats(filter: FlowFilter, options: WaitOptions = {}): Promise<readonly FlowStats[]> {
    return await this.#live().flowStats(filter, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    const reason = new OpenFlowError('closed', 'the connection was disposed');
    this.#session?.close(reason);
    this.#readiness.rejectAll(reason);
  }

  #live(): Session {
    if (this.#session !== undefined && this.#connected) return this.#session;
    throw new OpenFlowError('not-connected', `no connection to ${this.#options.path}`);
  }

  #connect(): void {
    this.#session = new Session(connect({ path: this.#options.path }), {
      onReady: () => this.#onReady(),
      onClosed: (reason) => this.#onClosed(reason),
      onPacketIn: this.#options.onPacketIn,
      onRefused: this.#options.onRefused,
      requestTimeoutMs: this.#options.requestTimeoutMs ?? defaultTimeoutMs,
      echoIntervalMs: this.#options.echoIntervalMs ?? defaultTimeoutMs,
    });
  }

  #onReady(): void {
    this.#connected = true;
    this.#retryMs = retryFirstMs;
    for (const number of [...this.#readiness.numbers()]) this.#readiness.resolve(number, undefined);
    this.#options.onState?.(true, 'connected');
  }

  #onClosed(reason: OpenFlowError): void {
    const wasConnected = this.#connected;
    this.#connected = false;
    this.#session = undefined;
    if (this.#closed) return;
    this.#retryTimer = setTimeout(() => this.#connect(), this.#retryMs * (0.5 + Math.random() / 2));
    this.#retryMs = Math.min(this.#retryMs * 2, retryMaxMs);
    // Retries that fail are not told, but a switch of another protocol is, every time: somebody has to change it.
    if (wasConnected || reason.kind === 'protocol') this.#options.onState?.(false, reason.message);
  }
}
