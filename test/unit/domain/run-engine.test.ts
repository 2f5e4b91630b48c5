import { describe, expect, it } from 'vitest';
import { exitStatus } from '../../../domain/run/exit-status.ts';
import { explainWhy } from '../../../domain/run/explain-why.ts';
import { revertHost } from '../../../domain/run/host-commands.ts';
import { runResting } from '../../../domain/run/host-status.ts';
import { hostView } from '../../../domain/run/host-view.ts';
import { emptyLedger, newestAttempt } from '../../../domain/run/ledger-state.ts';
import { replay } from '../../../domain/run/reduce.ts';
import { abortRun, leaveHost, pauseRun, resumeRun, retryHost, startWave } from '../../../domain/run/run-commands.ts';
import { runView } from '../../../domain/run/run-view.ts';
import { runningCloud, runPlan, type SimCloud } from './sim-cloud.ts';

function outcomes(sim: SimCloud): Record<string, string> {
  return Object.fromEntries([...sim.state.hosts].map(([id, host]) => [id, host.attempts[0].outcome ?? 'open']));
}

function opened(sim: SimCloud): readonly string[] {
  return sim.entries.flatMap(({ event }) => (event.type === 'attempt-opened' ? [event.systemId] : []));
}

function ordersTo(sim: SimCloud, systemId: string): readonly string[] {
  return sim.sent.flatMap((effect) =>
    effect.kind === 'order' && effect.systemId === systemId ? [effect.order.type] : [],
  );
}

describe('a run that goes well', () => {
  it('stays done however often its hypervisors go back and forth afterwards', () => {
    const sim = runningCloud([1, 1]);
    sim.settle();
    for (let epoch = 2; epoch <= 40; epoch += 1) {
      sim.append([
        { type: 'attempt-opened', systemId: 'hv1', hostname: 'hv1', epoch, direction: 'back', planId: 'p1' },
        { type: 'attempt-closed', systemId: 'hv1', epoch, outcome: 'committed', blackouts: [], repair: [] },
      ]);
    }
    expect(runView(sim.state, 'r1')).toMatchObject({ state: 'done' });
    sim.settle();
    expect(opened(sim)).toHaveLength(2 + 39);
  });

  it('cuts all, canary first, and is done', () => {
    const sim = runningCloud([2, 1, 3]);
    sim.settle();
    expect(outcomes(sim)).toEqual({ hv1: 'committed', hv2: 'committed', hv3: 'committed' });
    expect(opened(sim)[0]).toBe('hv2');
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'done',
      errors: 0,
      waves: [{ state: 'done' }, { state: 'done' }],
    });
    expect(exitStatus(sim.state, 'r1')).toBe(0);
  });

  it('writes opened, granted and commit-granted before it acts, in this order', () => {
    const sim = runningCloud([1, 1]);
    sim.settle();
    const types = sim.entries.flatMap(({ event }) =>
      'epoch' in event && event.systemId === 'hv1' ? [event.type] : [],
    );
    expect(types.filter((type) => type !== 'attempt-phase')).toEqual([
      'attempt-opened',
      'attempt-granted',
      'commit-granted',
      'attempt-closed',
    ]);
    expect(ordersTo(sim, 'hv1').filter((type) => type !== 'probe' && type !== 'ensure-probes')).toEqual([
      'prepare',
      'cut',
      'commit',
    ]);
  });

  it('lets peers ask before the cut and after it', () => {
    const sim = runningCloud([1, 1]);
    sim.settle();
    const keys = sim.sent
      .filter((effect) => effect.kind === 'order' && effect.order.type === 'probe')
      .map((effect) => effect.key);
    const asked = (name: string) => [
      expect.stringMatching(`^${name}/[-0-9a-f]+/`), // from OVN
      expect.stringContaining(`${name}/legacy/`),
    ];
    expect(keys).toEqual(['hv1/1/baseline1', 'hv1/1/after1', 'hv2/1/baseline1', 'hv2/1/after1'].flatMap(asked));
    expect(newestAttempt(sim.state, 'hv1')?.baseline).toMatchObject([
      { vantage: 'remote', from: 'hv2', answered: 5 },
      { vantage: 'legacy', from: 'hv2', answered: 5 },
    ]);
  });

  it('never has more open than maxOpen and the zone cap allow', () => {
    const sim = runningCloud([1, 1, 1, 1, 1, 1], { maxOpen: 3, zones: { east: ['hv[', 'hv?'] }, zoneCap: 2 });
    let most = 0;
    for (let round = 0; round < 300; round += 1) {
      sim.step();
      for (const agent of sim.agents.values()) agent.work();
      most = Math.max(most, sim.state.open.size);
    }
    expect(most).toBe(2);
    expect(Object.values(outcomes(sim))).toEqual(Array(6).fill('committed'));
  });

  it('stops at the wave it may go through, and goes on when it is extended', () => {
    const sim = runningCloud([1, 1, 1], {}, 1);
    sim.settle();
    expect(outcomes(sim)).toEqual({ hv1: 'committed' });
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'pending',
      waves: [{ state: 'done' }, { state: 'pending' }],
    });
    expect(runResting(sim.state, 'r1')).toBe(true);
    expect(explainWhy(sim.state, sim.world, { kind: 'host', systemId: 'hv2' })).toMatchObject([
      { kind: 'wave-not-started' },
    ]);
    sim.command(startWave(sim.state, { planId: 'p1', runId: 'r2', throughWave: 2, by: 'ann' }));
    sim.settle();
    expect(runView(sim.state, 'r1')?.state).toBe('done');
  });

  it('removes probe ports when all is over, once', () => {
    const sim = runningCloud([1, 1]);
    sim.settle();
    sim.settle();
    expect(sim.sent.filter((effect) => effect.kind === 'nb-sweep')).toHaveLength(1);
  });
});

describe('a hypervisor that fails', () => {
  it.each(['localFails', 'remoteFails'] as const)(
    'goes back when %s, pauses the run, and succeeds when it is retried',
    (how) => {
      const sim = runningCloud([1, 2, 3]);
      sim.agent('hv2')[how] = true;
      sim.settle();
      expect(outcomes(sim)).toMatchObject({ hv1: 'committed', hv2: 'reverted' });
      const view = runView(sim.state, 'r1');
      expect(view).toMatchObject({ state: 'paused', errors: 1 });
      expect(view?.pausedWhy).toMatch(/^1 over an error budget of 0: compute2.example went back/);
      expect(exitStatus(sim.state, 'r1')).toBe(3);
      expect(runResting(sim.state, 'r1')).toBe(true);
      sim.agent('hv2')[how] = false;
      sim.command(retryHost(sim.state, { systemId: 'hv2', by: 'ann' }));
      sim.settle();
      expect(newestAttempt(sim.state, 'hv2')?.epoch).toBe(1);
      sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
      sim.settle();
      expect(newestAttempt(sim.state, 'hv2')).toMatchObject({ epoch: 2, outcome: 'committed' });
      expect(runView(sim.state, 'r1')?.state).toBe('done');
      expect(exitStatus(sim.state, 'r1')).toBe(0);
    },
  );

  it('is asked three times by its peers before it has to go back, and the judge says why', () => {
    const sim = runningCloud([1, 1]);
    sim.agent('hv1').remoteFails = true;
    sim.settle();
    const rounds = sim.sent.filter(({ key }) => key.startsWith('hv1/1/after') && !key.includes('/legacy/')).length;
    expect(rounds).toBe(3);
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({
      code: 'verdict-failed',
      why: expect.stringMatching(/silent after the cut: .*remote from hv2: 0 of 15 answered/),
    });
  });

  it('is asked for longer, once, when its peers cannot tell; then it goes back, and the run pauses whatever the budget', () => {
    const sim = runningCloud([1, 2, 3, 4], { errorBudget: 5, waveSize: 1 });
    sim.agent('hv1').remoteUnsure = () => sim.agent('hv2').attempt?.phase === 'committing';
    sim.settle();
    const asked = sim.sent.filter(({ key }) => /^hv2\/1\/(after|longer)/.test(key) && !key.includes('/legacy/'));
    expect([...new Set(asked.map(({ key }) => key.split('/')[2]))]).toEqual(['after1', 'after2', 'after3', 'longer']);
    expect(newestAttempt(sim.state, 'hv2')).toMatchObject({
      outcome: 'reverted',
      code: 'verdict-inconclusive',
      why: expect.stringMatching(/^inconclusive: .*20 of 60 answered, 5 of 5 before/),
    });
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'paused',
      pausedWhy: expect.stringMatching(/^compute2.example went back: inconclusive/),
    });
    sim.agent('hv1').remoteUnsure = () => false;
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(outcomes(sim)).toMatchObject({ hv2: 'reverted', hv3: 'committed', hv4: 'committed' });
  });

  it('is not cut when nobody answers, or nobody can be asked; and it is when the plan can do without', () => {
    const sim = runningCloud([1, 1]);
    sim.agent('hv1').baselineOf = () => [];
    sim.agent('hv2').silentPorts = () => true;
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({
      outcome: 'blocked',
      code: 'held',
      why: expect.stringContaining('acceptNoEvidence'),
    });
    expect(sim.agent('hv1').cuts).toEqual([]);
    const content = runningCloud([1, 1], { acceptNoEvidence: true });
    content.agent('hv1').baselineOf = () => [];
    content.agent('hv2').silentPorts = () => true;
    content.settle();
    expect(outcomes(content)).toMatchObject({ hv1: 'committed' });
  });

  it('is committed without a guest that went away while its peers were asking, though they hear nothing of it', () => {
    const silentSince = (sim: ReturnType<typeof runningCloud>, { told }: { readonly told: boolean }) => {
      const [gone] = [...sim.inventory.ports.values()].filter(({ requestedChassis }) => requestedChassis === 'hv1');
      const id = gone?.id ?? expect.fail('hv1 has guests');
      sim.agent('hv2').silentPorts = (portId) => {
        if (portId !== id || sim.agent('hv1').attempt?.phase !== 'committing') return false;
        if (told) sim.agent('hv1').lose(id);
        return true;
      };
      sim.settle();
      return outcomes(sim);
    };
    expect(silentSince(runningCloud([2, 1]), { told: true })).toMatchObject({ hv1: 'committed' });
    expect(silentSince(runningCloud([2, 1]), { told: false })).toMatchObject({ hv1: 'reverted' }); // it is there, and silent
  });

  it('is committed by a coordinator that was restarted meanwhile, though OVN has no port any more of a guest that went away', () => {
    const restarted = ({ told }: { readonly told: boolean }) => {
      const sim = runningCloud([2, 1]);
      const agent = sim.agent('hv1');
      for (let rounds = 0; agent.attempt?.phase !== 'committing' && rounds < 200; rounds += 1) {
        sim.step();
        for (const one of sim.agents.values()) one.work();
      }
      const [gone] = [...sim.inventory.ports.values()].filter(({ requestedChassis }) => requestedChassis === 'hv1');
      if (told) agent.lose(gone?.id ?? '');
      sim.failEffects = (effect) =>
        effect.kind === 'nb-prepare' && effect.taps.some(({ portId }) => portId === gone?.id);
      sim.crash();
      sim.settle();
      return outcomes(sim);
    };
    expect(restarted({ told: true })).toMatchObject({ hv1: 'committed' });
    expect(restarted({ told: false })).not.toMatchObject({ hv1: 'committed' });
  });

  it('pauses as the canary even within the budget', () => {
    const sim = runningCloud([1, 2], { errorBudget: 5 });
    sim.agent('hv1').localFails = true;
    sim.settle();
    expect(runView(sim.state, 'r1')?.pausedWhy).toMatch(/^canary compute1.example went back/);
    expect(opened(sim)).toEqual(['hv1']);
    expect(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' })).toMatchObject({
      refusal: { code: 'wrong-state' },
    });
  });

  it('lets the run go on within the budget, and then says what is left', () => {
    const sim = runningCloud([1, 2, 3, 4], { errorBudget: 1, waveSize: 1 });
    sim.agent('hv2').localFails = true;
    sim.settle();
    expect(outcomes(sim)).toEqual({ hv1: 'committed', hv2: 'reverted', hv3: 'committed', hv4: 'committed' });
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'paused',
      pausedWhy: expect.stringContaining('nothing is left to start but compute2.example'),
    });
    sim.command(leaveHost(sim.state, { systemId: 'hv2', by: 'ann', why: 'broken NIC' }));
    expect(runView(sim.state, 'r1')?.state).toBe('done');
  });

  it('is accepted by resuming: the rest goes on, and it is not counted again', () => {
    const sim = runningCloud([1, 2, 3, 4], { maxOpen: 1 });
    sim.agent('hv2').localFails = true;
    sim.settle();
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(outcomes(sim)).toEqual({ hv1: 'committed', hv2: 'reverted', hv3: 'committed', hv4: 'committed' });
  });
});

describe('what keeps a hypervisor from starting', () => {
  it.each(['natsConnected', 'nbConnected'] as const)('nothing starts without %s', (link) => {
    const sim = runningCloud([1, 1]);
    sim[link] = false;
    sim.settle();
    expect(opened(sim)).toEqual([]);
    const kind = link === 'natsConnected' ? 'reports-down' : 'nb-down';
    expect(explainWhy(sim.state, sim.world, { kind: 'run', runId: 'r1' })).toMatchObject([{ kind }]);
    sim[link] = true;
    sim.settle();
    expect(runView(sim.state, 'r1')?.state).toBe('done');
  });

  it('records a refusal where waiting is no use, as blocked', () => {
    const sim = runningCloud([1, 1]);
    sim.agent('hv1').mode = 'passive';
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ outcome: 'blocked', code: 'agent-passive' });
    expect(exitStatus(sim.state, 'r1')).toBe(4);
    expect(ordersTo(sim, 'hv1')).toEqual([]);
  });

  it('gives a chassis time to appear, and then says that it did not', () => {
    const sim = runningCloud([1, 1]);
    sim.agent('hv1').chassisReady = false;
    sim.settle();
    expect(opened(sim)).toEqual([]);
    sim.nowMs += 60_000;
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ outcome: 'blocked', code: 'held' });
  });

  it.each([
    ['for a moment', 5_000, 'committed'],
    ['for good', 60_000, 'blocked'],
  ] as const)('that loses its OVN %s before the grant waits at rest', (_, awayMs, outcome) => {
    const sim = runningCloud([1, 1]);
    while (opened(sim).length === 0) sim.step();
    sim.agent('hv1').chassisReady = false;
    sim.settle();
    expect([ordersTo(sim, 'hv1'), outcomes(sim)['hv1']]).toEqual([[], 'open']);
    sim.nowMs += awayMs;
    if (outcome === 'committed') sim.agent('hv1').chassisReady = true;
    sim.settle();
    expect([outcomes(sim)['hv1'], sim.agent('hv1').cuts.length]).toEqual([outcome, outcome === 'committed' ? 1 : 0]);
  });

  it('is blocked without a peer, unless the plan can do without', () => {
    const alone = runningCloud([1]);
    alone.nowMs += 60_000;
    alone.settle();
    expect(newestAttempt(alone.state, 'hv1')?.why).toContain('can probe network');
    const content = runningCloud([1], { remoteVantage: 'when-available' });
    content.settle();
    expect(outcomes(content)).toEqual({ hv1: 'committed' });
  });

  it('counts one that is away for long against the budget, and a short absence not', () => {
    const sim = runningCloud([1, 1, 1]);
    sim.agent('hv2').drop(sim.nowMs);
    sim.settle();
    expect(runView(sim.state, 'r1')?.state).toBe('running');
    sim.nowMs += 40_000;
    sim.settle();
    expect(runView(sim.state, 'r1')?.pausedWhy).toContain('compute2.example is not connected');
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(runView(sim.state, 'r1')?.state).toBe('running');
  });

  it('leaves out one whose taps are on the target already', () => {
    const sim = runningCloud([1, 1, 1]);
    sim.agent('hv2').onTarget = true;
    sim.settle();
    expect(opened(sim)).toEqual(['hv1', 'hv3']);
    expect(runView(sim.state, 'r1')?.state).toBe('done');
  });

  it('blocks when no peer answers to the order to probe', () => {
    const sim = runningCloud([1, 1]);
    sim.failEffects = (effect) => effect.kind === 'order' && effect.order.type === 'probe';
    for (let round = 0; round < 10; round += 1) {
      sim.settle();
      sim.nowMs += 5_000;
    }
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ outcome: 'blocked', granted: false });
    expect(sim.agent('hv1').cuts).toEqual([]);
  });
});

describe('a canary that has nothing to move any more', () => {
  function emptied(over: Parameters<typeof runningCloud>[1] = {}): SimCloud {
    const sim = runningCloud([1, 2, 3], over);
    sim.agent('hv1').onTarget = true; // nobody moved it: Nova has plugged its guest anew
    sim.settle();
    return sim;
  }

  it.each(['direct', 'shunt'] as const)('pauses the run before anybody else is touched (%s)', (method) => {
    const sim = emptied({ method });
    expect(opened(sim)).toEqual([]);
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'paused',
      pausedWhy: expect.stringMatching(/^canary compute1.example has nothing to move any more/),
    });
    expect(exitStatus(sim.state, 'r1')).toBe(2);
    expect(replay(emptyLedger, sim.entries)).toEqual(sim.state);
  });

  it('is gone on without by whoever resumes, or by whoever had left it', () => {
    const sim = emptied();
    sim.crash();
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect([opened(sim), runView(sim.state, 'r1')?.state]).toEqual([['hv2', 'hv3'], 'done']);
    const left = runningCloud([1, 2, 3]);
    left.agent('hv1').onTarget = true;
    left.command(leaveHost(left.state, { systemId: 'hv1', by: 'ann', why: 'its guest is gone' }));
    left.settle();
    expect([opened(left), runView(left.state, 'r1')?.state]).toEqual([['hv2', 'hv3'], 'done']);
  });

  it('is one all the same where an attempt has brought its guests there', () => {
    const sim = runningCloud([1, 2, 3], {}, 1);
    sim.settle();
    sim.command(abortRun(sim.state, { runId: 'r1', by: 'ann' }));
    const plan = sim.state.plans.get('p1');
    if (plan === undefined) throw new Error('no plan');
    sim.command(startWave(sim.state, { planId: plan.id, runId: 'r2', throughWave: 2, by: 'ann' }));
    sim.settle();
    expect(runView(sim.state, 'r2')?.state).toBe('done');
  });

  it('is none although other guests of it were moved before', () => {
    const sim = runningCloud([1, 2, 3], {}, 1);
    sim.settle();
    const plan = sim.state.plans.get('p1');
    if (plan === undefined) throw new Error('no plan');
    const waves = plan.waves.map((wave) => {
      if (!wave.canary) return wave;
      const deleted = wave.hosts.map((host) => {
        return { ...host, taps: host.taps.map((tap) => ({ ...tap, tap: 'deleted', portId: 'deleted' })) };
      });
      return { ...wave, hosts: deleted };
    });
    sim.command(abortRun(sim.state, { runId: 'r1', by: 'ann' }));
    sim.append([
      { type: 'plan-created', plan: { ...plan, id: 'p2', waves } },
      { type: 'run-started', runId: 'r2', planId: 'p2', by: 'ann', throughWave: 2 },
    ]);
    sim.settle();
    expect(opened(sim)).toEqual(['hv1']);
  });

  it('keeps nobody from going back', () => {
    const sim = runningCloud([1, 2, 3]);
    sim.settle();
    runPlan(sim, { goal: 'legacy' });
    const { places } = sim.agent('hv1');
    for (const port of places.keys()) places.set(port, 'legacy'); // Nova has plugged its guest anew
    sim.settle();
    expect(opened(sim).slice(3)).toEqual(['hv2', 'hv3']);
    expect(runView(sim.state, 'r2')?.state).toBe('done');
    expect([...sim.agents.values()].map((agent) => agent.onTarget)).toEqual([false, false, false]);
  });

  it('is one where an operation of the wave was committed, though its guests were past the last one then', () => {
    const sim = runningCloud([1, 2, 3], { method: 'shunt', goal: 'collapsed' });
    const isStaged = () => sim.state.hosts.get('hv1')?.attempts.some(({ outcome }) => outcome === 'committed') === true;
    for (let round = 0; round < 500 && !isStaged(); round += 1) {
      sim.step();
      sim.agent('hv1').work();
      sim.nowMs += 100;
    }
    expect(isStaged()).toBe(true);
    const { places } = sim.agent('hv1');
    for (const port of places.keys()) places.set(port, 'direct'); // started anew since
    sim.settle();
    expect(runView(sim.state, 'r1')?.state).toBe('done');
  });

  it('pauses nothing where nobody is left to be started after it', () => {
    const sim = runningCloud([1], { remoteVantage: 'when-available' });
    sim.agent('hv1').onTarget = true;
    sim.settle();
    expect(runView(sim.state, 'r1')).toMatchObject({ state: 'done' });
    expect(sim.entries.map(({ event }) => event.type)).not.toContain('run-paused');
  });
});

describe('somebody else at a hypervisor that is through', () => {
  it.each(['tap-replugged', 'foreign-writer'] as const)('is named by why: %s', (kind) => {
    const sim = runningCloud([1, 1]);
    sim.settle();
    const message = 'somebody else changed tap1: the tag of its port is 5, not none (ovs-vsctl set Port tap1 tag=5)';
    const severity = kind === 'foreign-writer' ? 'error' : 'warning';
    sim.agent('hv1').findings = [{ kind, severity, tap: 'tap1', message }];
    expect(explainWhy(sim.state, sim.world, { kind: 'host', systemId: 'hv1' })).toContainEqual(
      expect.objectContaining({ kind: 'finding', message: `${kind} at tap1: ${message}` }),
    );
    expect(explainWhy(sim.state, sim.world, { kind: 'host', systemId: 'hv2' })).not.toContainEqual(
      expect.objectContaining({ kind: 'finding' }),
    );
  });
});

describe('commands', () => {
  it('starts only what is approved, and no two runs with the same hypervisors', () => {
    const sim = runningCloud([1, 1], {}, 1);
    const plan = sim.state.plans.get('p1');
    if (plan === undefined) throw new Error('no plan');
    sim.append([{ type: 'plan-created', plan: { ...plan, id: 'p2', approvals: [] } }]);
    const start = { planId: 'p2', runId: 'r2', throughWave: 1, by: 'ann' };
    expect(startWave(sim.state, start)).toMatchObject({ refusal: { code: 'not-approved' } });
    sim.append([{ type: 'plan-approved', planId: 'p2', by: 'bob', hash: plan.hash }]);
    expect(startWave(sim.state, start)).toMatchObject({ refusal: { code: 'wrong-state' } });
    expect(startWave(sim.state, { ...start, planId: 'p9' })).toMatchObject({ refusal: { code: 'not-found' } });
    expect(startWave(sim.state, { ...start, throughWave: 9 })).toMatchObject({ refusal: { code: 'usage' } });
    expect(startWave(sim.state, { ...start, planId: 'p1' })).toEqual({ events: [] });
  });

  it('pauses before the grant, and goes on where it was', () => {
    const sim = runningCloud([1, 1]);
    sim.step();
    sim.command(pauseRun(sim.state, { runId: 'r1', by: 'ann', why: 'lunch' }));
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ phase: 'prepared', granted: false });
    expect(explainWhy(sim.state, sim.world, { kind: 'host', systemId: 'hv1' })).toMatchObject([
      { kind: 'open-attempt', message: expect.stringContaining('run-paused') },
    ]);
    sim.command(resumeRun(sim.state, sim.world, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(opened(sim)).toEqual(['hv1', 'hv2']);
    expect(runView(sim.state, 'r1')?.state).toBe('done');
  });

  it('aborts: what was not granted ends untouched, nothing new starts', () => {
    const sim = runningCloud([1, 1]);
    sim.step();
    sim.command(abortRun(sim.state, { runId: 'r1', by: 'ann' }));
    sim.settle();
    expect(outcomes(sim)).toEqual({ hv1: 'blocked' });
    expect(runView(sim.state, 'r1')?.state).toBe('aborted');
    expect(pauseRun(sim.state, { runId: 'r1', by: 'ann', why: '' })).toMatchObject({
      refusal: { code: 'wrong-state' },
    });
  });

  it('calls an open attempt back', () => {
    const sim = runningCloud([1, 1]);
    while (sim.agent('hv1').attempt?.phase !== 'arming') sim.step();
    sim.command(revertHost(sim.state, sim.world, { systemId: 'hv1', by: 'ann', why: 'wrong rack' }));
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ outcome: 'reverted', why: 'wrong rack' });
  });

  it('takes a committed hypervisor back by a new attempt outside the run, and lets it be retried', () => {
    const sim = runningCloud([1, 1]);
    sim.settle();
    sim.natsConnected = false;
    sim.command(revertHost(sim.state, sim.world, { systemId: 'hv1', by: 'ann', why: 'no' }));
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ epoch: 2, direction: 'back', outcome: 'committed' });
    expect(sim.agent('hv1').onTarget).toBe(false);
    expect(runView(sim.state, 'r1')?.state).toBe('done');
    expect(revertHost(sim.state, sim.world, { systemId: 'hv1', by: 'ann', why: '' })).toMatchObject({
      refusal: { code: 'wrong-state' },
    });
    sim.natsConnected = true;
    sim.command(retryHost(sim.state, { systemId: 'hv1', by: 'ann' }));
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')).toMatchObject({ epoch: 3, direction: 'forward', outcome: 'committed' });
  });

  it('goes back although no guest answers to anybody', () => {
    const sim = runningCloud([1, 1]);
    sim.settle();
    const original = sim.agent('hv2').obey.bind(sim.agent('hv2'));
    sim.agent('hv2').obey = (order) => original(order, sim.agent('hv1').taps);
    sim.command(revertHost(sim.state, sim.world, { systemId: 'hv1', by: 'ann', why: 'guests are dead' }));
    sim.settle();
    expect(sim.agent('hv1').onTarget).toBe(false);
  });

  it('shows a hypervisor with its taps, attempt and holds', () => {
    const sim = runningCloud([1, 1], {}, 1);
    sim.settle();
    expect(hostView(sim.state, sim.world, 'hv1')).toMatchObject({
      plug: 'target',
      attempt: { outcome: 'committed' },
      holds: [],
      taps: [{ plug: 'target', installed: true }],
    });
    expect(hostView(sim.state, sim.world, 'hv2')).toMatchObject({
      plug: 'legacy',
      holds: [{ kind: 'wave-not-started' }],
    });
    expect(hostView(sim.state, sim.world, 'hv9')).toBeUndefined();
    expect(explainWhy(sim.state, sim.world, { kind: 'host', systemId: 'hv9' })).toMatchObject([
      { kind: 'not-in-a-run' },
    ]);
  });
});
