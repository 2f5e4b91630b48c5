import { donePhaseOf, isDonePhase, workPhaseOf } from '../../../domain/attempt/operation-phases.ts';
import type { TapFacts, TapPlug, TapTarget } from '../../../domain/network-model.ts';
import type { AgentHello, AttemptState, CutGrant, HostInventory, Order, OrderResult } from '../../../domain/orders.ts';
import type { Phase } from '../../../domain/phases.ts';
import type { ProbeResult, Vantage } from '../../../domain/probes.ts';
import { type TapPlace, wayOf } from '../../../domain/rewire/places.ts';
import { type AgentSession, openAgentSession } from '../../../wire/agent-session.ts';
import type { CoordinatorMessage } from '../../../wire/session-codec.ts';

export interface FakeGuest {
  readonly portId: string;
  readonly networkId: string;
  readonly mac: string;
  readonly vlan: number;
}

export interface FakeAgentOptions {
  readonly systemId: string;
  readonly address: string;
  readonly guests: readonly FakeGuest[];
  /** Called with each order before it is obeyed; what it does first, the coordinator does without an answer. */
  readonly onOrder?: (order: Order) => Promise<void> | void;
}

/**
 * An agent that obeys at once, over the real wire: its host is a list in memory, which outlives its stream as a real host does. It
 * keeps what a real one keeps: the highest epoch, the newest attempt, and that a repeated order begins nothing.
 */
export class FakeAgent implements AsyncDisposable {
  readonly #options: FakeAgentOptions;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #session: AgentSession | undefined;
  #attempt: AttemptState | undefined;
  #highestEpoch = 0;
  readonly #places = new Map<string, TapPlace>();
  /** When each order to cut came, by a clock that all agents of this process share. */
  readonly cutAtMs: number[] = [];
  /** Every order that came, in order, repeated ones included. */
  readonly orders: Order[] = [];
  /** Ids of the orders that were carried out, whoever heard of it. */
  readonly obeyed: string[] = [];
  /** Epochs whose cut was really begun. */
  readonly begun: number[] = [];
  /** Reports a failed verdict at the next cut and goes back by itself. */
  failNext = false;
  /** Goes back no more: what it cannot take back is left where it is, with this to be done by hand. */
  repair: readonly string[] = [];
  #grant: CutGrant | undefined;

  constructor(options: FakeAgentOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  get systemId(): string {
    return this.#options.systemId;
  }

  get onTarget(): boolean {
    return this.places.every((place) => place !== 'legacy' && place !== 'staged');
  }

  /** Of each guest's tap. */
  get places(): readonly TapPlace[] {
    return this.#options.guests.map((guest) => this.#placeOf(guest.portId));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const session = openAgentSession({
        address: this.#options.address,
        signal,
        onMessage: (message) => void this.#receive(session, message),
      });
      this.#session = session;
      session.send({ type: 'hello', hello: this.#hello() });
      this.#sendInventory();
      await session.closed;
      await new Promise((resolve) => setTimeout(resolve, 50)); // the pause of a reconnect, not a wait for something
    }
  }

  async #receive(session: AgentSession, message: CoordinatorMessage): Promise<void> {
    if (message.type === 'welcome') return;
    this.orders.push(message);
    if (message.type === 'cut') this.cutAtMs.push(performance.now());
    await this.#options.onOrder?.(message);
    session.send({ type: 'order-result', result: this.#obey(message) });
    if (message.type === 'cut') this.#cut(message);
    if (message.type === 'commit' && this.#attempt) this.#become({ phase: donePhaseOf(this.#attempt) });
    this.obeyed.push(message.orderId);
  }

  #obey(order: Order): OrderResult {
    switch (order.type) {
      case 'prepare':
        if (order.epoch < this.#highestEpoch) return refuse(order, 'epoch-stale');
        if (order.epoch === this.#highestEpoch && this.#attempt && this.#attempt.phase !== 'prepared')
          return refuse(order, 'wrong-state');
        this.#highestEpoch = order.epoch;
        this.#attempt = {
          epoch: order.epoch,
          ...(order.operation === undefined ? {} : { operation: order.operation }),
          direction: order.direction,
          method: order.taps.some((tap) => tap.method === 'shunt') ? 'shunt' : 'direct',
          phase: 'prepared',
          baseline: answers('local', order.taps),
          blackouts: [],
          repair: [],
        };
        this.#become({ phase: 'prepared' });
        return accept(order, answers('local', order.taps));
      case 'ensure-probes':
        return accept(order, []);
      case 'probe':
        return accept(order, answers(order.vantage, order.targets));
      case 'cut':
        return this.#attempt?.epoch === order.grant.epoch ? accept(order, []) : refuse(order, 'wrong-state');
      case 'commit':
        return this.#attempt?.epoch === order.epoch && this.#attempt.phase !== 'reverted'
          ? accept(order, [])
          : refuse(order, 'wrong-state');
      case 'revert':
        if (this.#attempt?.epoch !== order.epoch || isDonePhase(this.#attempt.phase))
          return refuse(order, 'wrong-state');
        this.#goBack(order.why);
        return accept(order, []);
      case 'resolve':
        if (this.#attempt?.epoch !== order.epoch) return refuse(order, 'wrong-state');
        if (this.repair.length > 0) return { ...refuse(order, 'stuck'), repair: this.repair };
        if (this.#attempt.phase === 'stuck' && this.#grant) this.#move(this.#grant, 'from'); // by whoever repaired it
        this.#become({ phase: 'reverted', repair: [] });
        return { ...accept(order, []), resolved: { rest: 'legacy', outcome: 'reverted' } };
    }
  }

  #cut({ grant }: Extract<Order, { type: 'cut' }>): void {
    if (this.#attempt?.epoch !== grant.epoch || this.#attempt.phase !== 'prepared') return;
    this.begun.push(grant.epoch);
    this.#grant = grant;
    for (const phase of ['arming', workPhaseOf(grant), 'verifying'] as const) this.#become({ phase });
    this.#move(grant, 'to');
    const blackouts = grant.taps.map(({ tap, portId }) => ({
      tap,
      portId,
      blackoutMs: 12,
      resolutionMs: 5,
      lost: 2,
      sent: 400,
    }));
    if (this.failNext) {
      this.failNext = false;
      this.#become({ blackouts });
      if (this.repair.length === 0) this.#move(grant, 'from');
      this.#goBack('a guest did not answer any more');
      return;
    }
    const taps = Object.fromEntries(grant.taps.map(({ tap }) => [tap, { kind: 'pass' as const }]));
    this.#become({ phase: 'soaking', blackouts });
    this.#become({ phase: 'committing', verdict: { kind: 'pass', taps }, remainingMs: grant.deadlineMs });
  }

  #goBack(why: string): void {
    this.#become({ phase: 'reverting', why, code: 'verdict-failed' });
    if (this.repair.length > 0) this.#become({ phase: 'stuck', code: 'stuck', repair: this.repair });
    else this.#become({ phase: 'reverted' });
  }

  #move({ operation = 'cut', direction, taps }: CutGrant, end: 'from' | 'to'): void {
    for (const { portId, method = 'direct' } of taps) {
      const way = wayOf(operation, direction, method);
      if (way) this.#places.set(portId, way[end]);
    }
    this.#sendInventory();
  }

  #placeOf(portId: string): TapPlace {
    return this.#places.get(portId) ?? 'legacy';
  }

  #become(change: Partial<AttemptState> & { readonly phase?: Phase }): void {
    if (!this.#attempt) return;
    this.#attempt = { ...this.#attempt, ...change };
    this.#session?.send({ type: 'state', state: this.#attempt });
  }

  #sendInventory(): void {
    this.#session?.send({ type: 'inventory', inventory: this.#inventory() });
  }

  #hello(): AgentHello {
    const { systemId } = this.#options;
    const attempt = this.#attempt ? { attempt: this.#attempt } : {};
    return {
      site: 'test',
      systemId,
      hostname: `${systemId}.example`,
      version: '0',
      bootId: 'boot',
      mode: 'active',
      highestEpoch: this.#highestEpoch,
      ...attempt,
    };
  }

  #inventory(): HostInventory {
    const { guests } = this.#options;
    const bridges = [...new Map(guests.map((guest) => [bridgeOf(guest), guest])).values()];
    return {
      taps: guests.map((guest, n) => this.#tap(guest, n)),
      bridges: bridges.map((guest) => ({
        bridge: bridgeOf(guest),
        mtu: 1500,
        uplink: 'leg',
        provider: { bridge: 'br-ex', port: 'leg-ex', tag: guest.vlan },
        members: ['leg', ...guests.map(tapOf)],
      })),
      findings: [],
      chassisReady: true,
      ovsVersion: '3.1.0',
      datapathType: 'netdev',
    };
  }

  #tap(guest: FakeGuest, n: number): TapFacts {
    const plug = plugOf(guest, this.#placeOf(guest.portId), n + 1);
    return { tap: tapOf(guest), ifindex: n + 10, hostMac: `fe${guest.mac.slice(2)}`, mtu: 1500, linkUp: true, plug };
  }
}

function plugOf(guest: FakeGuest, place: TapPlace, ofport: number): TapPlug {
  if (place === 'legacy') return { kind: 'legacy', bridge: bridgeOf(guest) };
  const claim = { ifaceId: guest.portId, ofport, installed: true };
  if (place === 'direct') return { kind: 'target', bridge: 'br-int', ...claim };
  return { kind: 'shunt', place, bridge: `qbr${guest.portId.slice(0, 11)}`, legacyBridge: bridgeOf(guest), ...claim };
}

function tapOf(guest: FakeGuest): string {
  return `tap${guest.portId.slice(0, 11)}`;
}

function bridgeOf(guest: FakeGuest): string {
  return `brq${guest.networkId.slice(0, 11)}`;
}

function answers(vantage: Vantage, taps: readonly Pick<TapTarget, 'tap' | 'portId'>[]): readonly ProbeResult[] {
  return taps.map(({ tap, portId }) => ({ vantage, tap, portId, sent: 3, answered: 3, rttMs: 0.4 }));
}

type Answer<K extends OrderResult['kind']> = Extract<OrderResult, { readonly kind: K }>;

function accept(order: Order, probes: readonly ProbeResult[]): Answer<'accepted'> {
  return { orderId: order.orderId, kind: 'accepted', probes, findings: [] };
}

function refuse(order: Order, code: 'epoch-stale' | 'wrong-state' | 'stuck'): Answer<'refused'> {
  return { orderId: order.orderId, kind: 'refused', code, message: `refused ${order.type}`, findings: [] };
}
