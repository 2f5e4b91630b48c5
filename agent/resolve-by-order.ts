import type { Order, OrderResult, Resolution } from '../domain/orders.ts';
import { isOpen } from '../domain/phases.ts';
import { ShuntError } from '../platform/shunt-error.ts';
import type { AttemptContext } from './cutover/attempt-context.ts';
import type { AttemptRunner } from './cutover/attempt-runner.ts';
import { provenReturn, silentRepair } from './cutover/proof-of-life.ts';
import { troubleOf } from './journal/troubles.ts';
import { judgeResolution, resolutionOf, standingOf, writeResolution } from './resolve.ts';

const probesWithinMs = 60_000;

/**
 * An operator's word on an attempt that is stuck, as an order: looks at its taps, asks its guests where they are back, and writes the word down.
 * Changes nothing else on the host. `runner`: of that attempt, where it is the newest one. Throws `wrong-state` while that is open.
 */
export async function resolveByOrder(
  { orderId, epoch, by, why }: Extract<Order, { type: 'resolve' }>,
  { stateDir, host, logger }: AttemptContext,
  runner: AttemptRunner | undefined,
): Promise<OrderResult> {
  const accepted = (resolved: Resolution): OrderResult => ({
    orderId,
    kind: 'accepted',
    probes: [],
    findings: [],
    resolved,
  });
  const refused = (message: string, repair: readonly string[]): OrderResult => {
    logger.warn({ epoch, code: 'stuck' }, message);
    return { orderId, kind: 'refused', code: 'stuck', message, findings: [], repair };
  };
  if (runner !== undefined && isOpen(runner.phase))
    throw new ShuntError('wrong-state', `attempt ${epoch} is ${runner.phase}: it comes to rest by itself`);
  const trouble = troubleOf(stateDir, epoch);
  if (trouble === undefined) return accepted(standingOf(stateDir, epoch));
  const judged = judgeResolution(trouble, { by, why, force: false }, host);
  if (judged.kind === 'not-at-rest') return refused(judged.why, judged.repair);
  // Taps in their places are not yet guests that answer: the same probes are asked that a way back is judged by.
  const from = judged.resolved.rest === 'from' && runner !== undefined;
  const nothing = { unreachable: [], unasked: [] };
  const { unreachable, unasked } = from
    ? await provenReturn(runner, new Set(), AbortSignal.timeout(probesWithinMs))
    : nothing;
  const back = `every tap of attempt ${epoch} is where it began`;
  const anyway = `if that is to be so: shunt-agent resolve --attempt ${epoch} --force`;
  if (unreachable.length > 0)
    return refused(
      `${back}, but these guests do not answer as before: ${unreachable.join(', ')}; ${anyway}`,
      unreachable.map(silentRepair),
    );
  if (unasked.length > 0)
    return refused(
      `${back}, but nobody could ask whether these guests answer there as before: ${unasked.join(', ')}. Does Open vSwitch run? ${anyway}`,
      [],
    );
  writeResolution(stateDir, epoch, judged.resolved);
  const { rest, why: words } = judged.resolved;
  runner?.post({ type: 'resolved', rest, why: words });
  return accepted(resolutionOf(trouble, judged.resolved));
}
