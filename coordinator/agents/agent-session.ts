import type { Order, OrderResult } from '../../domain/orders.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { CoordinatorSession } from '../../wire/agents-service.ts';

/** Orders without an answer that one agent may have. */
const pendingMax = 256;

interface Pending {
  readonly order: Order;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (result: OrderResult) => void;
  readonly reject: (error: ShuntError) => void;
}

/** One stream of one known agent, with the orders that wait for their answer on it. */
export class AgentSession {
  readonly systemId: string;
  /** Number of this stream in this process. */
  readonly connection: number;
  readonly #session: CoordinatorSession;
  readonly #pending = new Map<string, Pending>();

  constructor(options: {
    readonly session: CoordinatorSession;
    readonly systemId: string;
    readonly connection: number;
  }) {
    this.#session = options.session;
    this.systemId = options.systemId;
    this.connection = options.connection;
  }

  order(order: Order, timeoutMs: number): Promise<OrderResult> {
    const doing = `send ${order.type} to ${this.systemId}`;
    if (this.#pending.size >= pendingMax)
      return Promise.reject(new ShuntError('limit-reached', `${doing}: ${pendingMax} orders wait already`));
    this.#take(order.orderId)?.reject(new ShuntError('cancelled', `${doing}: the same order is sent again`));
    const { promise, resolve, reject } = Promise.withResolvers<OrderResult>();
    const timer = setTimeout(() => {
      this.#take(order.orderId)?.reject(
        new ShuntError('outcome-unknown', `${doing}: no answer within ${timeoutMs} ms`),
      );
    }, timeoutMs);
    this.#pending.set(order.orderId, { order, timer, resolve, reject });
    if (!this.#session.send(order))
      this.#take(order.orderId)?.reject(new ShuntError('agent-not-connected', `${doing}: its stream is over`));
    return promise;
  }

  /** An answer that nobody waits for (a late one) changes nothing. */
  settle(result: OrderResult): void {
    this.#take(result.orderId)?.resolve(result);
  }

  close(error?: ShuntError): void {
    this.#session.close(error);
  }

  /** The stream is over: what was sent and not answered is unknown. */
  end(why: string): void {
    for (const { order } of [...this.#pending.values()]) {
      this.#take(order.orderId)?.reject(
        new ShuntError(
          'outcome-unknown',
          `send ${order.type} to ${this.systemId}: the stream ended before the answer (${why})`,
        ),
      );
    }
  }

  #take(orderId: string): Pending | undefined {
    const pending = this.#pending.get(orderId);
    if (!pending) return undefined;
    clearTimeout(pending.timer);
    this.#pending.delete(orderId);
    return pending;
  }
}
