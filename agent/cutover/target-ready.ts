import { ShuntError } from '../../platform/shunt-error.ts';
import type { AttemptWork } from './attempt-context.ts';

/** vswitchd answers within this, or nothing begins. */
const switchAnswersWithinMs = 3_000;

/** From the order to begin to the first record, longer than all that is waited for in between: who takes more has stood still. */
const armsWithinMs = 15_000;

/**
 * Before anything is touched: OVN would give a port that is plugged now its flows, and Open vSwitch would act on them. `ovn-installed` of ports that are
 * there says nothing of it: it stays when its writer ends. A way back asks nobody.
 */
export async function requireTarget({ context: { host }, grant }: AttemptWork, signal: AbortSignal): Promise<void> {
  if (grant.direction === 'back') return;
  await host.integration.ready(AbortSignal.any([signal, AbortSignal.timeout(switchAnswersWithinMs)]));
  await host.integration.changeFlows({}); // a barrier: it answers
  await host.ovn.requireReady(signal);
}

/**
 * All that an attempt waits for before it is armed. Its deadline counts from there, so an agent that stands still here is not too late by it, however late
 * it is: whoever gave the order may long have decided without this host.
 */
export async function readyToArm(work: AttemptWork, signal: AbortSignal): Promise<void> {
  const { context } = work;
  const orderedMs = context.clock.monotonicMs();
  await context.onBegin();
  await requireTarget(work, signal);
  const ageMs = context.clock.monotonicMs() - orderedMs;
  if (ageMs <= armsWithinMs) return;
  const why = `the order to begin is ${Math.round(ageMs / 1_000)} s old: ${context.host.identity.hostname}'s agent stood still`;
  throw new ShuntError('timed-out', `${why}. Nothing was touched; \`shunt retry\` if it is still wanted`);
}
