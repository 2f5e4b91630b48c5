import { describe, expect, it } from 'vitest';
import type { Effect } from '../../../domain/run/effects.ts';
import { explainWhy } from '../../../domain/run/explain-why.ts';
import { operateHost, revertHost } from '../../../domain/run/host-commands.ts';
import { hostView } from '../../../domain/run/host-view.ts';
import { newestAttempt } from '../../../domain/run/ledger-state.ts';
import { leaveHost, resumeRun, retryHost } from '../../../domain/run/run-commands.ts';
import { runView } from '../../../domain/run/run-view.ts';
import { runningCloud, runPlan, type SimCloud } from './sim-cloud.ts';

const overlay = { class: 'overlay' } as const;
const shunt = { method: 'shunt' } as const;

function told(sim: SimCloud): readonly string[] {
  return sim.entries.flatMap(({ event }) =>
    event.type === 'attempt-opened'
      ? [`${event.systemId} ${event.operation ?? 'cut'}${event.direction === 'back' ? ' back' : ''}`]
      : [],
  );
}

function places(sim: SimCloud): readonly string[] {
  return [...sim.agents.values()].map((agent) => [...new Set([...agent.places.values()])].join());
}

function isCut(effect: Effect): boolean {
  return effect.kind === 'order' && effect.order.type === 'cut';
}

const who = { by: 'ann', why: 'asked' };

describe('a shunt on a VLAN', () => {
  it('stages and then flips each hypervisor in its own wave, canary first', () => {
    const sim = runningCloud([2, 1], shunt);
    sim.settle();
    expect(told(sim)).toEqual(['hv2 stage', 'hv2 cut', 'hv1 stage', 'hv1 cut']);
    expect(places(sim)).toEqual(['shunted', 'shunted']);
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'done',
      waves: [{ operations: ['stage', 'cut'], hosts: [{ attempt: { method: 'shunt', phase: 'committed' } }] }, {}],
    });
  });

  it('names the operation in every order, and the method of each tap', () => {
    const sim = runningCloud([1, 1], shunt);
    sim.settle();
    const orders = sim.sent.flatMap((effect) =>
      effect.kind === 'order' && effect.systemId === 'hv1' ? effect.order : [],
    );
    const prepared = orders.filter((order) => order.type === 'prepare');
    expect(prepared).toMatchObject([
      { operation: 'stage', taps: [{ method: 'shunt' }] },
      { taps: [{ method: 'shunt' }] },
    ]);
    const cuts = orders.filter((order) => order.type === 'cut');
    expect(cuts).toMatchObject([{ grant: { operation: 'stage', method: 'shunt' } }, { grant: { method: 'shunt' } }]);
    expect(cuts.flatMap(({ grant }) => grant.networks.map((network) => network.barrier))).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('takes a guest that was plugged direct since the plan was made back from there, and the others by their shunt', () => {
    const sim = runningCloud([2, 1], shunt);
    sim.settle();
    runPlan(sim, { ...shunt, goal: 'legacy' });
    const [rebooted = ''] = sim.agent('hv1').places.keys();
    sim.agent('hv1').places.set(rebooted, 'direct');
    sim.settle();
    expect(places(sim)).toEqual(['legacy', 'legacy']);
    expect(runView(sim.state, 'r2')?.state).toBe('done');
    const cut = sim.sent.flatMap((effect) =>
      effect.kind === 'order' && effect.systemId === 'hv1' && effect.order.type === 'cut' ? effect.order.grant : [],
    );
    const back = cut.find((grant) => grant.direction === 'back' && grant.operation !== 'stage');
    expect(back?.taps.map((tap) => tap.method ?? 'direct').toSorted()).toEqual(['direct', 'shunt']);
  });

  it('goes on after a crash behind any entry of the ledger, and does nothing twice', () => {
    const whole = runningCloud([1, 1], shunt);
    whole.settle();
    for (let crashAt = 4; crashAt <= whole.entries.length; crashAt += 1) {
      const sim = runningCloud([1, 1], shunt);
      for (let round = 0; round < 500 && sim.entries.length < crashAt; round += 1) {
        sim.step();
        for (const agent of sim.agents.values()) agent.work();
      }
      sim.crash();
      sim.settle();
      expect(runView(sim.state, 'r1')?.state).toBe('done');
      expect([...sim.agents.values()].map((agent) => agent.cuts)).toEqual([
        [1, 2],
        [1, 2],
      ]);
    }
  });

  it('is taken further and all the way back by plans with other goals', () => {
    const sim = runningCloud([1, 1], { ...shunt, goal: 'staged' });
    sim.settle();
    expect(places(sim)).toEqual(['staged', 'staged']);
    for (const [goal, place] of [
      ['finished', 'hybrid'],
      ['collapsed', 'direct'],
      ['legacy', 'legacy'],
    ] as const) {
      runPlan(sim, { ...shunt, goal });
      sim.settle();
      expect(places(sim)).toEqual([place, place]);
    }
    expect(told(sim).filter((one) => one.startsWith('hv1'))).toEqual([
      'hv1 stage',
      'hv1 cut',
      'hv1 finish',
      'hv1 collapse',
      'hv1 collapse back',
      'hv1 finish back',
      'hv1 cut back',
      'hv1 stage back',
    ]);
  });

  it('skips an operation that somebody has done since the plan was made', () => {
    const sim = runningCloud([1, 1], shunt);
    for (const port of sim.inventory.ports.values())
      sim.agent(port.requestedChassis ?? '').places.set(port.id, 'staged');
    sim.settle();
    expect(told(sim)).toEqual(['hv1 cut', 'hv2 cut']);
    expect(sim.entries.filter(({ event }) => event.type === 'operation-skipped')).toHaveLength(2);
    expect(runView(sim.state, 'r1')?.state).toBe('done');
  });

  it('goes one operation back at each word, from the target to staged to legacy', () => {
    const sim = runningCloud([1, 1], shunt);
    sim.settle();
    const back = () => revertHost(sim.state, sim.world, { systemId: 'hv1', ...who });
    sim.command(back());
    sim.settle();
    expect([...sim.agent('hv1').places.values()]).toEqual(['staged']);
    expect(newestAttempt(sim.state, 'hv1')?.phase).toBe('staged');
    sim.command(back());
    sim.settle();
    expect([...sim.agent('hv1').places.values()]).toEqual(['legacy']);
    expect(back()).toMatchObject({ refusal: { code: 'wrong-state' } });
    expect(runView(sim.state, 'r1')?.state).toBe('done');
    sim.command(retryHost(sim.state, { systemId: 'hv1', by: 'ann' }));
    sim.settle();
    expect(told(sim).slice(-2)).toEqual(['hv1 stage', 'hv1 cut']);
    expect(places(sim)).toEqual(['shunted', 'shunted']);
  });

  it('does one operation at one hypervisor when asked, where its taps stand so', () => {
    const sim = runningCloud([1, 1], shunt);
    sim.settle();
    const verb = (name: 'unstage' | 'finish' | 'collapse') =>
      operateHost(sim.state, sim.world, { systemId: 'hv1', verb: name, ...who });
    expect(verb('unstage')).toMatchObject({
      refusal: { code: 'wrong-state', message: expect.stringContaining('staged') },
    });
    sim.command(verb('finish'));
    expect(verb('collapse')).toMatchObject({ refusal: { message: expect.stringContaining('is open') } });
    sim.settle();
    sim.command(verb('collapse'));
    sim.settle();
    expect([...sim.agent('hv1').places.values()]).toEqual(['direct']);
    sim.command(revertHost(sim.state, sim.world, { systemId: 'hv1', ...who }));
    sim.settle();
    expect([...sim.agent('hv1').places.values()]).toEqual(['hybrid']);
  });
});

describe('a shunt on an overlay', () => {
  const overlayCloud = (guests: readonly number[], over = {}) =>
    runningCloud(guests, { ...shunt, ...over }, 99, overlay);

  it('stages all, and then grants and orders all in one moment', () => {
    const sim = overlayCloud([1, 1, 1], { maxOpen: 1 });
    sim.settle();
    expect(told(sim)).toEqual(['hv1 stage', 'hv2 stage', 'hv3 stage', 'hv1 cut', 'hv2 cut', 'hv3 cut']);
    const grants = sim.entries.filter(({ event }) => event.type === 'attempt-granted').slice(3);
    expect(grants.map(({ seq }) => seq - (grants[0]?.seq ?? 0))).toEqual([0, 1, 2]);
    const cuts = sim.sent.flatMap((effect, at) => (isCut(effect) ? [at] : [])).slice(3);
    expect(cuts.map((at) => at - (cuts[0] ?? 0))).toEqual([0, 1, 2]);
    expect(runView(sim.state, 'r1')?.waves.at(-1)).toMatchObject({ together: true, state: 'done' });
    expect([...sim.agents.values()].map((agent) => agent.barriers)).toEqual([['met'], ['met'], ['met']]);
  });

  it('grants nobody while one member cannot be prepared, and says whom it waits for', () => {
    const sim = overlayCloud([1, 1, 1], { errorBudget: 2 });
    const obey = sim.agent('hv2').obey.bind(sim.agent('hv2'));
    sim.agent('hv2').obey = (order, silent) =>
      order.type === 'prepare' && order.operation === undefined
        ? { orderId: order.orderId, kind: 'refused', code: 'held', message: 'no room for nft', findings: [] }
        : obey(order, silent);
    sim.settle();
    expect(places(sim)).toEqual(['staged', 'staged', 'staged']);
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'paused',
      pausedWhy: expect.stringContaining('moves as one'),
    });
    expect(explainWhy(sim.state, sim.world, { kind: 'host', systemId: 'hv1' })[0]?.message).toMatch(/grant|compute2/);
    expect(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' })).toMatchObject({
      refusal: { code: 'wrong-state' },
    });
    sim.agent('hv2').obey = obey;
    sim.command(retryHost(sim.state, { systemId: 'hv2', by: 'ann' }));
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(places(sim)).toEqual(['shunted', 'shunted', 'shunted']);
  });

  it('pauses when a member goes back to staged, keeps the others, and flips it alone on retry', () => {
    const sim = overlayCloud([1, 1, 1], { errorBudget: 2 });
    while (newestAttempt(sim.state, 'hv2')?.operation !== undefined || newestAttempt(sim.state, 'hv2') === undefined) {
      sim.step();
      for (const agent of sim.agents.values()) agent.work();
      sim.nowMs += 100;
    }
    sim.agent('hv2').localFails = true;
    sim.settle();
    expect(places(sim)).toEqual(['shunted', 'staged', 'shunted']);
    expect(runView(sim.state, 'r1')?.state).toBe('paused');
    expect(leaveHost(sim.state, { systemId: 'hv2', ...who })).toHaveProperty('events');
    sim.agent('hv2').localFails = false;
    sim.command(retryHost(sim.state, { systemId: 'hv2', by: 'ann' }));
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(places(sim)).toEqual(['shunted', 'shunted', 'shunted']);
    expect(runView(sim.state, 'r1')?.state).toBe('done');
  });

  it('refuses at one hypervisor what would cut it off, and says what to do', () => {
    const sim = overlayCloud([1, 1], { goal: 'staged' });
    sim.settle();
    const verb = (systemId: string, name: 'unstage' | 'finish') =>
      operateHost(sim.state, sim.world, { systemId, verb: name, ...who });
    expect(verb('hv1', 'unstage')).toHaveProperty('events');
    runPlan(sim, { ...shunt, goal: 'target' });
    sim.settle();
    sim.command(revertHost(sim.state, sim.world, { systemId: 'hv1', ...who }));
    sim.settle();
    expect(places(sim)).toEqual(['staged', 'shunted']);
    const unstage = {
      code: 'held',
      message: expect.stringMatching(/compute2.example has guests there that are shunted.*goal: legacy/),
    };
    expect(verb('hv1', 'unstage')).toMatchObject({ refusal: unstage });
    const finish = {
      code: 'held',
      message: expect.stringMatching(/compute1.example has guests there that are staged.*goal: finished/),
    };
    expect(verb('hv2', 'finish')).toMatchObject({ refusal: finish });
  });

  it('finishes together, and goes back together', () => {
    const sim = overlayCloud([1, 1], { goal: 'finished' });
    sim.settle();
    expect(places(sim)).toEqual(['hybrid', 'hybrid']);
    runPlan(sim, { ...shunt, goal: 'legacy' });
    sim.settle();
    expect(places(sim)).toEqual(['legacy', 'legacy']);
    expect(
      sim.state.plans.get('p2')?.waves.map((wave) => [wave.operations ?? ['cut'], wave.together === true]),
    ).toEqual([
      [['finish'], false],
      [['finish'], false],
      [['cut'], true],
      [['stage'], false],
    ]);
  });

  it('waits with the flip for a guest that came to legacy since, and says where it is', () => {
    const sim = overlayCloud([1, 1, 0]);
    sim.settle();
    runPlan(sim, { ...shunt, goal: 'legacy' });
    sim.settle();
    runPlan(sim, shunt);
    const newcomer = [...sim.inventory.ports.values()].find((port) => port.requestedChassis === 'hv2');
    while (newestAttempt(sim.state, 'hv2')?.direction === 'back' || sim.state.open.size > 0) {
      sim.step();
      for (const agent of sim.agents.values()) agent.work();
      sim.nowMs += 100;
    }
    sim.agent('hv2').places.set(newcomer?.id ?? '', 'legacy');
    sim.step();
    const holds = hostView(sim.state, sim.world, 'hv1')?.holds.map((hold) => hold.kind);
    expect(holds).toEqual(expect.arrayContaining(['wave-together']));
    expect(places(sim)).toEqual(['staged', 'legacy', '']);
  });
});
