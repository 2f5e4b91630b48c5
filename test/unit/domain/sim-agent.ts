import { donePhaseOf, isDonePhase, workPhaseOf } from '../../../domain/attempt/operation-phases.ts';
import type { Finding } from '../../../domain/findings.ts';
import type { TapTarget } from '../../../domain/network-model.ts';
import type { AttemptState, Order, OrderResult } from '../../../domain/orders.ts';
import { isOpen, type Phase } from '../../../domain/phases.ts';
import type { ProbeResult, Verdict } from '../../../domain/probes.ts';
import { type TapPlace, wayOf } from '../../../domain/rewire/places.ts';
import type { AgentView } from '../../../domain/run/world.ts';

/** How an agent behaves: the contract of agent/README.md, without a host behind it. */
export class SimAgent {
  readonly systemId: string;
  connected = true;
  connection = 1;
  sinceMs = 0;
  mode: 'passive' | 'active' = 'active';
  chassisReady = true;
  findings: readonly Finding[] = [];
  highestEpoch = 0;
  attempt: AttemptState | undefined;
  /** Where taps are that are not in their first place. */
  readonly places = new Map<string, TapPlace>();
  /** Barriers of the networks in the newest order to cut. */
  barriers: readonly (string | undefined)[] = [];
  #home: TapPlace = 'legacy';
  #moving: readonly TapTarget[] = [];
  /** Epochs in which traffic was touched, in order. */
  readonly cuts: number[] = [];
  taps = new Set<string>();
  localFails = false;
  remoteFails = false;
  revertFails = false;
  /** `commitOn: evidence`: at its deadline it commits by itself. */
  commitsAlone = false;
  /** Guests of which it hears only some answers as a peer, and those of which it hears none. */
  remoteUnsure = (_portId: string): boolean => false;
  silentPorts = (_portId: string): boolean => false;
  /** What it hears of its own guests. */
  baselineOf = (taps: readonly TapTarget[]): readonly ProbeResult[] =>
    taps.map(({ tap, portId }) => ({ vantage: 'local', tap, portId, sent: 8, answered: 8 }));
  /** Attempts whose journals cannot be read, and that somebody has looked after at the hypervisor itself. */
  readonly lookedAfter = new Set<number>();
  #word = false;
  #patience = 0;

  constructor(systemId: string) {
    this.systemId = systemId;
  }

  get onTarget(): boolean {
    const places = this.places.size > 0 ? [...this.places.values()] : [this.#home];
    return places.every((place) => place !== 'legacy' && place !== 'staged');
  }

  set onTarget(there: boolean) {
    this.#home = there ? 'direct' : 'legacy';
  }

  placeOf(portId: string): TapPlace {
    return this.places.get(portId) ?? this.#home;
  }

  get view(): AgentView {
    const { systemId, connected, connection, sinceMs, mode, highestEpoch, attempt } = this;
    const fixed = { systemId, hostname: `compute${systemId.slice(2)}.example`, connected, connection, sinceMs, mode };
    return { ...fixed, version: '1', highestEpoch, ...(attempt === undefined ? {} : { attempt }) };
  }

  get remoteSilent(): boolean {
    return this.remoteFails && this.attempt !== undefined && isOpen(this.attempt.phase);
  }

  reconnect(nowMs: number): void {
    this.connected = true;
    this.connection += 1;
    this.sinceMs = nowMs;
  }

  drop(nowMs: number): void {
    this.connected = false;
    this.sinceMs = nowMs;
  }

  /** `kill -9` of the agent: what was only prepared is forgotten, what is in the journal is not. */
  restart(nowMs: number): void {
    if (this.attempt !== undefined && ['preparing', 'prepared'].includes(this.attempt.phase)) this.attempt = undefined;
    this.reconnect(nowMs);
  }

  /** `kill -9`, and its newest journal cannot be read: nobody is at that attempt. Its taps stay as they are. */
  restartUnread(nowMs: number): void {
    this.reconnect(nowMs);
    const nothing = { baseline: [], blackouts: [], repair: [] };
    const told = { phase: 'stuck', code: 'records-corrupt', why: 'its journal cannot be read' } as const;
    this.attempt = { epoch: this.highestEpoch, direction: 'forward', method: 'direct', ...told, ...nothing };
  }

  /** `shunt-agent resolve --force`; the agent has nothing to tell of it any more. */
  lookAfter(): void {
    this.lookedAfter.add(this.highestEpoch);
    this.attempt = undefined;
  }

  obey(order: Order, silent: ReadonlySet<string>): OrderResult {
    const { orderId } = order;
    type Refused = Extract<OrderResult, { kind: 'refused' }>;
    const refuse = (code: Refused['code']): Refused => ({
      orderId,
      kind: 'refused',
      code,
      message: code,
      findings: [],
    });
    type Accepted = Extract<OrderResult, { kind: 'accepted' }>;
    const accept = (probes: readonly ProbeResult[] = []): Accepted => ({
      orderId,
      kind: 'accepted',
      probes,
      findings: [],
    });
    if (this.mode === 'passive') return refuse('agent-passive');
    switch (order.type) {
      case 'prepare': {
        if (order.epoch < this.highestEpoch) return refuse('epoch-stale');
        if (this.attempt?.epoch === order.epoch) return accept();
        if (this.highestEpoch === order.epoch && this.cuts.includes(order.epoch)) return refuse('epoch-stale');
        if (this.attempt !== undefined && isOpen(this.attempt.phase)) return refuse('wrong-state');
        this.highestEpoch = order.epoch;
        this.taps = new Set(order.taps.map((tap) => tap.portId));
        this.#moving = order.taps;
        this.#word = false;
        this.attempt = {
          epoch: order.epoch,
          phase: 'prepared',
          ...(order.operation === undefined ? {} : { operation: order.operation }),
          direction: order.direction,
          method: order.taps.some((tap) => tap.method === 'shunt') ? 'shunt' : 'direct',
          baseline: this.baselineOf(order.taps),
          blackouts: [],
          repair: [],
        };
        return accept();
      }
      case 'cut':
        if (this.attempt?.epoch !== order.grant.epoch) return refuse('wrong-state');
        if (this.attempt.phase === 'prepared') {
          this.cuts.push(order.grant.epoch);
          this.barriers = order.grant.networks.map((network) => network.barrier);
          this.#go('arming');
        }
        return accept();
      case 'commit':
        if (this.attempt?.epoch !== order.epoch) return refuse('wrong-state');
        this.#word = true;
        return accept();
      case 'revert':
        if (this.attempt?.epoch !== order.epoch || isDonePhase(this.attempt.phase)) return refuse('wrong-state');
        if (this.attempt.phase === 'prepared') this.#go('reverted', { why: order.why });
        else if (isOpen(this.attempt.phase)) this.#go('reverting', { why: order.why });
        return accept();
      case 'ensure-probes':
        return accept();
      case 'resolve':
        if (this.lookedAfter.has(order.epoch))
          return { ...accept(), resolved: { rest: 'legacy', outcome: 'reverted' } };
        if (this.attempt?.epoch !== order.epoch || this.attempt.code === 'records-corrupt') return refuse('stuck');
        if (this.revertFails) return { ...refuse('stuck'), repair: ['ovs-vsctl …'] };
        this.repair();
        return { ...accept(), resolved: { rest: 'legacy', outcome: 'reverted' } };
      case 'probe':
        return accept(
          order.targets.map(({ tap, portId }) => ({
            vantage: order.vantage,
            tap,
            portId,
            ...answersTo(
              order.rounds,
              silent.has(portId) || this.silentPorts(portId) ? 'silent' : this.remoteUnsure(portId) ? 'few' : 'all',
            ),
          })),
        );
    }
  }

  /** One phase further, if it is under way. */
  work(): boolean {
    if (this.attempt === undefined) return false;
    const { phase } = this.attempt;
    switch (phase) {
      case 'arming':
        return this.#go(workPhaseOf(this.attempt));
      case 'cutting':
      case 'entering':
      case 'finishing':
      case 'unstaging':
        this.#move('to');
        this.#patience = 20;
        return this.#go('verifying');
      case 'verifying':
        return this.localFails
          ? this.#go('reverting', { code: 'verdict-failed', why: 'guest silent' })
          : this.#go('soaking');
      case 'soaking':
        return this.#go('committing', { verdict: this.#verdict('pass') });
      case 'committing':
        if (this.#word) return this.#go(donePhaseOf(this.attempt));
        this.#patience -= 1;
        if (this.#patience <= 0 && this.commitsAlone) return this.#go(donePhaseOf(this.attempt));
        return this.#patience > 0 || this.#go('reverting', { code: 'timed-out', why: 'the deadline passed' });
      case 'reverting':
        if (this.revertFails) return this.#go('stuck', { repair: ['ovs-vsctl …'] });
        this.#move('from');
        return this.#go('reverted');
      default:
        return false;
    }
  }

  /** A guest that it moves goes away. */
  lose(portId: string): void {
    if (this.attempt === undefined) return;
    const gone = this.#moving.filter((target) => target.portId === portId).map(({ tap }) => tap);
    this.attempt = { ...this.attempt, gone: [...new Set([...(this.attempt.gone ?? []), ...gone])] };
  }

  repair(): void {
    this.revertFails = false;
    this.#move('from');
    this.#go('reverted');
  }

  #verdict(kind: 'pass'): Verdict {
    return { kind, taps: Object.fromEntries([...this.taps].map((tap) => [tap, { kind }])) };
  }

  #go(phase: Phase, over: Partial<AttemptState> = {}): boolean {
    if (this.attempt === undefined) return false;
    this.attempt = { ...this.attempt, ...over, phase };
    return true;
  }

  #move(end: 'from' | 'to'): void {
    const { operation = 'cut', direction } = this.attempt ?? { direction: 'forward' };
    for (const { portId, method = 'direct' } of this.#moving) {
      const way = wayOf(operation, direction, method);
      if (way !== undefined) this.places.set(portId, way[end]);
    }
  }
}

/** Who is silent is asked three times as often. */
function answersTo(rounds: number, how: 'all' | 'few' | 'silent'): Pick<ProbeResult, 'sent' | 'answered'> {
  if (how === 'all') return { sent: rounds, answered: rounds };
  return { sent: rounds * 3, answered: how === 'few' ? rounds : 0 };
}
