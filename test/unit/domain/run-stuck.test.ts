import { describe, expect, it } from 'vitest';
import type { Resolution } from '../../../domain/orders.ts';
import { exitStatus } from '../../../domain/run/exit-status.ts';
import { explainWhy } from '../../../domain/run/explain-why.ts';
import { operateHost, revertHost } from '../../../domain/run/host-commands.ts';
import { hostView } from '../../../domain/run/host-view.ts';
import { emptyLedger, newestAttempt } from '../../../domain/run/ledger-state.ts';
import { replay } from '../../../domain/run/reduce.ts';
import { askToResolve, resolveHost } from '../../../domain/run/resolve-host.ts';
import {
  abortRun,
  type Commanded,
  pauseRun,
  resumeRun,
  retryHost,
  startWave,
} from '../../../domain/run/run-commands.ts';
import { runView } from '../../../domain/run/run-view.ts';
import { runningCloud, runPlan, type SimCloud } from './sim-cloud.ts';

const who = { systemId: 'hv2', by: 'ann', why: 'vswitchd was reinstalled' };

/** hv2 is stuck, hv3 could not begin yet. */
function stuckCloud(): SimCloud {
  const sim = runningCloud([1, 2, 3], { errorBudget: 9 });
  Object.assign(sim.agent('hv2'), { localFails: true, revertFails: true });
  sim.agent('hv3').chassisReady = false;
  sim.settle();
  sim.agent('hv3').chassisReady = true;
  sim.settle();
  return sim;
}

/** What the coordinator does for `shunt host resolve`: asks, has the agent look, writes down what it said. */
function resolve(sim: SimCloud, gone = false): string {
  const asked = askToResolve(sim.state, sim.world, { ...who, gone });
  if ('refusal' in asked) return asked.refusal.code;
  let found: Resolution | undefined;
  if (asked.order !== undefined) {
    const answer = sim.agent('hv2').obey({ ...asked.order, orderId: 'o' }, new Set());
    if (answer.kind === 'refused') return answer.code;
    found = answer.resolved;
  }
  sim.command(resolveHost(sim.state, { ...who, epoch: asked.epoch, ...(found ? { found } : {}) }));
  return 'resolved';
}

describe('a hypervisor that is stuck', () => {
  it('halts the fleet, and says what to repair', () => {
    const sim = stuckCloud();
    expect(exitStatus(sim.state, 'r1')).toBe(5);
    expect(newestAttempt(sim.state, 'hv2')).toMatchObject({ outcome: 'stuck', repair: ['ovs-vsctl …'] });
    const why = explainWhy(sim.state, sim.world, { kind: 'host', systemId: 'hv3' });
    expect(why.map((one) => one.kind)).toEqual(['run-paused', 'fleet-stuck']);
    expect(why[1]).toMatchObject({ message: expect.stringContaining('shunt host resolve'), evidence: 'ovs-vsctl …' });
    expect(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' })).toMatchObject({ refusal: { code: 'stuck' } });
    expect(retryHost(sim.state, { systemId: 'hv2', by: 'ann' })).toMatchObject({ refusal: { code: 'stuck' } });
    expect(revertHost(sim.state, sim.world, who)).toMatchObject({ refusal: { code: 'stuck' } });
  });

  it('stays so although its agent is at rest again, until somebody says that it is repaired', () => {
    const sim = stuckCloud();
    sim.agent('hv2').repair();
    sim.settle();
    sim.crash();
    sim.settle();
    expect(newestAttempt(sim.state, 'hv2')?.outcome).toBe('stuck');
    expect(explainWhy(sim.state, sim.world, { kind: 'host', systemId: 'hv2' }).at(-1)).toMatchObject({
      kind: 'stuck',
      evidence: expect.stringContaining('its agent is reverted now'),
    });
    expect(resolve(sim)).toBe('resolved');
    sim.settle();
    expect(newestAttempt(sim.state, 'hv2')).toMatchObject({
      outcome: 'reverted',
      phase: 'reverted',
      why: 'resolved by ann, found on legacy: vswitchd was reinstalled',
      repair: [],
    });
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(runView(sim.state, 'r1')).toMatchObject({ pausedWhy: expect.stringContaining('nothing is left to start') });
    expect(newestAttempt(sim.state, 'hv3')?.outcome).toBe('committed');
    sim.agent('hv2').localFails = false;
    sim.command(retryHost(sim.state, { systemId: 'hv2', by: 'ann' }));
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(runView(sim.state, 'r1')?.state).toBe('done');
    expect(replay(emptyLedger, sim.entries)).toEqual(sim.state);
  });

  it('keeps nobody else from going back to legacy, by a plan that leaves it', () => {
    const sim = stuckCloud();
    expect(newestAttempt(sim.state, 'hv1')?.outcome).toBe('committed');
    sim.command(abortRun(sim.state, { runId: 'r1', by: 'ann' }));
    runPlan(sim, { goal: 'legacy', exclude: ['hv2'] });
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ direction: 'back', outcome: 'committed', runId: 'r2' });
    expect(runView(sim.state, 'r2')?.state).toBe('done');
    runPlan(sim, { exclude: ['hv2'] });
    sim.settle();
    expect([...sim.state.hosts.keys()].toSorted(), 'nothing goes forward').toEqual(['hv1', 'hv2']);
    expect(runView(sim.state, 'r3')).toMatchObject({ state: 'paused', pausedWhy: expect.stringContaining('halts') });
  });

  it('does not keep such a way back from being resumed; but one that is to go back itself does', () => {
    const sim = runningCloud([1, 2, 3]);
    sim.settle();
    runPlan(sim, { goal: 'legacy', exclude: ['hv1'] }, 1);
    sim.command(pauseRun(sim.state, { runId: 'r2', by: 'ann', why: 'lunch' }));
    Object.assign(sim.agent('hv1'), {
      attempt: { ...sim.agent('hv1').attempt, phase: 'stuck', why: 'no vswitchd', repair: [] },
    });
    sim.settle();
    expect([...sim.state.stuck]).toEqual(['hv1']);
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r2', by: 'ann' }));
    sim.settle();
    expect(newestAttempt(sim.state, 'hv2')).toMatchObject({ direction: 'back', outcome: 'committed' });
    Object.assign(sim.agent('hv3'), { localFails: true, revertFails: true });
    sim.command(startWave(sim.state, { planId: 'p2', runId: 'r3', throughWave: 2, by: 'ann' }));
    sim.settle();
    expect(runView(sim.state, 'r2')).toMatchObject({
      state: 'paused',
      pausedWhy: expect.stringMatching(/^compute3.example is stuck, and is to go back in this run/),
    });
    expect(resumeRun(sim.state, sim.world, { runId: 'r2', by: 'ann' })).toMatchObject({ refusal: { code: 'stuck' } });
  });

  it('is not resolved while its agent finds a tap that is not at rest', () => {
    const sim = stuckCloud();
    expect(resolve(sim)).toBe('stuck');
    expect(newestAttempt(sim.state, 'hv2')?.outcome).toBe('stuck');
  });

  describe('while another one is ordered by itself, granted, and not told to begin', () => {
    /** As after a crash of the coordinator just then; hv1 is stuck meanwhile. Returns how often hv2 began. */
    function grantedBeside(order: (sim: SimCloud) => Commanded): { readonly sim: SimCloud; readonly begun: number } {
      const sim = runningCloud([1, 1], { method: 'shunt' });
      sim.settle();
      sim.command(order(sim));
      for (let round = 0; newestAttempt(sim.state, 'hv2')?.granted !== true && round < 50; round += 1) sim.step();
      const { attempt, cuts } = sim.agent('hv2');
      expect(attempt).toMatchObject({ phase: 'prepared', epoch: newestAttempt(sim.state, 'hv2')?.epoch });
      const before = cuts.length;
      const agent = sim.agent('hv1');
      if (agent.attempt !== undefined) agent.attempt = { ...agent.attempt, phase: 'stuck', why: 'no vswitchd' };
      sim.crash();
      sim.settle();
      expect([...sim.state.stuck]).toEqual(['hv1']);
      return { sim, begun: cuts.length - before };
    }

    it('calls that off where it leads forward', () => {
      const { sim, begun } = grantedBeside(({ state, world }) => operateHost(state, world, { ...who, verb: 'finish' }));
      expect(begun).toBe(0);
      expect(newestAttempt(sim.state, 'hv2')).toMatchObject({
        operation: 'finish',
        outcome: 'reverted',
        why: expect.stringMatching(/^hv1 is stuck; nothing goes forward anywhere/),
      });
      expect([...sim.agent('hv2').places.values()], 'as it was').toEqual(['shunted']);
    });

    it('lets it go where it leads back', () => {
      const { sim, begun } = grantedBeside(({ state, world }) => revertHost(state, world, who));
      expect(begun).toBe(1);
      expect(newestAttempt(sim.state, 'hv2')).toMatchObject({ direction: 'back', outcome: 'committed' });
    });
  });

  it('shows the repair commands that its agent names now', () => {
    const sim = stuckCloud();
    const agent = sim.agent('hv2');
    if (agent.attempt !== undefined) agent.attempt = { ...agent.attempt, repair: ['ip link …'] };
    expect(hostView(sim.state, sim.world, 'hv2')?.attempt?.repair).toEqual(['ip link …']);
  });

  it('is resolved without its agent only when it is gone, and is stuck again when it turns up half-way', () => {
    const sim = stuckCloud();
    expect(resolve(sim, true), 'its agent is there to look').toBe('wrong-state');
    sim.agent('hv2').drop(sim.nowMs);
    expect(resolve(sim)).toBe('agent-not-connected');
    expect(resolve(sim, true)).toBe('resolved');
    sim.agent('hv2').reconnect(sim.nowMs);
    sim.settle();
    expect(newestAttempt(sim.state, 'hv2')).toMatchObject({ outcome: 'stuck', repair: ['ovs-vsctl …'] });
    expect([...sim.state.stuck]).toEqual(['hv2']);
  });

  it('is resolved by the word alone where its agent was installed anew, and has nothing to look by', () => {
    const sim = stuckCloud();
    Object.assign(sim.agent('hv2'), { attempt: undefined, highestEpoch: 0 });
    expect(resolve(sim, true)).toBe('resolved');
    sim.settle();
    expect([...sim.state.stuck]).toEqual([]);
  });

  it('is not stuck again by an old word of its agent, once that has looked', () => {
    const sim = stuckCloud();
    const before = sim.agent('hv2').attempt;
    sim.agent('hv2').revertFails = false;
    expect(resolve(sim)).toBe('resolved');
    sim.agent('hv2').attempt = before;
    sim.settle();
    expect(newestAttempt(sim.state, 'hv2')?.outcome).toBe('reverted');
  });

  it.each([
    ['of one that is not stuck', 'hv1', 'wrong-state'],
    ['of one that was never cut', 'hv9', 'not-found'],
  ])('is nothing %s', (_what, systemId, code) => {
    const sim = stuckCloud();
    expect(askToResolve(sim.state, sim.world, { ...who, systemId, gone: false })).toMatchObject({ refusal: { code } });
  });
});

describe('what is done at the hypervisor itself after a commit', () => {
  function committedCloud(): SimCloud {
    const sim = runningCloud([1, 1]);
    sim.settle();
    expect(runView(sim.state, 'r1')?.state).toBe('done');
    return sim;
  }

  it('is followed by the ledger when it was taken back, and the run stays done', () => {
    const sim = committedCloud();
    const agent = sim.agent('hv1');
    if (agent.attempt !== undefined)
      agent.attempt = { ...agent.attempt, phase: 'reverted', why: 'reverted by shunt-agent revert' };
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({
      outcome: 'reverted',
      why: 'reverted by shunt-agent revert',
    });
    expect(runView(sim.state, 'r1')?.state).toBe('done');
    sim.command(retryHost(sim.state, { systemId: 'hv1', by: 'ann' }));
    agent.places.clear();
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ epoch: 2, outcome: 'committed' });
  });

  it.each([0, 9])('counts as failed when its agent took it back by itself, on an error budget of %i', (errorBudget) => {
    const sim = runningCloud([1, 2, 3, 4], { waveSize: 1, errorBudget });
    const meddledWith = sim.agent('hv2');
    for (let round = 0; round < 300; round += 1) {
      sim.step();
      for (const agent of sim.agents.values()) agent.work();
      sim.nowMs += 100;
      if (meddledWith.attempt?.phase !== 'committed' || newestAttempt(sim.state, 'hv2')?.outcome !== 'committed')
        continue;
      const why = 'somebody else changed taphv2-1';
      meddledWith.attempt = { ...meddledWith.attempt, phase: 'reverted', code: 'preimage-changed', why };
      meddledWith.places.clear();
    }
    expect(newestAttempt(sim.state, 'hv2')).toMatchObject({ outcome: 'reverted', code: 'preimage-changed' });
    expect([...sim.state.hosts.keys()]).toEqual(errorBudget === 0 ? ['hv1', 'hv2'] : ['hv1', 'hv2', 'hv3', 'hv4']);
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'paused',
      errors: 1,
      pausedWhy: expect.stringMatching(
        /compute2.example went back: somebody else|nothing is left to start but compute2/,
      ),
    });
    expect(exitStatus(sim.state, 'r1')).toBe(3);
    sim.command(retryHost(sim.state, { systemId: 'hv2', by: 'ann' }));
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(runView(sim.state, 'r1')?.state).toBe('done');
    expect(replay(emptyLedger, sim.entries)).toEqual(sim.state);
  });

  it('is read as taken back by hand from a ledger of before, which did not tell who did it', () => {
    const sim = committedCloud();
    const told = { systemId: 'hv1', epoch: 1, outcome: 'reverted', blackouts: [], repair: [] } as const;
    sim.append([{ type: 'attempt-closed', ...told, code: 'preimage-changed' }]);
    expect(runView(sim.state, 'r1')?.state).toBe('done');
  });

  it('halts the fleet when it got stuck', () => {
    const sim = committedCloud();
    const agent = sim.agent('hv1');
    if (agent.attempt !== undefined)
      agent.attempt = { ...agent.attempt, phase: 'stuck', why: 'no vswitchd', repair: ['ip link …'] };
    sim.settle();
    expect([...sim.state.stuck]).toEqual(['hv1']);
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({
      outcome: 'stuck',
      why: 'no vswitchd',
      repair: ['ip link …'],
    });
  });
});
