import { expect, it } from 'vitest';
import { newestAttempt } from '../../../domain/run/ledger-state.ts';
import { runView } from '../../../domain/run/run-view.ts';
import { runningCloud, type SimCloud } from './sim-cloud.ts';

function workUntil(sim: SimCloud, phase: string): void {
  while (sim.agent('hv1').attempt?.phase !== phase) {
    sim.step();
    for (const agent of sim.agents.values()) agent.work();
  }
}

it('waits while NB cannot be written after the cut, and commits when it can', () => {
  const sim = runningCloud([1, 1]);
  workUntil(sim, 'committing');
  sim.crash();
  sim.failEffects = (effect) => effect.kind === 'nb-prepare';
  for (let round = 0; round < 10; round += 1) {
    sim.step();
    sim.nowMs += 1_500;
  }
  const words = sim.entries.filter(({ event }) => ['revert-requested', 'commit-granted'].includes(event.type));
  expect(words).toEqual([]); // nobody could be asked, so nothing is decided
  sim.failEffects = () => false;
  sim.nowMs += 5_000;
  sim.settle();
  expect(newestAttempt(sim.state, 'hv1')?.outcome).toBe('committed');
});

it('gives an attempt that put its deadline off the time that it took, and no more', () => {
  const sim = runningCloud([1, 1]);
  workUntil(sim, 'verifying');
  const attempt = sim.agent('hv1').attempt;
  if (attempt !== undefined) sim.agent('hv1').attempt = { ...attempt, verdict: { kind: 'inconclusive', taps: {} } };
  const pausedAfter = (ms: number) => {
    sim.nowMs += ms;
    for (let round = 0; round < 5; round += 1) sim.step();
    return runView(sim.state, 'r1')?.pausedWhy;
  };
  expect(pausedAfter(30_000)).toBeUndefined();
  expect(pausedAfter(30_000)).toMatch(/has not ended attempt 1/);
});

it('pauses when an attempt outlives its deadline although its agent is connected', () => {
  const sim = runningCloud([1, 1]);
  workUntil(sim, 'verifying');
  for (let round = 0; round < 5; round += 1) sim.step();
  expect(runView(sim.state, 'r1')?.state).toBe('running');
  sim.nowMs += 30_000;
  for (let round = 0; round < 5; round += 1) sim.step();
  expect(runView(sim.state, 'r1')?.pausedWhy).toMatch(/has not ended attempt 1/);
});
