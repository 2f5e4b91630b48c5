import { describe, expect, it } from 'vitest';
import { exitStatus } from '../../../domain/run/exit-status.ts';
import { explainWhy } from '../../../domain/run/explain-why.ts';
import { revertHost } from '../../../domain/run/host-commands.ts';
import { hostView } from '../../../domain/run/host-view.ts';
import { emptyLedger, newestAttempt } from '../../../domain/run/ledger-state.ts';
import { replay } from '../../../domain/run/reduce.ts';
import { resumeRun, retryHost } from '../../../domain/run/run-commands.ts';
import { runView } from '../../../domain/run/run-view.ts';
import { runningCloud, type SimCloud } from './sim-cloud.ts';

/** The peers hear nothing of that hypervisor's guests; the order to go back is lost; its agent commits on its own verdict. */
function failsUnheard(sim: SimCloud, systemId: string): SimCloud {
  Object.assign(sim.agent(systemId), { remoteFails: true, commitsAlone: true });
  sim.failEffects = (effect) =>
    effect.kind === 'order' && effect.systemId === systemId && effect.order.type === 'revert';
  sim.settle();
  sim.agent(systemId).remoteFails = false;
  return sim;
}

const why = expect.stringMatching(/^by itself, although it was to go back: .*remote from hv2: 0 of 15 answered/);

function resume(sim: SimCloud): void {
  sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
  sim.settle();
}

describe('a hypervisor that committed although it was to go back', () => {
  it('pauses the run as the canary, and the ledger says why', () => {
    const sim = failsUnheard(runningCloud([1, 1, 1], { errorBudget: 9 }), 'hv1');
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ outcome: 'committed', code: 'verdict-failed', why });
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'paused',
      errors: 1,
      pausedWhy: expect.stringMatching(/^canary compute1.example committed by itself, although .*shunt host revert/),
    });
    expect([...sim.state.hosts.keys()]).toEqual(['hv1']);
    expect(exitStatus(sim.state, 'r1')).toBe(2);
    expect(explainWhy(sim.state, sim.world, { kind: 'host', systemId: 'hv1' })).toMatchObject([
      { kind: 'run-paused', message: expect.stringContaining('committed by itself') },
    ]);
    expect(hostView(sim.state, sim.world, 'hv1')?.attempt).not.toHaveProperty('disputed');
    expect(replay(emptyLedger, sim.entries)).toEqual(sim.state);
  });

  it('pauses the run whatever its budget, also when it was the last one', () => {
    const sim = failsUnheard(runningCloud([1, 2], { errorBudget: 9 }), 'hv2');
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'paused',
      pausedWhy: expect.stringMatching(/^compute2.example committed by itself/),
    });
  });

  it('counts no more once the run is resumed, also where that one goes on to its next wave', () => {
    const sim = failsUnheard(runningCloud([1, 1, 1], { method: 'shunt', goal: 'target' }), 'hv1');
    expect(runView(sim.state, 'r1')?.state).toBe('paused');
    expect(retryHost(sim.state, { systemId: 'hv1', by: 'ann' })).toMatchObject({ refusal: { code: 'wrong-state' } });
    sim.failEffects = () => false;
    resume(sim);
    expect(runView(sim.state, 'r1')).toMatchObject({ state: 'done', errors: 0 });
    expect(exitStatus(sim.state, 'r1')).toBe(0);
    expect(replay(emptyLedger, sim.entries)).toEqual(sim.state);
  });

  it('is settled as well by taking it back', () => {
    const sim = failsUnheard(runningCloud([1, 1, 1]), 'hv1');
    sim.failEffects = () => false;
    sim.command(revertHost(sim.state, sim.world, { systemId: 'hv1', by: 'ann', why: 'guests are dark' }));
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ epoch: 2, direction: 'back', outcome: 'committed' });
    resume(sim);
    expect(runView(sim.state, 'r1')).toMatchObject({ state: 'done', errors: 0 });
  });

  it('pauses the run too when it was an operator who wished it back, too late', () => {
    const sim = runningCloud([1, 1, 1]);
    sim.loseAnswers = (effect) => effect.kind === 'order' && effect.order.type === 'commit';
    while (!newestAttempt(sim.state, 'hv1')?.commitGranted) {
      sim.step();
      for (const agent of sim.agents.values()) agent.work();
    }
    sim.step(); // the word is on its way
    sim.agent('hv1').work();
    sim.command(revertHost(sim.state, sim.world, { systemId: 'hv1', by: 'ann', why: 'wrong rack' }));
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({
      outcome: 'committed',
      why: 'before it heard that it should go back: wrong rack',
    });
    expect(runView(sim.state, 'r1')?.pausedWhy).toMatch(/^canary compute1.example committed before it heard/);
  });

  it('is read as committed from a ledger of before, which did not tell', () => {
    const sim = failsUnheard(runningCloud([1, 1, 1], {}, 1), 'hv1');
    const older = sim.entries.flatMap((entry) => {
      if (entry.event.type === 'run-paused') return [];
      if (entry.event.type !== 'attempt-closed') return [entry];
      const { why: _why, code: _code, ...event } = entry.event;
      return [{ ...entry, event }];
    });
    expect(runView(replay(emptyLedger, older), 'r1')).toMatchObject({ errors: 0, waves: [{ state: 'done' }, {}] });
  });
});
