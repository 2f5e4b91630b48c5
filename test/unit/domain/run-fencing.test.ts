import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOpen } from '../../../domain/phases.ts';
import { explainWhy } from '../../../domain/run/explain-why.ts';
import { describeFence, fenceOf } from '../../../domain/run/fencing.ts';
import { revertHost } from '../../../domain/run/host-commands.ts';
import { emptyLedger, newestAttempt } from '../../../domain/run/ledger-state.ts';
import { differences, reconcile } from '../../../domain/run/reconcile.ts';
import { replay } from '../../../domain/run/reduce.ts';
import { resumeRun, startWave } from '../../../domain/run/run-commands.ts';
import { runView } from '../../../domain/run/run-view.ts';
import { runningCloud, runPlan, type SimCloud } from './sim-cloud.ts';

const who = { by: 'ann', why: 'disk lost' };

/** Where in the ledger the first event of this type is, one after it. */
function upTo(sim: SimCloud, type: string, systemId = 'hv1'): number {
  return (
    sim.entries.findIndex(({ event }) => event.type === type && 'systemId' in event && event.systemId === systemId) + 1
  );
}

/** Looks, often; agents do nothing. Returns what was ordered and written. */
function looks(sim: SimCloud): { readonly sent: number; readonly written: number } {
  const before = { sent: sim.sent.length, written: sim.entries.length };
  for (let round = 0; round < 20; round += 1) {
    sim.step();
    sim.nowMs += 5_000;
  }
  return { sent: sim.sent.length - before.sent, written: sim.entries.length - before.written };
}

function apply(sim: SimCloud): void {
  sim.command(reconcile(sim.state, sim.world, who));
}

function fence(sim: SimCloud): string | undefined {
  const found = fenceOf(sim.state, sim.world);
  return found && describeFence(found);
}

describe('a ledger that is older than what its agents know', () => {
  it('starts nothing and orders nothing, for any hypervisor, and every why says so first', () => {
    const sim = runningCloud([1, 1, 1], { waveSize: 1 }, 1);
    sim.settle();
    sim.restore(3); // plan, approval, start of the run
    expect(looks(sim)).toEqual({ sent: 0, written: 0 });
    expect(fence(sim)).toBe('the agent of compute1.example has attempt 1, the ledger none');
    for (const target of [
      { kind: 'host', systemId: 'hv3' },
      { kind: 'host', systemId: 'hv1' },
      { kind: 'run', runId: 'r1' },
    ] as const) {
      const [first] = explainWhy(sim.state, sim.world, target);
      expect(first).toMatchObject({ kind: 'ledger-behind', message: expect.stringContaining('shunt reconcile') });
    }
  });

  it('is noticed although the number is known, when the agent works by a grant that the ledger lacks', () => {
    const sim = runningCloud([1, 1], {}, 1);
    sim.settle();
    sim.restore(upTo(sim, 'attempt-opened'));
    expect(fence(sim)).toBe('the agent of compute1.example has begun attempt 1, of which the ledger has no grant');
    expect(looks(sim)).toEqual({ sent: 0, written: 0 });
  });

  it('is noticed by what an attempt left in OVN NB, before its agent is heard of', () => {
    const sim = runningCloud([1, 1]);
    sim.settle();
    const newer = { ...sim.world, agents: new Map(), nbEpochs: new Map([['hv1', 2]]) };
    expect(fenceOf(sim.state, newer)?.ahead).toMatchObject([{ systemId: 'hv1', source: 'nb', epoch: 2, known: 1 }]);
    const anothers = { ...sim.world, nbEpochs: new Map([['somebody-elses', 9]]) };
    expect(fenceOf(sim.state, anothers)).toBeUndefined();
  });

  it('is not suspected in health: not in the middle of attempts, not after a crash at any entry', () => {
    const sim = runningCloud([1, 1, 1]);
    for (let round = 0; round < 200; round += 1) {
      sim.step();
      expect(fence(sim)).toBeUndefined();
      for (const agent of sim.agents.values()) agent.work();
      expect(fence(sim)).toBeUndefined();
      if (round % 7 === 0) sim.crash();
    }
    expect(runView(sim.state, 'r1')?.state).toBe('done');
  });

  it('that says itself that it was restored is read-only although nobody is ahead', () => {
    const sim = runningCloud([1, 1], {}, 1);
    sim.settle();
    sim.restore(sim.entries.length, true);
    expect(fence(sim)).toBe('it was restored from backup.sqlite');
    expect(looks(sim)).toEqual({ sent: 0, written: 0 });
    apply(sim);
    expect(fence(sim)).toBeUndefined();
    expect(replay(emptyLedger, sim.entries)).toEqual(sim.state);
  });
});

describe('a ledger that was copied back, and does not say so', () => {
  /** Two of three were cut; the ledger is that of before, and the agent that could tell is not back yet. */
  function copiedBack(entries: (sim: SimCloud) => number): SimCloud {
    const sim = runningCloud([1, 1, 1], { waveSize: 1 }, 2);
    sim.settle();
    const kept = entries(sim);
    sim.agent('hv2').drop(sim.nowMs);
    sim.agent('hv2').sinceMs = 0;
    sim.restore(kept);
    return sim;
  }

  it('cuts nobody before its agents have been heard, and is read-only by the first that knows more', () => {
    const sim = copiedBack((of) => upTo(of, 'attempt-closed', 'hv1'));
    for (let ms = 0; ms < 30_000; ms += 5_000) {
      expect(sim.step()).toBe(false);
      sim.nowMs += 5_000;
    }
    const [why] = explainWhy(sim.state, sim.world, { kind: 'run', runId: 'r1' });
    expect(why).toMatchObject({ kind: 'resolving', message: expect.stringContaining('agent of hv2') });
    sim.agent('hv2').reconnect(sim.nowMs);
    expect(fence(sim)).toBe('the agent of compute2.example has attempt 1, the ledger none');
  });

  it('lets nobody begin who was only prepared then, before its agents have been heard', () => {
    const sim = runningCloud([1, 1, 1], { waveSize: 1 }, 1);
    while (sim.agent('hv1').attempt === undefined) sim.step();
    sim.agent('hv3').drop(sim.nowMs);
    sim.agent('hv3').sinceMs = 0;
    sim.crash();
    for (let round = 0; round < 20; round += 1) sim.step();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ granted: false });
    sim.agent('hv3').reconnect(sim.nowMs);
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')?.outcome).toBe('committed');
  });

  it('waits for nobody on a way back', () => {
    const sim = runningCloud([1, 1, 1]);
    sim.settle();
    runPlan(sim, { goal: 'legacy' });
    sim.agent('hv3').drop(sim.nowMs);
    sim.agent('hv3').sinceMs = 0;
    sim.crash();
    const startedMs = sim.nowMs;
    for (let round = 0; round < 500 && sim.nowMs < startedMs + 20_000; round += 1) if (!sim.step()) sim.nowMs += 500;
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ direction: 'back', granted: true });
  });

  it('waits for an agent that stays away no longer than for a restart', () => {
    const sim = runningCloud([1, 1, 1], { waveSize: 1, errorBudget: 9 });
    sim.agent('hv3').drop(0);
    sim.agent('hv3').sinceMs = 0;
    sim.crash();
    expect(sim.step()).toBe(false);
    sim.nowMs += 30_001;
    sim.settle();
    expect(newestAttempt(sim.state, 'hv2')?.outcome).toBe('committed');
  });

  it('does not keep a coordinator waiting whose agents are all back', () => {
    const sim = runningCloud([1, 1, 1], { waveSize: 1 }, 1);
    sim.settle();
    sim.command(startWave(sim.state, { planId: 'p1', runId: 'r2', throughWave: 3, by: 'ann' }));
    sim.crash();
    sim.step();
    expect([...sim.state.open]).toEqual(['hv2']);
  });
});

describe('reconciling', () => {
  it('takes over number, outcome and where the taps are; pauses what was running; and goes on', () => {
    const sim = runningCloud([1, 1, 1], { waveSize: 1 }, 2);
    sim.settle();
    sim.restore(3);
    expect(differences(sim.state, sim.world)).toMatchObject([
      {
        hostname: 'compute1.example',
        verdict: 'adopt',
        ledger: 'nothing',
        agent: 'attempt 1 committed',
        plug: 'target',
      },
      {
        hostname: 'compute2.example',
        verdict: 'adopt',
        ledger: 'nothing',
        agent: 'attempt 1 committed',
        plug: 'target',
      },
    ]);
    apply(sim);
    expect(fence(sim)).toBeUndefined();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({
      epoch: 1,
      outcome: 'committed',
      planId: 'p1',
      granted: true,
    });
    expect(newestAttempt(sim.state, 'hv1')?.taps).toHaveLength(1);
    expect(looks(sim).sent, 'paused, until somebody has looked').toBe(0);
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'paused',
      pausedWhy: expect.stringContaining('reconciled'),
    });
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(sim.agent('hv1').cuts, 'what is on the target is not cut again').toEqual([1]);
    sim.command(revertHost(sim.state, sim.world, { ...who, systemId: 'hv1' }));
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ epoch: 2, direction: 'back', outcome: 'committed' });
    expect(sim.agent('hv1').onTarget).toBe(false);
  });

  it('takes a hypervisor back although its plan is lost too', () => {
    const sim = runningCloud([1, 1]);
    sim.settle();
    sim.restore(0);
    apply(sim);
    sim.command(revertHost(sim.state, sim.world, { ...who, systemId: 'hv1' }));
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ epoch: 2, direction: 'back', outcome: 'committed' });
  });

  it('waits for who is on the way to rest, and stays read-only until then', () => {
    const sim = runningCloud([1, 1, 1]);
    while (sim.agent('hv1').attempt?.phase !== 'committing') {
      sim.step();
      for (const agent of sim.agents.values()) agent.work();
    }
    sim.restore(3);
    expect(reconcile(sim.state, sim.world, who)).toMatchObject({
      refusal: { code: 'wrong-state', message: expect.stringContaining('compute1.example') },
    });
    expect(looks(sim)).toEqual({ sent: 0, written: 0 });
    while (isOpen(sim.agent('hv1').attempt?.phase ?? 'idle')) sim.agent('hv1').work(); // goes back at its deadline: no word comes
    apply(sim);
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({
      epoch: 1,
      outcome: 'reverted',
      why: 'the deadline passed',
    });
    expect(fence(sim)).toBeUndefined();
  });

  it('keeps the fleet halted by one that is stuck', () => {
    const sim = runningCloud([1, 1, 1]);
    Object.assign(sim.agent('hv1'), { localFails: true, revertFails: true });
    sim.settle();
    sim.restore(3);
    apply(sim);
    expect([...sim.state.stuck]).toEqual(['hv1']);
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ outcome: 'stuck', repair: ['ovs-vsctl …'] });
  });

  it('names who was not heard of, and is read-only again when that one turns up with more', () => {
    const sim = runningCloud([1, 1, 1]);
    sim.settle();
    sim.restore(upTo(sim, 'attempt-opened', 'hv2'), true);
    sim.agent('hv2').connected = false;
    sim.agent('hv2').sinceMs = 0;
    sim.startedMs = sim.nowMs;
    expect(differences(sim.state, sim.world)).toContainEqual(
      expect.objectContaining({ hostname: 'compute2.example', verdict: 'unheard', agent: 'not heard of' }),
    );
    apply(sim);
    expect(sim.entries.at(-1)?.event).toMatchObject({ type: 'ledger-reconciled', unheard: ['hv2'], ...who });
    expect(fence(sim)).toBeUndefined();
    sim.agent('hv2').reconnect(sim.nowMs);
    expect(fence(sim)).toContain('compute2.example has begun attempt 1');
  });

  /** The ledger is that of `entries` ago; hv1 was heard of half-way, 20 s before its deadline, and died. */
  function diedHalfWay(entries: (sim: SimCloud) => number): SimCloud {
    const sim = runningCloud([1, 1, 1], { errorBudget: 9 });
    while (sim.agent('hv1').attempt?.phase !== 'committing') {
      sim.step();
      for (const agent of sim.agents.values()) agent.work();
    }
    const { attempt } = sim.agent('hv1');
    if (attempt !== undefined) sim.agent('hv1').attempt = { ...attempt, remainingMs: 20_000 };
    sim.restore(entries(sim));
    sim.nowMs += 1_000;
    sim.agent('hv1').drop(sim.nowMs);
    return sim;
  }

  it('is not kept waiting for ever by one that was heard of on its way, and died', () => {
    const sim = diedHalfWay(() => 3);
    const { attempt } = sim.agent('hv1');
    sim.nowMs += 2 * 20_000 + 5_000;
    expect(differences(sim.state, sim.world)).toMatchObject([{ hostname: 'compute1.example', verdict: 'wait' }]);
    expect(reconcile(sim.state, sim.world, who)).toHaveProperty('refusal');
    sim.nowMs += 1;
    expect(differences(sim.state, sim.world)).toMatchObject([
      { verdict: 'unheard', agent: 'attempt 1 committing, 20 s to its deadline when last heard' },
    ]);
    expect(fence(sim), 'until somebody says so').toContain('compute1.example');
    apply(sim);
    expect(sim.entries.at(-1)?.event).toMatchObject({ type: 'ledger-reconciled', unheard: ['hv1'] });
    expect(fence(sim)).toBeUndefined();
    sim.agent('hv1').reconnect(sim.nowMs);
    expect(fence(sim), 'it is back, with more').toContain('compute1.example has attempt 1');
    while (isOpen(sim.agent('hv1').attempt?.phase ?? 'idle')) sim.agent('hv1').work();
    apply(sim);
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ epoch: 1, outcome: 'reverted' });
    expect(replay(emptyLedger, sim.entries)).toEqual(sim.state);
    if (attempt !== undefined) sim.agent('hv1').attempt = { ...attempt, epoch: 2, phase: 'cutting' };
    sim.agent('hv1').highestEpoch = 2;
    sim.agent('hv1').drop(sim.nowMs);
    sim.nowMs += 60_000;
    expect(fence(sim), 'what was said of it holds for that time only').toContain('compute1.example has attempt 2');
  });

  it('takes its word when it is back, although the ledger has given its attempt up as untouched meanwhile', () => {
    const sim = diedHalfWay((of) => upTo(of, 'attempt-opened'));
    sim.nowMs += 60_000;
    apply(sim);
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ outcome: 'blocked', granted: false });
    const { attempt } = sim.agent('hv1');
    if (attempt !== undefined) sim.agent('hv1').attempt = { ...attempt, phase: 'committed' };
    sim.agent('hv1').reconnect(sim.nowMs);
    expect(fence(sim)).toContain('compute1.example has begun attempt 1, of which the ledger has no grant');
    apply(sim);
    expect(fence(sim)).toBeUndefined();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ epoch: 1, outcome: 'committed' });
    expect(replay(emptyLedger, sim.entries)).toEqual(sim.state);
  });

  it('is not kept from its end by traces in OVN NB of one that was not heard of', () => {
    const sim = runningCloud([1, 1], {}, 1);
    sim.settle();
    sim.agent('hv1').drop(0);
    sim.agent('hv1').sinceMs = 0;
    sim.startedMs = sim.nowMs;
    const world = () => ({ ...sim.world, nbEpochs: new Map([['hv1', 2]]) });
    expect(fenceOf(sim.state, world())?.ahead).toMatchObject([{ systemId: 'hv1', source: 'nb' }]);
    sim.command(reconcile(sim.state, world(), who));
    expect(fenceOf(sim.state, world())).toBeUndefined();
    sim.append([{ type: 'ledger-restored', by: 'ann', from: 'backup.sqlite' }]);
    expect(fenceOf(sim.state, world())?.ahead, 'in another ledger it was never named').toHaveLength(1);
  });

  it('knows that a number which no journal has was never begun', () => {
    const sim = runningCloud([1, 1]);
    sim.step();
    const agent = sim.agent('hv1');
    agent.highestEpoch = 7;
    apply(sim);
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ epoch: 7, outcome: 'blocked', granted: false });
    const opened = sim.state.hosts.get('hv1')?.attempts[1];
    expect(opened, 'what was open is over').toMatchObject({ epoch: 1, outcome: 'reverted' });
    expect(sim.state.open.has('hv1')).toBe(false);
  });

  it('changes nothing where there is nothing to reconcile', () => {
    const sim = runningCloud([1, 1]);
    sim.settle();
    expect(reconcile(sim.state, sim.world, who)).toEqual({ events: [] });
    expect(differences(sim.state, sim.world)).toEqual([]);
  });
});

describe('whatever part of a ledger is lost, at whatever moment', () => {
  it('nothing is ordered before it is reconciled, no number is given twice, and the run ends', () => {
    fc.assert(
      fc.property(fc.nat(120), fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), (steps, share, told) => {
        const sim = runningCloud([1, 2, 1], { errorBudget: 9 });
        for (let n = 0; n < steps; n += 1) {
          sim.step();
          if (n % 3 === 0) for (const agent of sim.agents.values()) agent.work();
        }
        const given = new Map([...sim.agents].map(([id, agent]) => [id, agent.highestEpoch]));
        sim.restore(3 + Math.floor((sim.entries.length - 3) * share), told);
        const kept = sim.entries.length;
        for (let round = 0; fenceOf(sim.state, sim.world) !== undefined; round += 1) {
          expect(looks(sim)).toEqual({ sent: 0, written: 0 });
          const commanded = reconcile(sim.state, sim.world, who);
          if ('events' in commanded) sim.append(commanded.events);
          for (const agent of sim.agents.values()) agent.work();
          expect(round, 'reconciling ends').toBeLessThan(100);
        }
        if (runView(sim.state, 'r1')?.state === 'paused')
          sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'x' }));
        sim.settle();
        expect(replay(emptyLedger, sim.entries)).toEqual(sim.state);
        for (const { event } of sim.entries.slice(kept)) {
          if (event.type === 'attempt-opened') expect(event.epoch).toBeGreaterThan(given.get(event.systemId) ?? 0);
        }
        for (const agent of sim.agents.values()) {
          expect(new Set(agent.cuts).size).toBe(agent.cuts.length);
          expect(isOpen(agent.attempt?.phase ?? 'idle')).toBe(false);
          expect(sim.state.hosts.get(agent.systemId)?.epoch ?? 0).toBe(agent.highestEpoch);
        }
      }),
      { numRuns: 100 },
    );
  });
});
