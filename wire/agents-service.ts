import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { AgentMessage } from '../domain/orders.ts';
import { isShuntError, ShuntError } from '../platform/shunt-error.ts';
import type { SessionEnd } from './agent-session.ts';
import { unsentMessagesMax } from './channel-options.ts';
import { agentsDefinition } from './definitions.ts';
import type { AgentMessage__Output as PbAgentMessage } from './gen/shunt/v1/AgentMessage.ts';
import type { AgentsHandlers } from './gen/shunt/v1/Agents.ts';
import type { CoordinatorMessage as PbCoordinatorMessage } from './gen/shunt/v1/CoordinatorMessage.ts';
import type { WireService } from './server.ts';
import { agentMessageCodec, type CoordinatorMessage, coordinatorMessageCodec } from './session-codec.ts';
import { toStatus } from './status.ts';
import { UnsentLimit } from './unsent.ts';

/** One agent's stream, seen from the coordinator. */
export interface CoordinatorSession {
  /** Address of the peer, for the log. */
  readonly peer: string;
  /** False: the session is over, see `closed`. */
  send(message: CoordinatorMessage): boolean;
  /** One listener, set synchronously in the handler; in the order of sending. */
  onMessage(listener: (message: AgentMessage) => void): void;
  /** A message that could not be decoded; it was not delivered, the session goes on. */
  onRefused(listener: (error: ShuntError) => void): void;
  /** Ends the stream; with an error, the agent's `closed` gets it. */
  close(error?: ShuntError): void;
  /** Never rejects. An agent that vanished looks like one that left, when its last bytes end the stream tidily. */
  readonly closed: Promise<SessionEnd>;
}

/** The service that agents talk to; `handler` is called once for each stream. */
export function agentsService(handler: (session: CoordinatorSession) => void): WireService {
  const handlers: AgentsHandlers = { Session: (call) => handler(new Session(call)) };
  return { definition: agentsDefinition, handlers };
}

class Session implements CoordinatorSession {
  readonly peer: string;
  readonly closed: Promise<SessionEnd>;
  readonly #call: ServerDuplexStream<PbAgentMessage, PbCoordinatorMessage>;
  readonly #unsent: UnsentLimit<PbCoordinatorMessage>;
  readonly #end: (end: SessionEnd) => void;
  #over = false;
  #listener: (message: AgentMessage) => void = () => undefined;
  #refused: (error: ShuntError) => void = () => undefined;

  constructor(call: ServerDuplexStream<PbAgentMessage, PbCoordinatorMessage>) {
    const { promise, resolve } = Promise.withResolvers<SessionEnd>();
    this.peer = call.getPeer();
    this.closed = promise;
    this.#call = call;
    this.#end = resolve;
    this.#unsent = new UnsentLimit(call, () => this.close(tooSlow()));
    call.on('data', (wire: PbAgentMessage) => this.#receive(wire));
    call.on('end', () => this.close());
    call.on('cancelled', () => this.#settle({ kind: 'failed', error: lost(this.peer) }));
    call.on('error', (cause: unknown) => this.#settle({ kind: 'failed', error: lost(this.peer, cause) }));
  }

  send(message: CoordinatorMessage): boolean {
    return !this.#over && this.#unsent.write(coordinatorMessageCodec.encode(message));
  }

  onMessage(listener: (message: AgentMessage) => void): void {
    this.#listener = listener;
  }

  onRefused(listener: (error: ShuntError) => void): void {
    this.#refused = listener;
  }

  close(error?: ShuntError): void {
    if (this.#over) return;
    this.#settle(error ? { kind: 'failed', error } : { kind: 'closed' });
    if (error)
      this.#call.emit('error', toStatus(error)); // grpc-js ends the call with this status
    else this.#call.end();
  }

  #receive(wire: PbAgentMessage): void {
    if (this.#over) return;
    const message = this.#decode(wire);
    if (message) this.#listener(message);
  }

  #decode(wire: PbAgentMessage): AgentMessage | undefined {
    try {
      return agentMessageCodec.decode(wire);
    } catch (error) {
      if (!isShuntError(error)) throw error;
      this.#refused(error);
      return undefined;
    }
  }

  #settle(end: SessionEnd): void {
    this.#over = true;
    this.#end(end);
  }
}

function lost(peer: string, cause?: unknown): ShuntError {
  return new ShuntError('agent-not-connected', `the stream of the agent at ${peer} broke`, { cause });
}

function tooSlow(): ShuntError {
  return new ShuntError('limit-reached', `the agent does not read: ${unsentMessagesMax} messages wait to be sent`);
}
