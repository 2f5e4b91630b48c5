import { act, contextOf, keyOf } from './attempt-context.ts';
import type { Effect } from './effects.ts';
import type { LedgerState } from './ledger-state.ts';
import { groupOf } from './moving-with.ts';
import { isGrant, type OwnStep } from './together.ts';
import { runLimits, type World } from './world.ts';

/**
 * Asks for the grace rules of those that are about to be granted, and holds their grants until NB has answered: so nothing stands between
 * the grants of a wave and its orders. Asked for once; NB that cannot be written keeps nobody.
 */
export function graceFirst(state: LedgerState, world: World, steps: readonly OwnStep[]): readonly OwnStep[] {
  const asked = new Map(steps.flatMap((own) => (isGrant(own.step) ? [[own, askGrace(state, world, own)]] : [])));
  const busy = new Set(
    [...asked].flatMap(([own, grace]) => (grace === undefined ? [] : [groupOf(state, own.attempt)])),
  );
  if (busy.size === 0) return steps;
  return steps.map((own) => {
    if (!asked.has(own) || !busy.has(groupOf(state, own.attempt))) return own;
    return { ...own, step: act(asked.get(own) ?? [], 'grace rules in NB') };
  });
}

/** What is left to do or to wait for; undefined: nothing. Only a cut forward takes guests to filters that do not know their connections. */
function askGrace(state: LedgerState, world: World, { attempt }: OwnStep): readonly Effect[] | undefined {
  const { operation = 'cut', direction, systemId, epoch, taps } = attempt;
  const context = contextOf(state, world, attempt);
  if (operation !== 'cut' || direction !== 'forward' || context === undefined) return undefined;
  const key = keyOf(context, 'nb-grace');
  const entry = world.progress.get(key);
  if (entry !== undefined && entry.outcome === undefined) return [];
  if (entry?.endedMs !== undefined && world.nowMs - entry.endedMs < runLimits.baselineFreshMs) return undefined;
  return [{ kind: 'nb-grace', key, systemId, epoch, portIds: taps.map((tap) => tap.portId) }];
}
