import { expect } from 'vitest';
import { readAttempt } from '../../agent/journal/attempt-journal.ts';
import { restOf } from '../../domain/attempt/operation-phases.ts';
import type { AgentHost } from '../lab/agent/agent-host.ts';

/**
 * How every row ends, on one hypervisor: at rest, each guest answers, and journal, agent, kernel and database agree on where the taps are.
 * `plugs`: of all taps but those that somebody else has meddled with.
 */
export async function expectAtRest(
  host: AgentHost,
  epoch: number,
  { plug, except = [] }: { readonly plug: 'legacy' | 'target'; readonly except?: readonly string[] },
): Promise<void> {
  const replayed = readAttempt(host.stateDir, epoch);
  if (replayed === undefined) throw new Error(`there is no journal of attempt ${epoch}`);
  const { attempt } = replayed;
  const said = host.states.findLast((state) => state.epoch === epoch)?.phase;
  expect([attempt.phase, restOf(attempt.phase, attempt)]).toEqual([said, plug]);
  const guests = host.guests.filter(({ tap }) => !except.includes(tap));
  const plugs = await Promise.all(guests.map(async ({ tap }) => [tap, await host.plugOf(tap)]));
  expect(plugs).toEqual(guests.map(({ tap }) => [tap, plug]));
  expect(await answersSoon(host)).toBe(true);
}

/** Neighbours that have given a guest up need a moment. */
async function answersSoon(host: AgentHost): Promise<boolean> {
  for (let tries = 0; tries < 5; tries += 1) if (await host.allAnswer()) return true;
  return false;
}
