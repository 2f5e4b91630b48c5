import { isDonePhase } from '../attempt/operation-phases.ts';
import type { HoldReason } from '../findings.ts';
import { isOpen } from '../phases.ts';
import { type LedgerState, newestAttempt } from './ledger-state.ts';
import { type AgentView, runLimits, type World } from './world.ts';

/** Somebody who knows of more than the ledger does: it was restored from a backup, or is not the one that these agents obeyed. */
export interface Ahead {
  readonly systemId: string;
  readonly hostname: string;
  /** `agent`: the hypervisor's own; `nb`: what an attempt of it left in OVN NB. */
  readonly source: 'agent' | 'nb';
  /** The attempt of which the ledger does not know, or does not know that it was granted. */
  readonly epoch: number;
  /** The newest that the ledger knows; 0: none. */
  readonly known: number;
}

/** Why nothing may be started, ordered or written down; undefined: the ledger is as new as the world. */
export interface Fence {
  /** The ledger itself says that it was restored, and nobody has compared it since. */
  readonly restored?: { readonly at: string; readonly from: string };
  /** By hostname; those whose own agents say so first. */
  readonly ahead: readonly Ahead[];
}

const known = new WeakMap<World, { readonly state: LedgerState; readonly fence: Fence | undefined }>();

/**
 * Whether the ledger lags behind the world. Each epoch is in the ledger, synced, before an agent hears of it, and each grant before it is
 * sent: an agent that has more obeyed a ledger that this one is not. Computed once for a look at the world.
 */
export function fenceOf(state: LedgerState, world: World): Fence | undefined {
  const found = known.get(world);
  if (found?.state === state) return found.fence;
  const fence = computeFence(state, world);
  known.set(world, { state, fence });
  return fence;
}

function computeFence(state: LedgerState, world: World): Fence | undefined {
  const agents = [...world.agents.values()].flatMap((agent) => agentAhead(state, agent) ?? []);
  const told = new Set(agents.map((one) => one.systemId));
  const nb = [...(world.nbEpochs ?? [])].flatMap(([systemId, epoch]) =>
    told.has(systemId) ? [] : (nbAhead(state, world, systemId, epoch) ?? []),
  );
  const all = [...agents.toSorted(byHostname), ...nb.toSorted(byHostname)];
  const ahead = all.filter(({ systemId }) => !(state.unheard.has(systemId) && isUnheard(world, systemId)));
  if (state.restored === undefined && ahead.length === 0) return undefined;
  return { ...(state.restored === undefined ? {} : { restored: state.restored }), ahead };
}

/**
 * Nobody can say how it came to rest: it was not heard of since the coordinator began; or it was, on its way there, and has been away for longer than
 * its deadline, put off once, leaves it. Who reconciled named it; when it is back with more, the ledger is behind again.
 */
export function isUnheard(world: World, systemId: string): boolean {
  const agent = world.agents.get(systemId);
  if (agent === undefined) return true;
  if (agent.connected || agent.attempt === undefined || !isOpen(agent.attempt.phase)) return false;
  const restMs = 2 * (agent.attempt.remainingMs ?? 0) + runLimits.deadlineSlackMs;
  return world.nowMs - agent.sinceMs > Math.max(restMs, runLimits.unreachableMs);
}

function agentAhead(state: LedgerState, { systemId, hostname, highestEpoch, attempt }: AgentView): Ahead | undefined {
  const newest = newestAttempt(state, systemId);
  const ledger = state.hosts.get(systemId)?.epoch ?? 0;
  const epoch = Math.max(highestEpoch, attempt?.epoch ?? 0);
  if (epoch > ledger) return { systemId, hostname, source: 'agent', epoch, known: ledger };
  const begun =
    attempt !== undefined && (isOpen(attempt.phase) || isDonePhase(attempt.phase) || attempt.phase === 'stuck');
  const isNot = newest?.outcome === undefined || newest.outcome === 'blocked'; // given up as untouched while its agent was away
  const ungranted = newest?.epoch === attempt?.epoch && isNot && newest?.granted === false;
  return begun && ungranted ? { systemId, hostname, source: 'agent', epoch: attempt.epoch, known: ledger } : undefined;
}

/** What is left in NB of a hypervisor that neither ledger nor agents know may be another cloud's. */
function nbAhead(state: LedgerState, world: World, systemId: string, epoch: number): Ahead | undefined {
  const ledger = state.hosts.get(systemId)?.epoch ?? 0;
  const hostname = world.agents.get(systemId)?.hostname ?? state.hosts.get(systemId)?.hostname;
  return hostname === undefined || epoch <= ledger
    ? undefined
    : { systemId, hostname, source: 'nb', epoch, known: ledger };
}

function byHostname(a: Ahead, b: Ahead): number {
  return a.hostname < b.hostname ? -1 : 1;
}

/** For whoever asks why nothing begins. */
export function fenceHold(fence: Fence): HoldReason {
  return { kind: 'ledger-behind', hosts: fence.ahead.length, why: describeFence(fence) };
}

/** Named of those that are ahead, where there are many. */
const namedMax = 3;

/** One sentence: what the ledger lacks. */
export function describeFence({ restored, ahead }: Fence): string {
  const named = ahead.slice(0, namedMax).map(describeAhead);
  const more = ahead.length > namedMax ? ` and ${ahead.length - namedMax} more` : '';
  const back = restored === undefined ? [] : [`it was restored from ${restored.from}`];
  return [...back, ...(ahead.length === 0 ? [] : [`${named.join(', ')}${more}`])].join('; ');
}

function describeAhead({ hostname, source, epoch, known: ledger }: Ahead): string {
  const who = source === 'agent' ? `the agent of ${hostname} has` : `OVN NB has traces of ${hostname}'s`;
  if (ledger === epoch) return `${who} begun attempt ${epoch}, of which the ledger has no grant`;
  return `${who} attempt ${epoch}, the ledger ${ledger === 0 ? 'none' : `only ${ledger}`}`;
}
