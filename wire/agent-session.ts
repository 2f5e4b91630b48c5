import { type ChannelCredentials, Client, type ClientDuplexStream, credentials, status } from '@grpc/grpc-js';
import type { AgentMessage } from '../domain/orders.ts';
import { describeError, isShuntError, ShuntError } from '../platform/shunt-error.ts';
import { agentOptions, keepaliveBoundMs, unsentMessagesMax } from './channel-options.ts';
import { agentsDefinition } from './definitions.ts';
import type { AgentMessage as PbAgentMessage } from './gen/shunt/v1/AgentMessage.ts';
import type { CoordinatorMessage__Output as PbCoordinatorMessage } from './gen/shunt/v1/CoordinatorMessage.ts';
import { agentMessageCodec, type CoordinatorMessage, coordinatorMessageCodec } from './session-codec.ts';
import { Standstill } from './standstill.ts';
import { fromStatus } from './status.ts';
import { UnsentLimit } from './unsent.ts';

/** How a session ended. `closed`: one of the two sides wanted it. */
export type SessionEnd = { readonly kind: 'closed' } | { readonly kind: 'failed'; readonly error: ShuntError };

export interface AgentSessionOptions {
  /** `host:port`, `[::1]:port` or `unix:/path`. */
  readonly address: string;
  /** Default: insecure. */
  readonly credentials?: ChannelCredentials;
  /** Ends the session at once. */
  readonly signal: AbortSignal;
  /** In the order of sending; must not throw. */
  readonly onMessage: (message: CoordinatorMessage) => void;
  /** A message that could not be decoded. If it was an order, it is already answered: `refused`, code `protocol`. */
  readonly onRefused?: (error: ShuntError) => void;
  /** Of a clock that nobody sets. Default: the process's. */
  readonly monotonicMs?: () => number;
}

export interface AgentSession {
  /** False: the session is over, see `closed`. Never throws for the network's sake, never waits. */
  send(message: AgentMessage): boolean;
  /** Says goodbye; the coordinator ends the call. */
  close(): void;
  /** Never rejects. */
  readonly closed: Promise<SessionEnd>;
}

/**
 * Opens the agent's stream on a channel of its own and returns at once; without a coordinator `closed` resolves with
 * `coordinator-unavailable`. Trying again is the caller's. A process that stood still for longer than the coordinator waits for it ends the session
 * unread (`timed-out`): the coordinator has given it up, decided without this host, and says on a new stream what it still wants.
 */
export function openAgentSession(options: AgentSessionOptions): AgentSession {
  return new Session(options);
}

class Session implements AgentSession {
  readonly closed: Promise<SessionEnd>;
  readonly #options: AgentSessionOptions;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<PbAgentMessage, PbCoordinatorMessage>;
  readonly #unsent: UnsentLimit<PbAgentMessage>;
  readonly #standstill: Standstill;
  #over = false;
  #leaving = false;
  #failure: ShuntError | undefined;

  constructor(options: AgentSessionOptions) {
    this.#options = options;
    this.#client = new Client(options.address, options.credentials ?? credentials.createInsecure(), agentOptions);
    const { path, requestSerialize, responseDeserialize } = agentsDefinition.Session;
    this.#call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.#unsent = new UnsentLimit(this.#call, () => this.#fail(tooSlow()));
    const { monotonicMs = () => performance.now() } = options;
    this.#standstill = new Standstill(monotonicMs, (stoodMs) => this.#fail(stoodStill(stoodMs)));
    this.closed = this.#watch();
  }

  send(message: AgentMessage): boolean {
    if (this.#over || this.#leaving || this.#failure) return false;
    return this.#unsent.write(agentMessageCodec.encode(message));
  }

  close(): void {
    if (this.#over || this.#leaving) return;
    this.#leaving = true;
    this.#call.end();
  }

  #watch(): Promise<SessionEnd> {
    const { promise, resolve } = Promise.withResolvers<SessionEnd>();
    const abort = () => {
      this.#leaving = true;
      this.#call.cancel();
    };
    this.#call.on('data', (wire: PbCoordinatorMessage) => this.#receive(wire));
    this.#call.on('error', () => undefined); // `status` says the same, and comes always
    this.#call.on('status', (ended) => {
      this.#over = true;
      this.#standstill[Symbol.dispose]();
      this.#options.signal.removeEventListener('abort', abort);
      this.#client.close();
      if (this.#failure) resolve({ kind: 'failed', error: this.#failure });
      else if (this.#leaving || ended.code === status.OK) resolve({ kind: 'closed' });
      else resolve({ kind: 'failed', error: fromStatus(ended) });
    });
    this.#options.signal.addEventListener('abort', abort, { once: true });
    if (this.#options.signal.aborted) abort();
    return promise;
  }

  #receive(wire: PbCoordinatorMessage): void {
    this.#standstill.look();
    if (this.#over || this.#failure) return;
    const message = this.#decode(wire);
    if (message) this.#options.onMessage(message);
  }

  #decode(wire: PbCoordinatorMessage): CoordinatorMessage | undefined {
    try {
      return coordinatorMessageCodec.decode(wire);
    } catch (error) {
      if (!isShuntError(error)) throw error;
      this.#refuse(wire, error);
      return undefined;
    }
  }

  /** An order that this version does not understand is answered, so that nobody waits for it. */
  #refuse(wire: PbCoordinatorMessage, error: ShuntError): void {
    const orderId = wire.order?.orderId;
    if (orderId) {
      const refused = {
        orderId,
        kind: 'refused',
        code: error.code,
        message: describeError(error),
        findings: [],
      } as const;
      this.send({ type: 'order-result', result: refused });
    }
    this.#options.onRefused?.(error);
  }

  #fail(error: ShuntError): void {
    this.#failure ??= error;
    this.#call.cancel();
  }
}

function tooSlow(): ShuntError {
  return new ShuntError(
    'limit-reached',
    `the coordinator does not read: ${unsentMessagesMax} messages wait to be sent`,
  );
}

function stoodStill(stoodMs: number): ShuntError {
  const [stood, bound] = [stoodMs, keepaliveBoundMs].map((ms) => (ms / 1_000).toFixed(1));
  return new ShuntError(
    'timed-out',
    `this agent stood still for ${stood} s (stopped, swapped out, or without processor time), and a coordinator waits for ${bound} s: what it ordered ` +
      'meanwhile was not read, and nothing was done for it; on the next stream it says what it still wants',
  );
}
