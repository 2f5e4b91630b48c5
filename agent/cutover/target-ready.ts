import type { AttemptWork } from './attempt-context.ts';

/** vswitchd answers within this, or nothing begins. */
const switchAnswersWithinMs = 3_000;

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
