import type { ErrorCode } from '../errors.ts';
import { legacyBridgeName } from '../inventory/bridge-names.ts';
import type { LedgerEvent } from '../ledger-events.ts';
import type { NetworkTarget, ProbePort } from '../network-model.ts';
import type { AttemptState, Order, OrderResult } from '../orders.ts';
import type { PlanSpec } from '../plan.ts';
import { barriersOf, type MovingTaps } from '../planning/barriers.ts';
import type { Outcome } from '../run-state.ts';
import { type Effect, type EffectOutcome, probeKey } from './effects.ts';
import type { Attempt, LedgerState } from './ledger-state.ts';
import { movingWith } from './moving-with.ts';
import { goingTaps, restingTaps } from './others-on-overlay.ts';
import { attemptKey } from './progress.ts';
import { specOf } from './spec-of.ts';
import { type AgentView, runLimits, type World } from './world.ts';

/** What an open attempt wants next. `waiting` says for people what it waits for. */
export interface Step {
  readonly events: readonly LedgerEvent[];
  readonly effects: readonly Effect[];
  readonly waiting: string;
}

/** One open attempt with everything its next step depends on. */
export interface AttemptContext {
  readonly state: LedgerState;
  readonly world: World;
  readonly attempt: Attempt;
  readonly spec: PlanSpec;
  /** Connected or not; undefined when it was never seen by this process. */
  readonly agent: AgentView | undefined;
  /** What the agent says of this very epoch. */
  readonly local: AttemptState | undefined;
}

export function contextOf(state: LedgerState, world: World, attempt: Attempt): AttemptContext | undefined {
  const spec = specOf(state, attempt);
  if (spec === undefined) return undefined;
  const agent = world.agents.get(attempt.systemId);
  const local = agent?.attempt?.epoch === attempt.epoch ? agent.attempt : undefined;
  return { state, world, attempt, spec, agent, local };
}

export function wait(waiting: string): Step {
  return { events: [], effects: [], waiting };
}

export function act(effects: readonly Effect[], waiting: string): Step {
  return { events: [], effects, waiting };
}

export function append(...events: readonly LedgerEvent[]): Step {
  return { events, effects: [], waiting: '' };
}

/** Ends the attempt; what the agent told of it goes into the ledger. */
export function close(
  { attempt, local }: Pick<AttemptContext, 'attempt' | 'local'>,
  outcome: Outcome,
  reason: { readonly why?: string | undefined; readonly code?: ErrorCode | undefined } = {},
): Step {
  return append({
    type: 'attempt-closed',
    systemId: attempt.systemId,
    epoch: attempt.epoch,
    outcome,
    ...(reason.why === undefined ? {} : { why: reason.why }),
    ...(reason.code === undefined ? {} : { code: reason.code }),
    blackouts: local?.blackouts ?? [],
    repair: local?.repair ?? [],
  });
}

export function keyOf({ attempt }: AttemptContext, rest: string): string {
  return attemptKey(attempt.systemId, attempt.epoch, rest);
}

/** Where an effect stands, and what to ask the coordinator for so that it goes on. */
export type Asked =
  | { readonly kind: 'busy'; readonly effects: readonly Effect[] }
  | { readonly kind: 'done'; readonly outcome: EffectOutcome; readonly endedMs: number }
  | { readonly kind: 'refused' | 'failed'; readonly code: ErrorCode; readonly message: string };

/** Asks for an effect once; after a failure again, with a growing pause, until the tries are used up. */
export function ask(world: World, effect: Effect): Asked {
  const entry = world.progress.get(effect.key);
  if (entry === undefined) return { kind: 'busy', effects: [effect] };
  const { outcome, endedMs = 0, tries } = entry;
  if (outcome === undefined) return { kind: 'busy', effects: [] };
  if (outcome.kind === 'failed') {
    if (tries >= runLimits.triesMax) return { kind: 'failed', code: outcome.code, message: outcome.message };
    return { kind: 'busy', effects: world.nowMs - endedMs >= runLimits.retryMs * tries ? [effect] : [] };
  }
  if (outcome.kind === 'order-result' && outcome.result.kind === 'refused') {
    return { kind: 'refused', code: outcome.result.code, message: outcome.result.message };
  }
  return { kind: 'done', outcome, endedMs };
}

/** An order without its id: the engine's key becomes the id. */
export type OrderBody = Order extends infer O ? (O extends Order ? Omit<O, 'orderId'> : never) : never;

/**
 * Orders an agent something, once for each of its streams: an agent that came back may have lost what it was told, and
 * orders are idempotent by epoch. Undefined while the agent is away.
 */
export function askOrder(context: AttemptContext, to: string, name: string, body: OrderBody): Asked | undefined {
  const agent = context.world.agents.get(to);
  if (agent === undefined || !agent.connected) return undefined;
  const key = keyOf(context, `${name}/${to}@${agent.connection}`);
  const order = { ...body, orderId: key } as Order; // each body is one order without exactly this field
  return ask(context.world, { kind: 'order', key, systemId: to, order });
}

export function acceptedProbes(asked: Asked): Extract<OrderResult, { kind: 'accepted' }>['probes'] {
  if (asked.kind !== 'done' || asked.outcome.kind !== 'order-result') return [];
  return asked.outcome.result.kind === 'accepted' ? asked.outcome.result.probes : [];
}

/** What of the attempt's overlays is not where its operation needs it now, or is on its way elsewhere. */
export function attemptBarriers(state: LedgerState, world: World, attempt: Attempt) {
  const others = [...restingTaps(state, world), goingTaps(state, world, attempt)];
  return barriersOf(others, movingTaps(state, attempt));
}

/** The same without what is on its way: what will not pass by itself. */
export function restingBarriers(state: LedgerState, world: World, attempt: Attempt) {
  return barriersOf(restingTaps(state, world), movingTaps(state, attempt));
}

function movingTaps(state: LedgerState, attempt: Attempt): MovingTaps {
  const { operation = 'cut', direction, taps } = attempt;
  return { taps, operation, direction, moving: movingWith(state, attempt) };
}

/** The attempt's networks as an order names them to `systemId`, with that hypervisor's probe ports, and barriers for its own agent. */
export function networkTargets(
  { state, world, attempt }: AttemptContext,
  systemId: string,
  probes: Readonly<Record<string, ProbePort>>,
): readonly NetworkTarget[] {
  const ids = [...new Set(attempt.taps.map((tap) => tap.networkId))].toSorted();
  const seen = world.inventory.hosts.get(systemId)?.networks ?? [];
  const held = new Set(attemptBarriers(state, world, attempt).map((hold) => hold.networkId));
  return ids.flatMap((networkId): readonly NetworkTarget[] => {
    const facts = world.inventory.networks.get(networkId);
    const own = seen.find((network) => network.networkId === networkId);
    if (own === undefined && facts === undefined) return [];
    const probe = probes[probeKey(systemId, networkId)];
    const mine = systemId === attempt.systemId;
    const bridge = mine
      ? (attempt.taps.find((tap) => tap.networkId === networkId)?.legacyBridge ?? legacyBridgeName(networkId))
      : own?.legacyBridge;
    const vlan = facts?.vlan ?? own?.vlan;
    const klass = facts?.class ?? own?.class ?? 'flat';
    return [
      {
        networkId,
        ...(bridge === undefined ? {} : { legacyBridge: bridge }),
        class: klass,
        ...(vlan === undefined ? {} : { vlan }),
        mtu: facts?.mtu ?? own?.mtu ?? 1500,
        ...(probe === undefined ? {} : { probe }),
        ...(mine && klass === 'overlay' ? { barrier: held.has(networkId) ? 'open' : 'met' } : {}),
      },
    ];
  });
}
