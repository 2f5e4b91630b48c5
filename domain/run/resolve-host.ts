import { isDonePhase, restsOf } from '../attempt/operation-phases.ts';
import type { Refusal } from '../findings.ts';
import type { Order, Resolution } from '../orders.ts';
import { type LedgerState, newestAttempt } from './ledger-state.ts';
import { type Commanded, refuse } from './run-commands.ts';
import type { World } from './world.ts';

export interface ResolveRequest {
  readonly systemId: string;
  readonly by: string;
  readonly why: string;
  /** The hypervisor is gone for good, or was installed anew: there is no agent that could look. */
  readonly gone: boolean;
}

/** What its agent has to be asked; without `order`: nobody is there to ask, and the word of the operator is all there is. */
export type ResolveAsk = { readonly epoch: number; readonly order?: ResolveOrder };
type ResolveOrder = Omit<Extract<Order, { readonly type: 'resolve' }>, 'orderId'>;

/** The one way out of `stuck`: an agent that looks and finds every tap at rest; or a hypervisor that is no more. */
export function askToResolve(
  state: LedgerState,
  world: World,
  { systemId, by, why, gone }: ResolveRequest,
): ResolveAsk | { readonly refusal: Refusal } {
  const attempt = newestAttempt(state, systemId);
  if (attempt === undefined) return no('not-found', `${systemId} was never cut over`);
  const { epoch, hostname, outcome } = attempt;
  if (outcome !== 'stuck') {
    const now = outcome === undefined ? `is ${attempt.phase}` : `was ${outcome}`;
    return no('wrong-state', `${hostname} is not stuck: attempt ${epoch} ${now}`);
  }
  const agent = world.agents.get(systemId);
  const connected = agent?.connected === true;
  const knows = connected && agent.highestEpoch >= epoch; // else it was installed anew, and has no journal to look by
  if (gone && knows) {
    const what = `its agent is connected and knows attempt ${epoch}`;
    return no('wrong-state', `${hostname} is not gone: ${what}; resolve it without --gone, and it will look`);
  }
  if (gone) return { epoch };
  if (connected) return { epoch, order: { type: 'resolve', epoch, by, why } };
  const what = 'start it, for it has to look; if the hypervisor is gone for good: --gone';
  return no('agent-not-connected', `the agent of ${hostname} is not connected: ${what}`);
}

/** Of an agent of before that order, which can only be asked for its phase: at rest, as it says, or undefined. */
export function toldRest(world: World, systemId: string, epoch: number): Resolution | undefined {
  const local = world.agents.get(systemId)?.attempt;
  if (local?.epoch !== epoch || (local.phase !== 'reverted' && !isDonePhase(local.phase))) return undefined;
  const { from, to } = restsOf(local);
  return local.phase === 'reverted' ? { rest: from, outcome: 'reverted' } : { rest: to, outcome: 'committed' };
}

/** What goes into the ledger once its agent has said where the taps are. Without `found`: the hypervisor is gone. */
export function resolveHost(
  state: LedgerState,
  {
    systemId,
    epoch,
    by,
    why,
    found,
  }: Omit<ResolveRequest, 'gone'> & { readonly epoch: number; readonly found?: Resolution },
): Commanded {
  const attempt = newestAttempt(state, systemId);
  if (attempt?.epoch !== epoch || attempt.outcome !== 'stuck') {
    return refuse('wrong-state', `attempt ${epoch} of ${systemId} is not stuck any more: somebody else was faster`);
  }
  const rested = found === undefined ? { outcome: 'reverted' as const } : found;
  return { events: [{ type: 'host-resolved', systemId, epoch, by, why, ...rested }] };
}

function no(code: Refusal['code'], message: string): { readonly refusal: Refusal } {
  return { refusal: { code, message } };
}
