import type { AgentHello, AgentMessage, AttemptState, HostInventory, Order, OrderResult } from '../../domain/orders.ts';
import { Backoff } from '../../platform/backoff.ts';
import { sleep } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import { describeError } from '../../platform/shunt-error.ts';
import { type AgentSession, openAgentSession } from '../../wire/agent-session.ts';
import type { CoordinatorMessage } from '../../wire/session-codec.ts';

export interface CoordinatorSessionOptions {
  readonly address: string;
  readonly site: string;
  readonly logger: Logger;
  /** Asked anew for each connection. */
  readonly hello: () => AgentHello;
  readonly inventory: () => HostInventory;
  /** Never throws. */
  readonly handle: (order: Order) => Promise<OrderResult>;
}

const backoff = { firstMs: 100, maxMs: 3_000 } as const;

/** The stream to the coordinator, opened again whenever it ends. Without one the agent goes on, and takes no orders. */
export class CoordinatorSession implements AsyncDisposable {
  readonly #options: CoordinatorSessionOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #session: AgentSession | undefined;
  #welcomed = false;

  constructor(options: CoordinatorSessionOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** A coordinator of our site has answered on the present stream. */
  get connected(): boolean {
    return this.#welcomed;
  }

  sendInventory(inventory: HostInventory): void {
    this.#send({ type: 'inventory', inventory });
  }

  sendState(state: AttemptState): void {
    this.#send({ type: 'state', state });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session?.close();
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { logger, address } = this.#options;
    const wait = new Backoff(backoff);
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const session = this.#open();
      const end = await session.closed;
      const wasWelcomed = this.#welcomed;
      this.#welcomed = false;
      this.#session = undefined;
      if (signal.aborted) return;
      if (wasWelcomed) wait.reset();
      const why = end.kind === 'failed' ? describeError(end.error) : 'it closed the stream';
      logger[wasWelcomed ? 'warn' : 'debug']({ coordinator: address }, `no coordinator: ${why}`);
      await sleep(wait.nextMs(), signal).catch(() => undefined); // ended: the loop's condition tells
    }
  }

  #open(): AgentSession {
    const { address, hello, inventory, logger } = this.#options;
    const session = openAgentSession({
      address,
      signal: this.#stop.signal,
      onMessage: (message) => this.#receive(session, message),
      onRefused: (error) => logger.error({ code: error.code }, describeError(error)),
    });
    this.#session = session;
    session.send({ type: 'hello', hello: hello() });
    session.send({ type: 'inventory', inventory: inventory() });
    return session;
  }

  #receive(session: AgentSession, message: CoordinatorMessage): void {
    if (message.type === 'welcome') {
      this.#welcome(session, message.site);
      return;
    }
    this.#options.logger.info({ order: message.type, orderId: message.orderId }, 'order');
    void this.#options.handle(message).then((result) => {
      // The stream that brought the order, or no other: on a new one it is repeated, and answered anew.
      session.send({ type: 'order-result', result });
    });
  }

  #welcome(session: AgentSession, site: string): void {
    if (site === this.#options.site) {
      this.#welcomed = true;
      this.#options.logger.info({ coordinator: this.#options.address }, 'connected to the coordinator');
      return;
    }
    this.#options.logger.error(
      { code: 'wrong-state' },
      `this agent is of site ${this.#options.site}, the coordinator of ${site}`,
    );
    session.close();
  }

  #send(message: AgentMessage): void {
    this.#session?.send(message);
  }
}
