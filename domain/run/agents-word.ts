import type { LedgerEvent } from '../ledger-events.ts';
import type { AttemptState } from '../orders.ts';
import { type Attempt, type LedgerState, newestAttempt } from './ledger-state.ts';
import type { World } from './world.ts';

/**
 * What agents say of attempts that the ledger has closed otherwise: taken back on the host itself (`shunt-agent revert`), or by the agent, since
 * somebody else changes what was moved (it names a code then), or stuck since. The agent knows its host. Nothing that it says takes a hypervisor out of `stuck`: that takes somebody's word (`shunt host resolve`).
 */
export function agentsWord(state: LedgerState, world: World): readonly LedgerEvent[] {
  return [...world.agents.values()].flatMap(({ systemId, attempt: local }): readonly LedgerEvent[] => {
    const known = newestAttempt(state, systemId);
    if (local === undefined || known === undefined || local.epoch !== known.epoch) return [];
    if (isStuckSince(known, local)) return [closed(systemId, 'stuck', local)];
    return known.outcome === 'committed' && local.phase === 'reverted' ? [closed(systemId, 'reverted', local)] : [];
  });
}

/**
 * Of one that its agent has looked after, `stuck` is old news that was still on its way. One whose journal cannot be read any more is where the ledger knows
 * that it came to rest; but one given up as untouched was begun after all, and one given up with its hypervisor has turned up.
 */
function isStuckSince({ outcome, resolved }: Attempt, { phase, code }: AttemptState): boolean {
  if (code === 'records-corrupt' && outcome !== 'blocked' && resolved !== 'gone') return false;
  return phase === 'stuck' && outcome !== undefined && outcome !== 'stuck' && resolved !== 'looked';
}

function closed(systemId: string, outcome: 'reverted' | 'stuck', local: AttemptState): LedgerEvent {
  return {
    type: 'attempt-closed',
    systemId,
    epoch: local.epoch,
    outcome,
    why: local.why ?? 'its agent says so',
    ...(local.code === undefined ? {} : { code: local.code }),
    ...(outcome === 'reverted' && local.code !== undefined ? { byAgent: true } : {}),
    blackouts: local.blackouts,
    repair: local.repair,
  };
}
