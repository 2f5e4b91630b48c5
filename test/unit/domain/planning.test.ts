import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinInventory } from '../../../domain/inventory/join-inventory.ts';
import type { HostReport } from '../../../domain/inventory/joined-inventory.ts';
import type { Plan } from '../../../domain/plan.ts';
import { choosePeers } from '../../../domain/planning/choose-peers.ts';
import { formatDuration, parseDuration } from '../../../domain/planning/duration.ts';
import { approvePlan, canonicalJson, createPlan, hashPlan, isApproved } from '../../../domain/planning/freeze-plan.ts';
import { matchGlob } from '../../../domain/planning/match-glob.ts';
import { decodePlanSpec } from '../../../domain/planning/plan-spec-schema.ts';
import { planWaves } from '../../../domain/planning/plan-waves.ts';
import { cloud, hostInventory, hostReport, netA, network, planSpec, portOf, tapOf } from './facts.ts';

function idsOf(waves: Plan['waves']): readonly (readonly string[])[] {
  return waves.map((wave) => wave.hosts.map((host) => host.systemId));
}

describe('planWaves', () => {
  it('lets the smallest go first and alone, then fills waves by blast radius', () => {
    const { waves, held } = planWaves(cloud([3, 1, 2, 2, 5]), planSpec());
    expect(idsOf(waves)).toEqual([['hv2'], ['hv3', 'hv4'], ['hv1', 'hv5']]);
    expect(waves.map((wave) => wave.canary)).toEqual([true, false, false]);
    expect(held).toEqual([]);
  });

  it('takes the named canary, by hostname too', () => {
    const { waves } = planWaves(cloud([3, 1, 2]), planSpec({ canary: 'compute1.example' }));
    expect(idsOf(waves)).toEqual([['hv1'], ['hv2', 'hv3']]);
  });

  it('names zones and only the networks that its taps need', () => {
    const { waves } = planWaves(cloud([1]), planSpec({ zones: { east: ['compute1*'], west: ['*'] } }));
    expect(waves[0]?.hosts[0]).toMatchObject({
      zone: 'east',
      networks: [{ networkId: netA }],
      taps: [{ portId: portOf(1, 1).id }],
    });
  });

  const one = (over: Partial<HostReport>, inventory: Parameters<typeof hostInventory>[0] = {}) => {
    const taps = [tapOf(portOf(1, 1))];
    const report = hostReport(1, { inventory: hostInventory({ taps, ...inventory }), ...over });
    return joinInventory({ networks: [network()], ports: [portOf(1, 1)], hosts: [report] });
  };
  const { inventory: _i, ...unseen } = hostReport(1);
  const cases: readonly (readonly [
    string,
    Parameters<typeof planWaves>[0],
    Partial<Parameters<typeof planWaves>[1]>,
    string,
  ])[] = [
    ['opted out', one({}), { exclude: ['compute?.example'] }, 'opted-out'],
    ['not included', one({}), { include: ['gpu*'] }, 'not-included'],
    ['without a connected agent', one({ connected: false }), {}, 'agent-not-connected'],
    [
      'whose agent has not reported',
      joinInventory({ networks: [], ports: [], hosts: [unseen] }),
      {},
      'inventory-missing',
    ],
    ['with a passive agent', one({ mode: 'passive' }), {}, 'agent-passive'],
    ['without a chassis', one({}, { chassisReady: false }), {}, 'chassis-missing'],
    ['without taps', one({}, { taps: [] }), {}, 'no-taps'],
    ['already on the target', cloud([1], new Set(['hv1'])), {}, 'already-on-target'],
    ['with an unexplained tap', one({}, { taps: [tapOf(portOf(7, 7)), tapOf(portOf(1, 1))] }), {}, 'finding'],
  ];
  it.each(cases)('holds a hypervisor %s', (_, inventory, spec, kind) => {
    const plan = planWaves(inventory, planSpec(spec));
    expect(plan.waves).toEqual([]);
    expect(plan.held[0]?.holds.map((hold) => hold.kind)).toEqual([kind]);
  });

  it('holds what needs a legacy router, and moves an overlay direct in one wave only', () => {
    const ports = [portOf(1, 1), portOf(2, 1)];
    const hosts = [1, 2].map((hv) => hostReport(hv, { inventory: hostInventory({ taps: [tapOf(portOf(hv, 1))] }) }));
    const plan = (over: Parameters<typeof network>[0], some = hosts) =>
      planWaves(joinInventory({ networks: [network(over)], ports, hosts: some }), planSpec());
    const kinds = plan({ servicePorts: ['qr-1'] }).held.flatMap((host) => host.holds.map((hold) => hold.kind));
    expect(kinds).toEqual(['service-port', 'service-port']);
    expect(plan({ class: 'overlay' }).waves).toMatchObject([{ together: true, hosts: [{}, {}] }]);
    const known = [...hosts.slice(0, 1), hostReport(2, { inventory: hostInventory() })];
    expect(plan({ class: 'overlay' }, known).waves).toMatchObject([{ canary: true, hosts: [{ systemId: 'hv1' }] }]);
  });

  it('puts every hypervisor into exactly one wave or holds it, within the wave size, and always alike', () => {
    const facts = fc.record({
      guests: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 }),
      waveSize: fc.integer({ min: 1, max: 4 }),
      exclude: fc.constantFrom([], ['compute1*'], ['hv2', 'hv3']),
      passive: fc.integer({ min: 0, max: 12 }),
    });
    fc.assert(
      fc.property(facts, ({ guests, waveSize, exclude, passive }) => {
        const joined = cloud(guests);
        const hosts = [...joined.hosts].map(
          ([id, host]) => [id, id === `hv${passive}` ? { ...host, mode: 'passive' as const } : host] as const,
        );
        const spec = planSpec({ waveSize, exclude });
        const plan = planWaves({ ...joined, hosts: new Map(hosts) }, spec);
        const all = [...idsOf(plan.waves).flat(), ...plan.held.map((host) => host.systemId)];
        expect(all.toSorted()).toEqual([...joined.hosts.keys()].toSorted());
        expect(plan.held.every((host) => host.holds.length > 0)).toBe(true);
        expect(
          plan.waves.every((wave, at) => wave.hosts.length <= (at === 0 ? 1 : waveSize) && wave.number === at + 1),
        ).toBe(true);
        expect(planWaves({ ...joined, hosts: new Map(hosts.toReversed()) }, spec)).toEqual(plan);
      }),
      { numRuns: 60 },
    );
  });
});

describe('createPlan', () => {
  const request = {
    id: 'p1',
    createdAt: '2026-01-01T00:00:00Z',
    createdBy: 'ann',
    spec: planSpec(),
    inventory: cloud([1, 2]),
  };
  const plan = createPlan(request);
  if (!('hash' in plan)) throw new Error('no plan');

  it('hashes everything but the approvals', () => {
    expect(plan.hash).toBe(hashPlan(plan));
    const approved = { ...plan, approvals: [{ by: 'bob', at: '', hash: plan.hash }] };
    expect(hashPlan(approved)).toBe(plan.hash);
    expect(hashPlan({ ...plan, waves: plan.waves.slice(1) })).not.toBe(plan.hash);
    expect(hashPlan(JSON.parse(JSON.stringify(plan)) as Plan)).toBe(plan.hash);
  });

  it('takes an approval of exactly this plan only', () => {
    expect(approvePlan(plan, plan.hash, 'bob')).toEqual([
      { type: 'plan-approved', planId: 'p1', by: 'bob', hash: plan.hash },
    ]);
    expect(approvePlan(plan, 'other', 'bob')).toMatchObject({ code: 'wrong-state' });
    expect(approvePlan({ ...plan, held: [], waves: [] }, plan.hash, 'bob')).toMatchObject({ code: 'records-corrupt' });
    const approved = { ...plan, approvals: [{ by: 'bob', at: '', hash: plan.hash }] };
    expect(approvePlan(approved, plan.hash, 'bob')).toEqual([]);
    expect([isApproved(plan), isApproved(approved)]).toEqual([false, true]);
  });

  it.each([
    ['hv9', 'is not in the inventory'],
    ['hv2', 'cannot be cut (opted-out)'],
  ])('refuses canary %s, which %s', (canary, why) => {
    const refused = createPlan({ ...request, spec: planSpec({ canary, exclude: ['hv2'] }) });
    expect(refused).toMatchObject({ code: 'plan-invalid', message: expect.stringContaining(why) });
  });

  it('writes equal values as equal text', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: undefined })).toBe('{"b":[1,{"c":"x","d":null}]}');
  });
});

describe('decodePlanSpec', () => {
  it('fills in defaults and reads durations', () => {
    expect(decodePlanSpec({ version: 1, name: 'cell-1', deadline: '1m30s', soak: '500ms' })).toEqual({
      version: 1,
      name: 'cell-1',
      method: 'direct',
      include: ['*'],
      exclude: [],
      waveSize: 10,
      maxOpen: 4,
      errorBudget: 0,
      zones: {},
      deadlineMs: 90_000,
      soakMs: 500,
      commitOn: 'word',
      batchSize: 8,
      remoteVantage: 'required',
      acceptNoEvidence: false,
    });
  });

  it.each([
    [{ name: 'x' }, 'version'],
    [{ version: 1, name: '../x' }, 'name'],
    [{ version: 1, name: 'x', surprise: 1 }, 'surprise'],
    [{ version: 1, name: 'x', waveSize: 0 }, 'waveSize'],
    [{ version: 1, name: 'x', deadline: 60 }, 'deadline'],
    [{ version: 1, name: 'x', deadline: '1s' }, 'deadline'],
    [{ version: 1, name: 'x', deadline: '5s', soak: '4s' }, 'deadline'],
    [{ version: 1, name: 'x', zoneCap: 1 }, 'zoneCap'],
    [{ version: 1, name: 'x', method: 'cable' }, 'method'],
    [{ version: 1, name: 'x', goal: 'staged' }, 'goal'],
    [{ version: 1, name: 'x', methods: [{ method: 'shunt', host: ['a'] }] }, 'methods.0'],
    [{ version: 1, name: 'x', slice: { project: [] } }, 'slice'],
    [null, 'plan'],
  ])('refuses %j and names %s', (value, key) => {
    expect(decodePlanSpec(value)).toMatchObject({ code: 'plan-invalid', message: expect.stringContaining(key) });
  });

  it('reads and writes durations', () => {
    expect(['500ms', '60s', '2m', '1h', '1.5s', '1m30s'].map(parseDuration)).toEqual([
      500, 60_000, 120_000, 3_600_000, 1_500, 90_000,
    ]);
    expect(['', '5', 's', '-1s', '1 s', '0.1ms'].map(parseDuration)).toEqual(Array(6).fill(undefined));
    expect([250, 4_000, 120_000, 150_000, 3_900_000].map(formatDuration)).toEqual([
      '250ms',
      '4s',
      '2m',
      '2m30s',
      '1h05m',
    ]);
  });
});

describe('matchGlob', () => {
  it.each([
    ['*', '', true],
    ['hv*', 'hv12', true],
    ['hv?', 'hv12', false],
    ['*-a-*', 'x-a-b-a-', true],
    ['a.c', 'abc', false],
    ['*b', 'abab', true],
    ['', 'a', false],
  ])('%s and %s: %s', (pattern, text, is) => {
    expect(matchGlob(pattern, text)).toBe(is);
  });
});

describe('choosePeers', () => {
  const ask = (inventory: ReturnType<typeof cloud>, avoid: readonly string[] = []) =>
    choosePeers({ inventory, systemId: 'hv1', networkId: netA, avoid: new Set(avoid) });

  it('takes one peer on the target and one on legacy', () => {
    expect(ask(cloud([1, 1, 1, 1], new Set(['hv4'])))).toEqual(['hv4', 'hv2']);
  });

  it('never takes the hypervisor itself, nor one that is away, passive or avoided', () => {
    expect(ask(cloud([1]))).toEqual([]);
    expect(ask(cloud([1, 1, 1]), ['hv2'])).toEqual(['hv3']);
    const joined = cloud([1, 1, 1]);
    const hosts = [...joined.hosts].map(
      ([id, host]) => [id, { ...host, connected: id !== 'hv2', mode: id === 'hv3' ? 'passive' : host.mode }] as const,
    );
    expect(ask({ ...joined, hosts: new Map(hosts) })).toEqual([]);
  });
});
