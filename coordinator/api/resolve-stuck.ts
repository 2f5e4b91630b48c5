import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '../../domain/errors.ts';
import type { Order, OrderResult, Resolution } from '../../domain/orders.ts';
import { type LedgerState, newestAttempt } from '../../domain/run/ledger-state.ts';
import { askToResolve, type ResolveRequest, resolveHost, toldRest } from '../../domain/run/resolve-host.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { orderTimeoutMs } from '../scheduler/effects.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';

/** Who looks: the agents. */
export interface Looking {
  order(systemId: string, order: Order, timeoutMs: number): Promise<OrderResult>;
}

/**
 * Has the agent look, and writes down what it found. When this program dies in between, the ledger still says `stuck`: the same command
 * again is answered the same.
 */
export async function resolveStuck(
  { scheduler, agents }: { readonly scheduler: Scheduler; readonly agents: Looking },
  request: ResolveRequest,
): Promise<LedgerState> {
  const { systemId } = request;
  const asked = askToResolve(scheduler.state, scheduler.world, request);
  if ('refusal' in asked) throw new ShuntError(asked.refusal.code, asked.refusal.message);
  const { epoch, order } = asked;
  const orderId = `resolve/${systemId}/${epoch}/${randomUUID()}`;
  const found = order && (await look(agents, scheduler, systemId, { ...order, orderId }));
  return scheduler.command((state) => resolveHost(state, { ...request, epoch, ...(found ? { found } : {}) }));
}

type ResolveOrder = Extract<Order, { readonly type: 'resolve' }>;

async function look(agents: Looking, scheduler: Scheduler, systemId: string, order: ResolveOrder): Promise<Resolution> {
  const host = newestAttempt(scheduler.state, systemId)?.hostname ?? systemId;
  const result = await agents.order(systemId, order, orderTimeoutMs(order));
  if (result.kind === 'refused') {
    const told = toldRest(scheduler.world, systemId, order.epoch);
    if (told !== undefined && cannotLook.has(result.code)) return told;
    const repair = fitting(result.repair ?? []);
    throw new ShuntError(result.code, result.message, { detail: { host, ...(repair.length > 0 ? { repair } : {}) } });
  }
  if (result.resolved !== undefined) return result.resolved;
  throw new ShuntError('protocol', `resolve ${host}: its agent did not say where its taps are`, { detail: { host } });
}

/** How an agent of an older version answers to an order that it does not know. */
const cannotLook: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['protocol', 'wrong-state']);

/** What goes with an error has little room; `shunt host show` has all of it. */
const repairCharactersMax = 3_000;

function fitting(repair: readonly string[]): readonly string[] {
  let left = repairCharactersMax;
  const shown = repair.filter((line) => {
    left -= line.length + 4;
    return left >= 0;
  });
  return shown.length === repair.length ? shown : [...shown, '# and more: shunt host show'];
}
