import type { HostReport } from '../../domain/inventory/joined-inventory.ts';
import type { AgentHello, AgentMessage, Order, OrderResult } from '../../domain/orders.ts';
import type { AgentView } from '../../domain/run/world.ts';
import type { Logger } from '../../platform/log.ts';
import { describeError, ShuntError } from '../../platform/shunt-error.ts';
import type { CoordinatorSession } from '../../wire/agents-service.ts';
import { AgentSession } from './agent-session.ts';

export interface AgentRegistryOptions {
  readonly site: string;
  readonly coordinatorId: string;
  /** Monotonic milliseconds, the clock of the world's other times. */
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** An agent came, went, or told something; never called while a message is being applied. */
  readonly onChange: () => void;
}

/** How long a stream may stay without its hello. */
const helloTimeoutMs = 10_000;
/** Streams without a hello that are borne at one time. */
const strangersMax = 1_024;

/**
 * Who is connected, and what each agent last told. One stream a hypervisor: the newest hello wins, the older stream is closed. What is
 * kept of a lost agent is its last word.
 */
export class AgentRegistry implements Disposable {
  readonly #options: AgentRegistryOptions;
  readonly #views = new Map<string, AgentView>();
  readonly #sessions = new Map<string, AgentSession>();
  readonly #reports = new Map<string, HostReport>();
  readonly #strangers = new Set<CoordinatorSession>();
  #connections = 0;
  #revision = 0;

  constructor(options: AgentRegistryOptions) {
    this.#options = options;
  }

  /** Every agent seen since this process began; the map is live, its values are replaced, never changed. */
  get views(): ReadonlyMap<string, AgentView> {
    return this.#views;
  }

  get reports(): Iterable<HostReport> {
    return this.#reports.values();
  }

  /** Grows when a report changes: what was joined from older ones is stale. */
  get revision(): number {
    return this.#revision;
  }

  get connectedCount(): number {
    return this.#sessions.size;
  }

  /** Takes a new stream; to be given to `agentsService`. */
  accept(session: CoordinatorSession): void {
    if (this.#strangers.size >= strangersMax) {
      session.close(new ShuntError('limit-reached', 'open an agent stream: too many wait for their hello'));
      return;
    }
    this.#strangers.add(session);
    let own: AgentSession | undefined;
    const timer = setTimeout(
      () => session.close(new ShuntError('timed-out', 'open an agent stream: no hello came')),
      helloTimeoutMs,
    );
    session.onRefused((error) =>
      this.#options.logger.warn(
        { peer: session.peer, host: own?.systemId, code: error.code, why: describeError(error) },
        'a message could not be read',
      ),
    );
    session.onMessage((message) => {
      if (own) {
        this.#apply(own, message);
        return;
      }
      clearTimeout(timer);
      this.#strangers.delete(session);
      own = this.#welcome(session, message);
    });
    void session.closed.then((end) => {
      clearTimeout(timer);
      this.#strangers.delete(session);
      if (own) this.#lost(own, end.kind === 'failed' ? describeError(end.error) : 'closed');
    });
  }

  /**
   * Sends an order and waits for its result, `timeoutMs` at most. Throws `agent-not-connected` (nothing was sent) or
   * `outcome-unknown` (it was, and no answer came).
   */
  order(systemId: string, order: Order, timeoutMs: number): Promise<OrderResult> {
    const session = this.#sessions.get(systemId);
    if (session) return session.order(order, timeoutMs);
    return Promise.reject(
      new ShuntError('agent-not-connected', `send ${order.type} to ${systemId}: its agent is not connected`),
    );
  }

  [Symbol.dispose](): void {
    for (const session of this.#strangers) session.close();
    for (const session of this.#sessions.values()) session.close();
  }

  #welcome(session: CoordinatorSession, message: AgentMessage): AgentSession | undefined {
    if (message.type !== 'hello') {
      session.close(
        new ShuntError('protocol', `open an agent stream: the first message was ${message.type}, not hello`),
      );
      return undefined;
    }
    const { hello } = message;
    const { site, coordinatorId, logger } = this.#options;
    if (hello.site !== site) {
      session.close(
        new ShuntError(
          'wrong-state',
          `open an agent stream: this coordinator is of site ${site}, the agent of ${hello.site}`,
        ),
      );
      logger.warn(
        { host: hello.systemId, peer: session.peer, agentSite: hello.site },
        'an agent of another site was turned away',
      );
      return undefined;
    }
    this.#connections += 1;
    const own = new AgentSession({ session, systemId: hello.systemId, connection: this.#connections });
    const older = this.#sessions.get(hello.systemId);
    this.#sessions.set(hello.systemId, own);
    older?.close(new ShuntError('wrong-state', `a newer stream of ${hello.systemId} was opened from ${session.peer}`));
    session.send({ type: 'welcome', site, coordinatorId });
    this.#applyHello(own, hello);
    logger.info(
      {
        host: hello.systemId,
        hostname: hello.hostname,
        peer: session.peer,
        agentVersion: hello.version,
        mode: hello.mode,
      },
      'agent connected',
    );
    return own;
  }

  #applyHello(own: AgentSession, hello: AgentHello): void {
    const { systemId, hostname, mode, version, highestEpoch, attempt } = hello;
    this.#views.set(systemId, {
      ...{ systemId, hostname, mode, version, highestEpoch },
      connected: true,
      connection: own.connection,
      sinceMs: this.#options.nowMs(),
      lastSeenAt: new Date().toISOString(),
      ...(attempt ? { attempt } : {}),
    });
    this.#report({ ...this.#reports.get(systemId), systemId, hostname, mode, connected: true });
    this.#options.onChange();
  }

  #apply(own: AgentSession, message: AgentMessage): void {
    const view = this.#views.get(own.systemId);
    if (!view || this.#sessions.get(own.systemId) !== own) return; // an older stream's last words
    const seen = { ...view, lastSeenAt: new Date().toISOString() };
    this.#views.set(own.systemId, seen);
    switch (message.type) {
      case 'hello':
        this.#applyHello(own, message.hello);
        return;
      case 'inventory': {
        const report = this.#reports.get(own.systemId);
        if (report) this.#report({ ...report, inventory: message.inventory });
        break;
      }
      case 'state': {
        const highestEpoch = Math.max(view.highestEpoch, message.state.epoch);
        this.#views.set(own.systemId, { ...seen, highestEpoch, attempt: message.state });
        break;
      }
      case 'order-result':
        own.settle(message.result);
        break;
    }
    this.#options.onChange();
  }

  #report(report: HostReport): void {
    this.#reports.set(report.systemId, report);
    this.#revision += 1;
  }

  #lost(own: AgentSession, why: string): void {
    own.end(why);
    if (this.#sessions.get(own.systemId) !== own) return;
    this.#sessions.delete(own.systemId);
    const view = this.#views.get(own.systemId);
    if (view) this.#views.set(own.systemId, { ...view, connected: false, sinceMs: this.#options.nowMs() });
    const report = this.#reports.get(own.systemId);
    if (report) this.#report({ ...report, connected: false });
    this.#options.logger.warn({ host: own.systemId, why }, 'agent lost');
    this.#options.onChange();
  }
}
