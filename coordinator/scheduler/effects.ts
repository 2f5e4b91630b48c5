import type { ProbePort } from '../../domain/network-model.ts';
import type { Order, OrderResult } from '../../domain/orders.ts';
import type { Effect, EffectOutcome } from '../../domain/run/effects.ts';
import { describeError, isShuntError } from '../../platform/shunt-error.ts';
import type { GraceWant } from '../grace/grace-keeper.ts';
import type { NbPreparation } from '../nb/nb-writer.ts';

/** What performs effects in the world. */
export interface Performers {
  readonly nb: { prepare(what: NbPreparation): Promise<Readonly<Record<string, ProbePort>>>; sweep(): Promise<number> };
  readonly grace: { grant(want: GraceWant): Promise<void> };
  readonly agents: { order(systemId: string, order: Order, timeoutMs: number): Promise<OrderResult> };
}

type Handlers = { readonly [K in Effect['kind']]: (effect: Extract<Effect, { kind: K }>) => Promise<EffectOutcome> };

/** Makes the one function that performs any effect. It never rejects: a failure is an outcome. */
export function effectPerformer({ nb, grace, agents }: Performers): (effect: Effect) => Promise<EffectOutcome> {
  const handlers: Handlers = {
    'nb-prepare': async (effect) => ({ kind: 'nb-prepared', probes: await nb.prepare(effect) }),
    'nb-grace': async (effect) => {
      await grace.grant(effect);
      return { kind: 'grace-granted' };
    },
    'nb-sweep': async () => {
      await nb.sweep();
      return { kind: 'swept' };
    },
    order: async (effect) => ({
      kind: 'order-result',
      result: await agents.order(effect.systemId, effect.order, orderTimeoutMs(effect.order)),
    }),
  };
  return async (effect) => {
    try {
      return await perform(handlers, effect);
    } catch (error) {
      return { kind: 'failed', code: isShuntError(error) ? error.code : 'internal', message: describeError(error) };
    }
  };
}

function perform<K extends Effect['kind']>(
  handlers: Handlers,
  effect: Extract<Effect, { kind: K }>,
): Promise<EffectOutcome> {
  const handler = handlers[effect.kind as K] as (effect: Extract<Effect, { kind: K }>) => Promise<EffectOutcome>; // one key picks both
  return handler(effect);
}

/** How long an answer to each order may take before its outcome counts as unknown. */
const answerMs = {
  prepare: 30_000,
  'ensure-probes': 30_000,
  cut: 15_000,
  commit: 10_000,
  revert: 10_000,
  resolve: 20_000,
  probe: 10_000,
} as const satisfies Record<Order['type'], number>;

export function orderTimeoutMs(order: Order): number {
  return answerMs[order.type] + (order.type === 'probe' ? order.rounds * order.intervalMs : 0);
}
