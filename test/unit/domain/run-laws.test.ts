import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forbiddenBeside } from '../../../domain/planning/barriers.ts';
import { decide } from '../../../domain/run/decide.ts';
import type { Effect } from '../../../domain/run/effects.ts';
import { type HostVerb, operateHost, revertHost } from '../../../domain/run/host-commands.ts';
import { emptyLedger, newestAttempt } from '../../../domain/run/ledger-state.ts';
import { beginEffects, endEffect, type Progress, pruneProgress } from '../../../domain/run/progress.ts';
import { reduce, replay } from '../../../domain/run/reduce.ts';
import { type Commanded, resumeRun, retryHost } from '../../../domain/run/run-commands.ts';
import { runView } from '../../../domain/run/run-view.ts';
import { runningCloud, type SimCloud } from './sim-cloud.ts';

const effectNames = fc.constantFrom(
  '',
  '',
  'nb-prepare',
  'prepare',
  'ensure-probes',
  'probe',
  'cut',
  'commit',
  'revert',
);

/** What can happen between two looks of the coordinator. */
const happening = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ type: 'step' } as const) },
  { weight: 4, arbitrary: fc.constant({ type: 'work' } as const) },
  { weight: 2, arbitrary: fc.constant({ type: 'crash' } as const) },
  { weight: 1, arbitrary: fc.constant({ type: 'later' } as const) },
  fc.record({
    type: fc.constantFrom('drop', 'restart', 'flaky', 'well', 'retry'),
    host: fc.integer({ min: 1, max: 4 }),
  } as const),
  fc.record({ type: fc.constantFrom('nats', 'nb'), up: fc.boolean() } as const),
  { weight: 1, arbitrary: fc.constant({ type: 'resume' } as const) },
  /** Some kind of effect fails before it is performed, or its answer is lost after it. */
  fc.record({ type: fc.constant('lossy'), before: effectNames, after: effectNames } as const),
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

function happen(sim: SimCloud, what: Happening): void {
  const agent = 'host' in what ? sim.agent(`hv${what.host}`) : undefined;
  switch (what.type) {
    case 'step':
      sim.step();
      break;
    case 'work':
      for (const each of sim.agents.values()) each.work();
      break;
    case 'crash':
      sim.crash();
      break;
    case 'later':
      sim.nowMs += 40_000;
      break;
    case 'drop':
      agent?.drop(sim.nowMs);
      break;
    case 'restart':
      agent?.restart(sim.nowMs);
      break;
    case 'flaky':
    case 'well':
      Object.assign(agent ?? {}, { localFails: what.type === 'flaky' });
      break;
    case 'nats':
      sim.natsConnected = what.up;
      break;
    case 'nb':
      sim.nbConnected = what.up;
      break;
    case 'retry':
      obey(sim, retryHost(sim.state, { systemId: `hv${what.host}`, by: 'x' }));
      break;
    case 'resume':
      obey(sim, resumeRun(sim.state, sim.world, { runId: 'r1', by: 'x' }));
      break;
    case 'lossy':
      sim.failEffects = (effect) => what.before === effectName(effect);
      sim.loseAnswers = (effect) => what.after === effectName(effect);
      break;
  }
}

function effectName(effect: Effect): string {
  return effect.kind === 'order' ? effect.order.type : effect.kind;
}

function obey(sim: SimCloud, commanded: Commanded): void {
  if ('events' in commanded) sim.append(commanded.events);
}

function order(sim: SimCloud, what: { readonly host: number; readonly verb: 'revert' | HostVerb }): void {
  const { verb } = what;
  const request = { systemId: `hv${what.host}`, by: 'x', why: 'y' };
  if (verb === 'revert') obey(sim, revertHost(sim.state, sim.world, request));
  else obey(sim, operateHost(sim.state, sim.world, { ...request, verb }));
}

/** No two attempts open at once, epochs only grow, nothing is cut without a grant, nor twice for one epoch. */
function checkLaws(sim: SimCloud): void {
  const open = new Map<string, number>();
  const last = new Map<string, number>();
  const granted = new Set<string>();
  for (const { event } of sim.entries) {
    if (event.type === 'attempt-opened') {
      expect(open.has(event.systemId)).toBe(false);
      expect(event.epoch).toBeGreaterThan(last.get(event.systemId) ?? 0);
      last.set(event.systemId, event.epoch);
      open.set(event.systemId, event.epoch);
    }
    if (event.type === 'attempt-granted') granted.add(`${event.systemId}/${event.epoch}`);
    if (event.type === 'attempt-closed') {
      expect(open.get(event.systemId)).toBe(event.epoch);
      open.delete(event.systemId);
    }
  }
  for (const agent of sim.agents.values()) {
    expect(new Set(agent.cuts).size).toBe(agent.cuts.length);
    expect(agent.cuts.every((epoch) => granted.has(`${agent.systemId}/${epoch}`))).toBe(true);
  }
  const overlay = [...sim.inventory.networks.values()].some((one) => one.class === 'overlay');
  if (overlay) checkOverlay(sim);
  else expect(sim.state.open.size).toBeLessThanOrEqual(2);
  expect([...open.keys()].toSorted()).toEqual([...sim.state.open].toSorted());
}

/** Nobody is cut off: no guest lives in one world only while another lives in the other only. */
function checkOverlay(sim: SimCloud): void {
  const places = new Set([...sim.agents.values()].flatMap((agent) => [...agent.taps].map((tap) => agent.placeOf(tap))));
  for (const place of places) for (const beside of forbiddenBeside(place)) expect(places.has(beside)).toBe(false);
  for (const agent of sim.agents.values()) expect(agent.barriers.every((barrier) => barrier === 'met')).toBe(true);
}

describe('the run engine, whatever happens', () => {
  const worlds = [
    ['direct', {}, {}, 150],
    ['by shunts', { method: 'shunt' }, {}, 60],
    ['by shunts on an overlay', { method: 'shunt', errorBudget: 1 }, { class: 'overlay' }, 60],
  ] as const;
  it.each(worlds)(
    'starts nothing twice, replays to the live state, and brings every hypervisor to rest: %s',
    (_, spec, network, numRuns) => {
      fc.assert(
        fc.property(fc.array(happening, { maxLength: 80 }), (story) => {
          const sim = runningCloud([1, 1, 2, 2], spec, 99, network);
          for (const what of story) {
            happen(sim, what);
            checkLaws(sim);
          }
          expect(replay(emptyLedger, sim.entries)).toEqual(sim.state);
          recover(sim);
          checkLaws(sim);
          expect(runView(sim.state, 'r1')?.state).toBe('done');
          for (const agent of sim.agents.values()) {
            expect(newestAttempt(sim.state, agent.systemId)?.outcome ?? 'committed').toBe('committed');
            expect(agent.onTarget).toBe(true);
          }
        }),
        { numRuns },
      );
    },
  );

  const verb = fc.record({
    host: fc.integer({ min: 1, max: 4 }),
    verb: fc.constantFrom('unstage', 'finish', 'collapse', 'revert'),
  } as const);
  it('cuts nobody of an overlay off, whatever operators order meanwhile', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(happening, verb), { minLength: 20, maxLength: 80 }), (story) => {
        const sim = runningCloud([1, 1, 2, 2], { method: 'shunt', errorBudget: 4 }, 99, { class: 'overlay' });
        sim.settle();
        for (const what of story) {
          if ('verb' in what) order(sim, what);
          else happen(sim, what);
          checkLaws(sim);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('goes on after a crash behind any entry of the ledger as if nothing had been', () => {
    const whole = runningCloud([1, 1, 1]);
    whole.settle();
    const end = whole.entries.length;
    for (let crashAt = 4; crashAt <= end; crashAt += 1) {
      const sim = runningCloud([1, 1, 1]);
      for (let round = 0; round < 500 && sim.entries.length < crashAt; round += 1) {
        sim.step();
        for (const agent of sim.agents.values()) agent.work();
      }
      sim.crash();
      sim.settle();
      checkLaws(sim);
      expect(runView(sim.state, 'r1')?.state).toBe('done');
      expect([...sim.agents.values()].map((agent) => agent.cuts)).toEqual([[1], [1], [1]]);
    }
  });

  it('starts nothing new after a restart before the open attempts were heard of', () => {
    const sim = runningCloud([1, 1, 1, 1]);
    while (sim.agent('hv2').attempt?.phase !== 'verifying') {
      sim.step();
      for (const agent of sim.agents.values()) agent.work();
    }
    sim.agent('hv2').drop(sim.nowMs - 1);
    sim.crash();
    sim.settle();
    expect(newestAttempt(sim.state, 'hv2')?.outcome).toBeUndefined();
    expect(newestAttempt(sim.state, 'hv3')?.outcome).toBe('committed');
    expect(newestAttempt(sim.state, 'hv4')).toBeUndefined();
    sim.nowMs += 30_000; // its own deadline has passed: unknown, which the budget counts
    sim.settle();
    expect(runView(sim.state, 'r1')).toMatchObject({
      state: 'paused',
      pausedWhy: expect.stringContaining('was lost in attempt 1'),
    });
    sim.agent('hv2').reconnect(sim.nowMs);
    sim.settle();
    expect(newestAttempt(sim.state, 'hv2')?.outcome).toBe('reverted');
  });

  it('calls back an agent that began what the ledger has closed', () => {
    const sim = runningCloud([1, 1]);
    while (newestAttempt(sim.state, 'hv1')?.granted !== true) sim.step();
    sim.append([{ type: 'attempt-closed', systemId: 'hv1', epoch: 1, outcome: 'blocked', blackouts: [], repair: [] }]);
    const agent = sim.agent('hv1');
    const attempt = agent.attempt;
    if (attempt === undefined) throw new Error('not prepared');
    agent.attempt = { ...attempt, phase: 'cutting' };
    expect(decide(sim.state, sim.world).events).toMatchObject([{ type: 'run-paused' }]);
    sim.settle();
    expect(agent.attempt.phase).toBe('reverted');
    const reverts = sim.sent.flatMap((effect) =>
      effect.kind === 'order' && effect.order.type === 'revert' ? [effect.order] : [],
    );
    expect(reverts).toMatchObject([{ epoch: 1, why: 'the ledger has closed this attempt' }]);
  });

  it('believes an agent that has begun more than its own refusal to prepare again', () => {
    const sim = runningCloud([1, 1]);
    while (newestAttempt(sim.state, 'hv1')?.granted !== true) sim.step();
    sim.crash();
    const agent = sim.agent('hv1');
    const obey = agent.obey.bind(agent);
    agent.obey = (order, silent) =>
      order.type === 'prepare'
        ? { orderId: order.orderId, kind: 'refused', code: 'wrong-state', message: 'an attempt is open', findings: [] }
        : obey(order, silent);
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')?.outcome).toBeUndefined();
    agent.obey = obey;
    agent.reconnect(sim.nowMs);
    sim.settle();
    expect(newestAttempt(sim.state, 'hv1')?.outcome).toBe('committed');
  });
});

/** Ends every trouble and does what an operator would until the run is through. */
function recover(sim: SimCloud): void {
  sim.natsConnected = true;
  sim.nbConnected = true;
  sim.failEffects = () => false;
  sim.loseAnswers = () => false;
  for (let round = 0; round < 20 && runView(sim.state, 'r1')?.state !== 'done'; round += 1) {
    for (const agent of sim.agents.values()) {
      agent.localFails = false;
      if (!agent.connected) agent.reconnect(sim.nowMs);
      obey(sim, retryHost(sim.state, { systemId: agent.systemId, by: 'x' }));
    }
    obey(sim, resumeRun(sim.state, sim.world, { runId: 'r1', by: 'x' }));
    sim.settle();
    sim.nowMs += 5_000;
  }
}

describe('reduce', () => {
  const played = runningCloud([1, 2, 2]);
  played.agent('hv2').localFails = true;
  played.settle();

  it('passes over entries that it has applied', () => {
    const state = replay(emptyLedger, played.entries);
    expect(replay(state, played.entries)).toEqual(state);
    const last = played.entries.at(-1);
    expect(last && reduce(state, last)).toEqual(state);
  });

  it('changes nothing when an event is doubled under a new number, but for what counts', () => {
    const doubled = played.entries.flatMap((entry) => [entry, entry]).map((entry, at) => ({ ...entry, seq: at + 1 }));
    const { seq: _a, ...once } = replay(emptyLedger, played.entries);
    const { seq: _b, ...twice } = replay(emptyLedger, doubled);
    expect(twice).toEqual(once);
  });

  it('leaves the state it was given as it was', () => {
    const before = structuredClone(played.state);
    reduce(played.state, { seq: played.state.seq + 1, at: '', event: { type: 'run-aborted', runId: 'r1', by: 'x' } });
    expect(played.state).toEqual(before);
  });

  it('passes over events that a newer version wrote', () => {
    const event = { type: 'moon-phase', runId: 'r1' } as never; // what a newer coordinator might have left
    expect(reduce(emptyLedger, { seq: 1, at: '', event })).toEqual({ ...emptyLedger, seq: 1 });
  });
});

describe('progress', () => {
  const effect = (key: string) => ({ kind: 'nb-sweep', key }) as const;
  const done = { kind: 'swept' } as const;

  it('counts tries and takes only the first outcome', () => {
    let progress: Progress = beginEffects(new Map(), [effect('a/1/x')], 5);
    progress = endEffect(progress, 'a/1/x', { kind: 'failed', code: 'timed-out', message: '' }, 6);
    expect(endEffect(progress, 'a/1/x', done, 7)).toBe(progress);
    progress = beginEffects(progress, [effect('a/1/x')], 8);
    expect(progress.get('a/1/x')).toMatchObject({ tries: 2, startedMs: 8 });
    expect(endEffect(progress, 'b/1/x', done, 9)).toBe(progress);
  });

  it('forgets what belongs to closed attempts, and bounds what belongs to none', () => {
    const keys = ['a/1/x', 'b/2/y', ...Array.from({ length: 300 }, (_, at) => `nb-sweep/${at}`)];
    let progress = beginEffects(new Map(), keys.map(effect), 0);
    for (const key of keys) progress = endEffect(progress, key, done, 0);
    const pruned = pruneProgress(progress, (systemId) => systemId === 'b');
    expect([pruned.has('a/1/x'), pruned.has('b/2/y'), pruned.has('nb-sweep/299'), pruned.has('nb-sweep/0')]).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(pruned.size).toBe(257);
  });
});
