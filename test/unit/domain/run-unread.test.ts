import { describe, expect, it } from 'vitest';
import type { Phase } from '../../../domain/phases.ts';
import { revertHost } from '../../../domain/run/host-commands.ts';
import { newestAttempt } from '../../../domain/run/ledger-state.ts';
import { reconcile } from '../../../domain/run/reconcile.ts';
import { askToResolve, resolveHost } from '../../../domain/run/resolve-host.ts';
import { pauseRun } from '../../../domain/run/run-commands.ts';
import { runView } from '../../../domain/run/run-view.ts';
import { runningCloud, type SimCloud } from './sim-cloud.ts';

const who = { systemId: 'hv1', by: 'ann', why: 'looked at each tap' };

/** Three hypervisors, one after the other; hv1 is as far as that, by its own word (`agent`) or by the ledger's. */
function cutCloud(phase: Phase, by: 'agent' | 'ledger' = 'ledger'): SimCloud {
  const sim = runningCloud([1, 2, 3], { waveSize: 1, errorBudget: 9 });
  const agent = sim.agent('hv1');
  for (let round = 0; round < 100; round += 1) {
    sim.step();
    const now = by === 'agent' ? agent.attempt?.phase : newestAttempt(sim.state, 'hv1')?.phase;
    if (now === phase) return sim;
    if (newestAttempt(sim.state, 'hv1')?.phase === agent.attempt?.phase) agent.work();
    sim.nowMs += 100;
  }
  throw new Error(`hv1 is never ${phase}`);
}

/** What `shunt host resolve` comes to. */
function resolve(sim: SimCloud, gone = false): string {
  const asked = askToResolve(sim.state, sim.world, { ...who, gone });
  if ('refusal' in asked) return asked.refusal.code;
  const answer = asked.order && sim.agent('hv1').obey({ ...asked.order, orderId: 'o' }, new Set());
  if (answer?.kind === 'refused') return answer.code;
  const found = answer?.resolved;
  sim.command(resolveHost(sim.state, { ...who, epoch: asked.epoch, ...(found ? { found } : {}) }));
  return newestAttempt(sim.state, 'hv1')?.outcome ?? 'open';
}

/** Halted at hv1, which nobody calls untouched. */
function expectHalt(sim: SimCloud, why: RegExp): void {
  expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ outcome: 'stuck', why: expect.stringMatching(why) });
  expect([...sim.state.stuck]).toEqual(['hv1']);
  expect([...sim.state.hosts.keys()], 'nobody else was begun with').toEqual(['hv1']);
  expect(runView(sim.state, 'r1')?.state).toBe('paused');
  expect(revertHost(sim.state, sim.world, who)).toMatchObject({ refusal: { code: 'stuck' } });
}

describe('a cut hypervisor whose agent starts again and cannot read its journal', () => {
  it.each(['arming', 'cutting', 'verifying', 'soaking', 'committing'] as const)('is stuck: %s', (phase) => {
    const sim = cutCloud(phase);
    sim.agent('hv1').restartUnread(sim.nowMs);
    sim.settle();
    expectHalt(sim, /journal cannot be read/);
    expect(newestAttempt(sim.state, 'hv1')?.code).toBe('records-corrupt');
  });

  it('is stuck also where the ledger has not heard that it began', () => {
    const sim = cutCloud('arming', 'agent');
    expect(newestAttempt(sim.state, 'hv1')?.phase).toBe('prepared');
    while (sim.agent('hv1').attempt?.phase !== 'verifying') sim.agent('hv1').work();
    sim.agent('hv1').restartUnread(sim.nowMs);
    sim.crash();
    sim.settle();
    expectHalt(sim, /journal cannot be read/);
  });

  it('is stuck, not called off, in a run that is paused meanwhile', () => {
    const sim = cutCloud('verifying');
    sim.agent('hv1').restartUnread(sim.nowMs);
    sim.command(pauseRun(sim.state, { runId: 'r1', by: 'ann', why: 'lunch' }));
    sim.settle();
    expectHalt(sim, /journal cannot be read/);
  });

  it('is let go once somebody has looked after it there, and says so to the ledger', () => {
    const sim = cutCloud('verifying');
    sim.agent('hv1').restartUnread(sim.nowMs);
    sim.settle();
    expect(resolve(sim), 'its agent has nothing to look by').toBe('stuck');
    sim.agent('hv1').lookAfter();
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')?.outcome).toBe('stuck');
    expect(resolve(sim)).toBe('reverted');
    sim.settle();
    expect([...sim.state.stuck]).toEqual([]);
  });

  it('is stuck also where somebody looked after it before the coordinator heard', () => {
    const sim = cutCloud('verifying');
    sim.agent('hv1').restartUnread(sim.nowMs);
    sim.agent('hv1').lookAfter();
    sim.settle();
    expectHalt(sim, /has no record of attempt 1 any more, which was verifying/);
    expect(resolve(sim)).toBe('reverted');
  });

  it('is stuck in a ledger that was behind, once it is reconciled', () => {
    const sim = cutCloud('verifying');
    sim.agent('hv1').restartUnread(sim.nowMs);
    sim.restore(3);
    sim.command(reconcile(sim.state, sim.world, who));
    sim.settle();
    expectHalt(sim, /journal cannot be read/);
  });
});

describe('a cut hypervisor whose agent tells nothing of the attempt', () => {
  it.each([
    ['its journal is gone', 'verifying', 1, /then `shunt host resolve compute1.example`/],
    ['its state directory is gone', 'verifying', 0, /then `shunt host resolve compute1.example --gone`/],
    ['its state directory is gone', 'arming', 0, /which was arming/],
  ] as const)('is stuck: %s, and it was %s', (_what, phase, highestEpoch, why) => {
    const sim = cutCloud(phase);
    Object.assign(sim.agent('hv1'), { attempt: undefined, highestEpoch });
    sim.agent('hv1').reconnect(sim.nowMs);
    sim.settle();
    expectHalt(sim, why);
    if (highestEpoch === 0) expect(resolve(sim, true)).toBe('reverted');
  });

  it('is waited for while it is away', () => {
    const sim = cutCloud('verifying');
    Object.assign(sim.agent('hv1'), { attempt: undefined });
    sim.agent('hv1').drop(sim.nowMs);
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')?.outcome).toBeUndefined();
  });

  it.each(['prepared', 'arming'] as const)(
    'is begun with again where it ended before it wrote anything: %s',
    (phase) => {
      const sim = cutCloud(phase);
      const agent = sim.agent('hv1');
      agent.attempt = undefined;
      agent.cuts.length = 0;
      agent.reconnect(sim.nowMs);
      sim.settle();
      expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ epoch: 1, outcome: 'committed' });
      expect(runView(sim.state, 'r1')?.state).toBe('done');
    },
  );
});

describe('an attempt at rest whose journal cannot be read any more', () => {
  it.each(['committed', 'reverted'] as const)('is where the ledger knows that it came to rest: %s', (outcome) => {
    const sim = runningCloud([1, 2, 3], { errorBudget: 9 });
    sim.agent('hv2').localFails = outcome === 'reverted';
    sim.settle();
    sim.agent('hv2').restartUnread(sim.nowMs);
    sim.settle();
    expect(newestAttempt(sim.state, 'hv2')?.outcome).toBe(outcome);
    expect([...sim.state.stuck]).toEqual([]);
  });

  it('is stuck where the ledger closed it as untouched: it was begun after all', () => {
    const sim = cutCloud('arming', 'agent');
    const untouched = { outcome: 'blocked', code: 'cancelled', blackouts: [], repair: [] } as const;
    sim.append([{ type: 'attempt-closed', systemId: 'hv1', epoch: 1, ...untouched }]);
    sim.agent('hv1').restartUnread(sim.nowMs);
    sim.settle();
    expectHalt(sim, /journal cannot be read/);
  });

  it('is stuck where the ledger gave it up with its hypervisor, which has turned up', () => {
    const sim = cutCloud('verifying');
    sim.agent('hv1').restartUnread(sim.nowMs);
    sim.settle();
    sim.agent('hv1').drop(sim.nowMs);
    expect(resolve(sim, true)).toBe('reverted');
    sim.agent('hv1').reconnect(sim.nowMs);
    sim.settle();
    expectHalt(sim, /journal cannot be read/);
  });
});
