import { describe, expect, it } from 'vitest';
import type { JoinedInventory } from '../../../domain/inventory/joined-inventory.ts';
import { choosePeers } from '../../../domain/planning/choose-peers.ts';
import { explainWhy } from '../../../domain/run/explain-why.ts';
import { operateHost, revertHost } from '../../../domain/run/host-commands.ts';
import { newestAttempt } from '../../../domain/run/ledger-state.ts';
import { abortRun, leaveHost, resumeRun, retryHost } from '../../../domain/run/run-commands.ts';
import { runView } from '../../../domain/run/run-view.ts';
import { netA } from './facts.ts';
import { runningCloud, runPlan, SimCloud } from './sim-cloud.ts';

const overlay = { class: 'overlay' } as const;
const who = { by: 'ann', why: 'asked' };

function places(sim: SimCloud): readonly string[] {
  return [...sim.agents.values()].map((agent) => [...new Set([...agent.places.values()])].join());
}

function stepUntil(sim: SimCloud, done: () => boolean): void {
  for (let round = 0; round < 500 && !done(); round += 1) {
    sim.step();
    for (const agent of sim.agents.values()) agent.work();
    sim.nowMs += 100;
  }
  expect(done()).toBe(true);
}

describe('the way back on an overlay, where no peer reaches a guest on legacy', () => {
  it.each(['shunt', 'direct'] as const)('is judged without the peers: %s', (method) => {
    const sim = runningCloud([1, 1], { method }, 99, overlay);
    sim.settle();
    runPlan(sim, { method, goal: 'legacy' });
    sim.settle();
    expect(places(sim)).toEqual(['legacy', 'legacy']);
    expect(runView(sim.state, 'r2')?.state).toBe('done');
  });
});

describe('two operations on one overlay', () => {
  it('refuses what another open attempt would cut off, though its taps have not moved yet', () => {
    const sim = runningCloud([1, 1], { method: 'shunt' }, 99, overlay);
    sim.settle();
    sim.command(operateHost(sim.state, sim.world, { systemId: 'hv1', verb: 'finish', ...who }));
    const back = () => revertHost(sim.state, sim.world, { systemId: 'hv2', ...who });
    expect(back()).toMatchObject({ refusal: { code: 'held', message: expect.stringContaining('compute1.example') } });
    sim.settle();
    expect(back()).toMatchObject({ refusal: { code: 'held' } });
    expect(places(sim)).toEqual(['hybrid', 'shunted']);
  });

  it('grants the first of two that were opened all the same, and lets the other wait', () => {
    const sim = runningCloud([1, 1], { method: 'shunt' }, 99, overlay);
    sim.settle();
    const both = [
      operateHost(sim.state, sim.world, { systemId: 'hv1', verb: 'finish', ...who }),
      revertHost(sim.state, sim.world, { systemId: 'hv2', ...who }),
    ];
    for (const one of both) sim.command(one);
    sim.settle();
    expect(places(sim)).toEqual(['hybrid', 'shunted']);
    sim.nowMs += 60_000;
    sim.settle();
    expect(newestAttempt(sim.state, 'hv2')).toMatchObject({ outcome: 'blocked', code: 'held' });
  });

  it('counts an attempt that has just ended as where it went, whatever was observed before', () => {
    const sim = runningCloud([1, 1], { method: 'shunt' }, 99, overlay);
    sim.settle();
    const before = sim.inventory;
    sim.command(operateHost(sim.state, sim.world, { systemId: 'hv1', verb: 'finish', ...who }));
    sim.settle();
    const late = { ...sim.world, inventory: before };
    expect(revertHost(sim.state, late, { systemId: 'hv2', ...who })).toMatchObject({ refusal: { code: 'held' } });
  });

  it('does not begin what the flip of a wave that has begun would cut off', () => {
    const sim = runningCloud([1, 1, 1], { method: 'shunt' }, 99, overlay);
    stepUntil(sim, () => newestAttempt(sim.state, 'hv1')?.operation === undefined && sim.state.open.size > 2);
    sim.append([{ type: 'attempt-closed', systemId: 'hv3', epoch: 2, outcome: 'blocked', blackouts: [], repair: [] }]);
    expect(operateHost(sim.state, sim.world, { systemId: 'hv3', verb: 'unstage', ...who })).toMatchObject({
      refusal: { code: 'held' },
    });
  });
});

/** As the coordinator has it after its restart: hypervisors that have not come back are not there. */
class ForgetfulCloud extends SimCloud {
  forgotten: string | undefined;
  override get inventory(): JoinedInventory {
    const known = super.inventory;
    return { ...known, hosts: new Map([...known.hosts].filter(([id]) => id !== this.forgotten)) };
  }
}

describe('a hypervisor that was not heard of since the restart', () => {
  it('is in the way of what it may be cut off by', () => {
    const sim = new ForgetfulCloud([1, 1], overlay);
    runPlan(sim, { method: 'shunt', goal: 'staged' });
    sim.settle();
    const unstage = () => operateHost(sim.state, sim.world, { systemId: 'hv1', verb: 'unstage', ...who });
    expect(unstage()).toHaveProperty('events');
    sim.forgotten = 'hv2';
    sim.agent('hv2').connected = false;
    sim.crash();
    const message = expect.stringMatching(/compute2|hv2.*has not shown where they are/);
    expect(unstage()).toMatchObject({ refusal: { code: 'held', message } });
    expect(() => runPlan(sim, { method: 'shunt', goal: 'legacy' })).not.toThrow();
    expect(sim.state.plans.get('p2')).toMatchObject({ waves: [], held: [{ holds: [{ kind: 'overlay-incomplete' }] }] });
  });

  it('is so too where OVN does not say that its guests are there, but the ledger does', () => {
    const sim = new ForgetfulCloud([1, 1], overlay);
    runPlan(sim, { method: 'shunt', goal: 'staged' });
    sim.settle();
    sim.forgotten = 'hv2';
    const known = sim.inventory;
    const ports = new Map([...known.ports].map(([id, { requestedChassis: _c, ...port }]) => [id, port]));
    const world = { ...sim.world, inventory: { ...known, ports } };
    expect(operateHost(sim.state, world, { systemId: 'hv1', verb: 'unstage', ...who })).toMatchObject({
      refusal: { code: 'held', message: expect.stringContaining('compute2.example') },
    });
  });
});

describe('a wave that moves as one', () => {
  it('does not wait for ever beside one that was left out: it refuses, and says who is in the way', () => {
    const sim = runningCloud([1, 1, 1], { method: 'direct' }, 99, overlay);
    sim.command(leaveHost(sim.state, { systemId: 'hv3', ...who }));
    sim.settle();
    sim.nowMs += 60_000;
    sim.settle();
    expect(places(sim)).toEqual(['', '', '']);
    expect(sim.state.open.size).toBe(0);
    expect(runView(sim.state, 'r1')?.state).toBe('paused');
    expect(newestAttempt(sim.state, 'hv1')?.why).toMatch(/compute3.example has guests there that are legacy/);
  });

  it('is committed by none, and goes back, when one of a direct overlay goes back', () => {
    const sim = runningCloud([1, 1, 1], { method: 'direct', errorBudget: 2 }, 99, overlay);
    sim.agent('hv2').localFails = true;
    sim.settle();
    expect(places(sim)).toEqual(['legacy', 'legacy', 'legacy']);
    expect(runView(sim.state, 'r1')?.state).toBe('paused');
    expect(sim.entries.some(({ event }) => event.type === 'commit-granted')).toBe(false);
    sim.agent('hv2').localFails = false;
    for (const systemId of ['hv1', 'hv2', 'hv3']) sim.command(retryHost(sim.state, { systemId, by: 'ann' }));
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(places(sim)).toEqual(['direct', 'direct', 'direct']);
  });

  it('takes a direct overlay back whole, or not at all', () => {
    const sim = runningCloud([1, 1], { method: 'direct' }, 99, overlay);
    sim.settle();
    runPlan(sim, { method: 'direct', goal: 'legacy', errorBudget: 2 });
    sim.agent('hv1').localFails = true;
    sim.settle();
    expect(places(sim)).toEqual(['direct', 'direct']);
  });

  it('commits all in one append, when the last verdict is there', () => {
    const sim = runningCloud([1, 1, 1], { method: 'direct' }, 99, overlay);
    stepUntil(sim, () => sim.agent('hv1').attempt?.phase === 'cutting');
    const slow = sim.agent('hv3');
    const work = slow.work.bind(slow);
    slow.work = () => false;
    for (let round = 0; round < 10; round += 1) {
      sim.step();
      for (const agent of sim.agents.values()) agent.work();
    }
    expect(sim.agent('hv1').attempt?.phase).toBe('committing');
    expect(explainWhy(sim.state, sim.world, { kind: 'host', systemId: 'hv1' })[0]?.message).toMatch(/compute3.example/);
    slow.work = work;
    sim.settle();
    const words = sim.entries.filter(({ event }) => event.type === 'commit-granted').map(({ seq }) => seq);
    expect(words.map((seq) => seq - (words[0] ?? 0))).toEqual([0, 1, 2]);
    expect(places(sim)).toEqual(['direct', 'direct', 'direct']);
  });
});

describe('a grant that nobody has begun with', () => {
  const granted = () => {
    const sim = runningCloud([1, 1], { method: 'direct' });
    const id = () => sim.entries.flatMap(({ event }) => (event.type === 'attempt-granted' ? event.systemId : []))[0];
    stepUntil(sim, () => id() !== undefined);
    const agent = sim.agent(id() ?? '');
    agent.attempt = agent.attempt && { ...agent.attempt, phase: 'prepared' };
    expect(agent.cuts).toEqual([]);
    agent.drop(sim.nowMs);
    return { sim, agent };
  };

  it('is called off when the run was aborted meanwhile, however soon its agent comes back', () => {
    const { sim, agent } = granted();
    sim.command(abortRun(sim.state, { runId: 'r1', by: 'ann' }));
    agent.restart(sim.nowMs);
    sim.settle();
    expect(agent.cuts).toEqual([]);
    expect(newestAttempt(sim.state, agent.systemId)).toMatchObject({ outcome: 'blocked', code: 'cancelled' });
  });

  it('is called off when the run was paused, and when it is older than the deadline', () => {
    for (const pause of [true, false]) {
      const { sim, agent } = granted();
      if (pause) sim.append([{ type: 'run-paused', runId: 'r1', by: 'ann', why: 'lunch' }]);
      else sim.nowMs += 3_600_000;
      agent.reconnect(sim.nowMs);
      sim.settle();
      expect(agent.cuts).toEqual([]);
      expect(newestAttempt(sim.state, agent.systemId)?.outcome).toBe('reverted');
    }
  });

  it('is carried out after a short absence, also of the coordinator', () => {
    const { sim, agent } = granted();
    agent.reconnect(sim.nowMs);
    sim.crash();
    sim.settle();
    expect(newestAttempt(sim.state, agent.systemId)?.outcome).toBe('committed');
  });
});

describe('grace', () => {
  it('is asked for before the first grant of a wave, once, and keeps nobody', () => {
    const sim = runningCloud([1, 1, 1], { method: 'direct' }, 99, overlay);
    sim.failEffects = (effect) => effect.kind === 'nb-grace';
    sim.settle();
    const graces = sim.sent.flatMap((effect, at) => (effect.kind === 'nb-grace' ? [at] : []));
    const cuts = sim.sent.flatMap((effect, at) => (effect.kind === 'order' && effect.order.type === 'cut' ? [at] : []));
    expect(graces).toHaveLength(3);
    expect(cuts.map((at) => at - (cuts[0] ?? 0))).toEqual([0, 1, 2]);
    expect(Math.max(...graces)).toBeLessThan(Math.min(...cuts));
    expect(places(sim)).toEqual(['direct', 'direct', 'direct']);
  });

  it('is waited for by the whole wave', () => {
    const sim = runningCloud([1, 1, 1], { method: 'direct' }, 99, overlay);
    stepUntil(sim, () => sim.sent.some((effect) => effect.kind === 'nb-grace'));
    const key = sim.sent.find((effect) => effect.kind === 'nb-grace')?.key ?? '';
    const entry = sim.progress.get(key);
    if (entry === undefined) throw new Error('not asked for');
    const { outcome: _o, endedMs: _e, ...inFlight } = entry;
    sim.progress = new Map(sim.progress).set(key, inFlight);
    sim.settle();
    expect(sim.entries.some(({ event }) => event.type === 'attempt-granted')).toBe(false);
    sim.progress = new Map(sim.progress).set(key, entry);
    sim.settle();
    expect(places(sim)).toEqual(['direct', 'direct', 'direct']);
  });
});

describe('why, of a large wave that moves as one', () => {
  it('computes each step once, not once for each that asks', () => {
    const sim = runningCloud(
      Array.from({ length: 60 }, () => 1),
      { method: 'direct' },
      99,
      overlay,
    );
    sim.failEffects = (effect) =>
      effect.kind === 'order' && effect.order.type === 'prepare' && effect.systemId === 'hv2';
    for (let round = 0; round < 4; round += 1) sim.step();
    const { world } = sim;
    let asked = 0;
    const progress = new Map(sim.progress);
    const get = progress.get.bind(progress);
    progress.get = (key) => {
      asked += 1;
      return get(key);
    };
    expect(explainWhy(sim.state, { ...world, progress }, { kind: 'run', runId: 'r1' })).toHaveLength(60);
    expect(asked).toBeLessThan(60 * 60);
  });
});

describe('when things are bad', () => {
  it('takes an overlay back though a chassis is gone and something else is wrong there', () => {
    const sim = runningCloud([1, 1], { method: 'shunt', goal: 'staged' }, 99, overlay);
    sim.settle();
    sim.agent('hv1').chassisReady = false;
    runPlan(sim, { method: 'shunt', goal: 'legacy' });
    expect(sim.state.plans.get('p2')?.held).toEqual([]);
    sim.settle();
    expect(places(sim)).toEqual(['legacy', 'legacy']);
  });

  it('takes back the newest operation of which guests are left', () => {
    const sim = runningCloud([2, 1]);
    sim.settle();
    const older = newestAttempt(sim.state, 'hv1');
    const [tap] = older?.taps ?? [];
    if (older === undefined || tap === undefined) throw new Error('nothing moved');
    const at = { systemId: 'hv1', epoch: 9 } as const;
    const taps = [{ ...tap, portId: 'gone', tap: 'tapgone' }];
    const { hostname, planId } = older;
    sim.append([
      { type: 'attempt-opened', ...at, hostname, direction: 'forward', planId, taps },
      { type: 'attempt-granted', ...at },
      { type: 'attempt-closed', ...at, outcome: 'committed', blackouts: [], repair: [] },
    ]);
    expect(revertHost(sim.state, sim.world, { systemId: 'hv1', ...who })).toMatchObject({
      events: [{ type: 'attempt-opened', direction: 'back', taps: older.taps.map(({ portId }) => ({ portId })) }],
    });
  });

  it('asks peers on both sides of a mixed network, by the places of their guests there', () => {
    const sim = runningCloud([1, 1, 1, 1], { method: 'shunt', goal: 'staged' }, 99, overlay);
    sim.settle();
    for (const port of sim.inventory.ports.values())
      if (port.requestedChassis === 'hv4') sim.agent('hv4').places.set(port.id, 'shunted');
    const { inventory } = sim;
    expect(choosePeers({ inventory, systemId: 'hv1', networkId: netA, avoid: new Set() })).toEqual(['hv4', 'hv2']);
    expect(choosePeers({ inventory, systemId: 'hv2', networkId: netA, avoid: new Set() })).toEqual(['hv4', 'hv3']);
  });
});
