import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinInventory } from '../../../domain/inventory/join-inventory.ts';
import type { SourceKind } from '../../../domain/network-model.ts';
import type { Plan, PlanSpec } from '../../../domain/plan.ts';
import { barrierHold, overlayTaps } from '../../../domain/planning/barriers.ts';
import { operationsToward } from '../../../domain/planning/operations.ts';
import { planWaves } from '../../../domain/planning/plan-waves.ts';
import { type TapPlace, tapPlaces } from '../../../domain/rewire/places.ts';
import { cloud, hostInventory, hostReport, netA, netB, network, planSpec, plugAt, portOf, tapOf } from './facts.ts';

const vlan = network();
const overlay = network({ id: netB, name: 'green', class: 'overlay' });

/** Each hypervisor with guests on the VLAN and on the overlay, in the given places. */
function mixedCloud(hosts: readonly { readonly vlan: readonly TapPlace[]; readonly overlay: readonly TapPlace[] }[]) {
  const placed = hosts.flatMap((host, at) => [
    ...host.vlan.map((place, n) => ({ hv: at + 1, place, port: portOf(at + 1, n + 1) })),
    ...host.overlay.map((place, n) => ({ hv: at + 1, place, port: portOf(at + 1, n + 101, { networkId: netB }) })),
  ]);
  const reports = hosts.map((_, at) => {
    const own = placed.filter((one) => one.hv === at + 1);
    const taps = own.map(({ place, port }) => tapOf(port, { plug: plugAt(place, port) }));
    return hostReport(at + 1, { inventory: hostInventory({ taps }) });
  });
  return joinInventory({ networks: [vlan, overlay], ports: placed.map((one) => one.port), hosts: reports });
}

function shapeOf(waves: Plan['waves']): readonly string[] {
  return waves.map(({ operations = ['cut'], direction, together, hosts }) =>
    [operations.join('+'), direction, together ? 'together' : undefined, ...hosts.map((host) => host.systemId)]
      .filter(Boolean)
      .join(' '),
  );
}

const shunt = (over: Partial<PlanSpec> = {}) => planSpec({ method: 'shunt', ...over });

describe('planWaves with operations', () => {
  const three = mixedCloud([
    { vlan: ['legacy'], overlay: [] },
    { vlan: ['legacy', 'legacy'], overlay: ['legacy'] },
    { vlan: [], overlay: ['legacy', 'legacy'] },
  ]);

  it('moves what meets on a wire host by host, and an overlay staged first and then as one', () => {
    const { waves, held } = planWaves(three, shunt());
    expect(held).toEqual([]);
    expect(shapeOf(waves)).toEqual([
      'stage+cut hv1',
      'stage+cut hv2',
      'stage hv2',
      'stage hv3',
      'cut together hv2 hv3',
    ]);
    expect(waves.map((wave) => wave.canary)).toEqual([true, false, true, false, false]);
    expect(waves[2]?.hosts[0]).toMatchObject({
      taps: [{ networkId: netB, method: 'shunt' }],
      networks: [{ networkId: netB }],
    });
  });

  it.each([
    ['staged', ['stage hv1', 'stage hv2', 'stage hv2', 'stage hv3']],
    [
      'finished',
      [
        'stage+cut+finish hv1',
        'stage+cut+finish hv2',
        'stage hv2',
        'stage hv3',
        'cut together hv2 hv3',
        'finish together hv2 hv3',
      ],
    ],
  ] as const)('goes as far as its goal says: %s', (goal, shape) => {
    expect(shapeOf(planWaves(three, shunt({ goal })).waves)).toEqual(shape);
  });

  it('takes a fleet back from wherever its taps are', () => {
    const there = mixedCloud([
      { vlan: ['shunted'], overlay: ['hybrid'] },
      { vlan: ['legacy', 'staged'], overlay: ['shunted'] },
    ]);
    expect(shapeOf(planWaves(there, shunt({ goal: 'legacy' })).waves)).toEqual([
      'cut+stage back hv1',
      'stage back hv2',
      'finish back hv1',
      'cut back together hv1 hv2',
      'stage back hv1 hv2',
    ]);
  });

  it('lets a rule choose another method for some hypervisors and networks', () => {
    const methods = [{ hosts: ['hv1'], networks: [], method: 'direct' as const }];
    expect(shapeOf(planWaves(three, shunt({ methods })).waves).slice(0, 2)).toEqual(['cut hv1', 'stage+cut hv2']);
    const green = [{ hosts: [], networks: ['green'], method: 'direct' as const }];
    expect(shapeOf(planWaves(three, shunt({ methods: green })).waves).slice(2)).toEqual(['cut together hv2 hv3']);
  });

  it('moves a slice, leaves the rest, and can be planned again from there', () => {
    const slice = { projects: [], networks: ['blue'] };
    expect(shapeOf(planWaves(three, shunt({ slice })).waves)).toEqual(['stage+cut hv1', 'stage+cut hv2']);
    const later = mixedCloud([
      { vlan: ['shunted'], overlay: [] },
      { vlan: ['shunted', 'staged'], overlay: ['staged'] },
      { vlan: [], overlay: ['legacy', 'staged'] },
    ]);
    const { waves, held } = planWaves(later, planSpec({ waveSize: 9 }));
    expect(shapeOf(waves)).toEqual(['cut hv2', 'cut together hv2 hv3']);
    expect(held).toMatchObject([{ systemId: 'hv1', holds: [{ kind: 'already-on-target' }] }]);
    const again = planWaves(later, shunt({ goal: 'finished' }));
    expect(shapeOf(again.waves)).toEqual([
      'finish hv1',
      'cut+finish hv2',
      'stage hv3',
      'cut together hv2 hv3',
      'finish together hv2 hv3',
    ]);
  });

  it('slices by project, but holds whom an overlay of two projects would cut off', () => {
    const ports = [
      portOf(1, 1, { networkId: netB, projectId: 'red' }),
      portOf(2, 1, { networkId: netB, projectId: 'blue' }),
    ];
    const hosts = ports.map((port, at) => hostReport(at + 1, { inventory: hostInventory({ taps: [tapOf(port)] }) }));
    const joined = joinInventory({ networks: [overlay], ports, hosts });
    const spec = shunt({ slice: { projects: ['re*'], networks: [] } });
    expect(planWaves(joined, spec).held).toMatchObject([
      { systemId: 'hv1', holds: [{ kind: 'overlay-incomplete', networkId: netB, host: 'compute2.example' }] },
      { systemId: 'hv2', holds: [{ kind: 'no-taps' }] },
    ]);
    expect(shapeOf(planWaves(joined, { ...spec, goal: 'staged' }).waves)).toEqual(['stage hv1']);
  });

  it('holds all of an overlay when one of its hypervisors is held, or has no agent', () => {
    const { held, waves } = planWaves(three, shunt({ exclude: ['hv3'] }));
    expect(waves).toMatchObject([{ hosts: [{ systemId: 'hv1' }] }]);
    expect(held).toMatchObject([
      { systemId: 'hv2', holds: [{ kind: 'overlay-incomplete', host: 'compute3.example' }] },
      { systemId: 'hv3', holds: [{ kind: 'opted-out' }] },
    ]);
    const lost = portOf(9, 1, { networkId: netB, requestedChassis: 'compute9' });
    const stranger = { ...three, ports: new Map(three.ports).set(lost.id, lost) };
    expect(planWaves(stranger, shunt()).held).toMatchObject([
      { holds: [{ host: 'compute9' }] },
      { holds: [{ host: 'compute9' }] },
    ]);
  });

  it.each([
    ['ovs', ['method-refused']],
    ['midonet', ['method-refused']],
    ['ovs-hybrid', []],
    ['linux-bridge', []],
  ] as const)('a tap of %s by a shunt is held by %j', (source: SourceKind, kinds) => {
    const port = portOf(1, 1);
    const plug = { kind: 'legacy', bridge: `brq${netA.slice(0, 11)}`, source } as const;
    const taps = [tapOf(port, { plug }), ...[]];
    const joined = joinInventory({
      networks: [vlan],
      ports: [port],
      hosts: [hostReport(1, { inventory: hostInventory({ taps }) })],
    });
    expect(planWaves(joined, shunt()).held.flatMap((host) => host.holds.map((hold) => hold.kind))).toEqual(kinds);
    expect(planWaves(joined, planSpec()).held).toEqual([]);
  });

  const anyPlaces = fc.array(fc.constantFrom(...tapPlaces), { maxLength: 2 });
  const anyHosts = fc.array(fc.record({ vlan: anyPlaces, overlay: anyPlaces }), { minLength: 1, maxLength: 5 });
  const anySpec = fc.record({
    method: fc.constantFrom('direct', 'shunt'),
    goal: fc.constantFrom('staged', 'target', 'finished', 'collapsed', 'legacy'),
    waveSize: fc.integer({ min: 1, max: 3 }),
    exclude: fc.constantFrom([], ['hv2']),
  });

  it('takes every tap to the goal in order, never past a barrier, and explains whom it does not', () => {
    fc.assert(
      fc.property(anyHosts, anySpec, (hosts, over) => {
        const joined = mixedCloud(hosts);
        const spec = planSpec(over);
        const { waves, held } = planWaves(joined, spec);
        const planned = new Set(waves.flatMap((wave) => wave.hosts.map((host) => host.systemId)));
        for (const id of joined.hosts.keys()) expect(planned.has(id)).toBe(!held.some((one) => one.systemId === id));
        const place = new Map(
          [...joined.hosts.values()].flatMap((host) => host.placed.map((one) => [one.target.portId, one.place])),
        );
        const started = new Map(place);
        for (const wave of waves) {
          expect(wave.hosts.length).toBeLessThanOrEqual(wave.together === true ? 99 : over.waveSize);
          walk(wave, place, hosts);
        }
        for (const wave of waves) {
          for (const { portId, method = 'direct' } of wave.hosts.flatMap((host) => host.taps)) {
            const from = started.get(portId);
            if (from === undefined) throw new Error('unknown tap');
            expect(operationsToward(over.goal, from, method)).not.toEqual([]);
            const at = place.get(portId);
            expect(at && operationsToward(over.goal, at, method)).toEqual([]);
          }
        }
        const shuffled = { ...joined, hosts: new Map([...joined.hosts].toReversed()) };
        expect(planWaves(shuffled, spec)).toEqual({ waves, held });
      }),
      { numRuns: 200 },
    );
  });

  /** Does a wave as the engine would: operation by operation; what moves together is judged as one. */
  function walk(
    wave: Plan['waves'][number],
    place: Map<string, TapPlace>,
    hosts: Parameters<typeof mixedCloud>[0],
  ): void {
    const { operations = ['cut'], direction = 'forward' } = wave;
    for (const groups of wave.together === true ? [wave.hosts] : wave.hosts.map((host) => [host])) {
      for (const operation of operations) {
        const taps = groups.flatMap((host) => host.taps);
        const ends = {
          stage: ['legacy', 'staged'],
          finish: ['shunted', 'hybrid'],
          collapse: ['hybrid', 'direct'],
        } as const;
        const due = taps.filter(({ portId, method = 'direct' }) => {
          const way =
            operation === 'cut'
              ? method === 'shunt'
                ? (['staged', 'shunted'] as const)
                : (['legacy', 'direct'] as const)
              : ends[operation];
          if (operation !== 'cut' && method === 'direct') return false;
          return place.get(portId) === (direction === 'forward' ? way[0] : way[1]);
        });
        const now = mixedCloud(
          hosts.map((host, at) => ({
            vlan: host.vlan.map((_, n) => place.get(portOf(at + 1, n + 1).id) ?? 'legacy'),
            overlay: host.overlay.map((_, n) => place.get(portOf(at + 1, n + 101).id) ?? 'legacy'),
          })),
        );
        const moving = new Set(due.map((tap) => tap.portId));
        for (const { portId, networkId, method = 'direct' } of due) {
          expect(barrierHold(overlayTaps(now), { networkId, operation, direction, method, moving })).toBeUndefined();
          const shuntWay = operation === 'cut' ? (['staged', 'shunted'] as const) : ends[operation];
          const way = method === 'direct' ? (['legacy', 'direct'] as const) : shuntWay;
          place.set(portId, direction === 'forward' ? way[1] : way[0]);
        }
      }
    }
  }
});

describe('barrierHold', () => {
  const ask = (places: readonly TapPlace[], over: object) =>
    barrierHold(
      overlayTaps(
        cloud([1, 1, 1], new Set(), {
          network: { class: 'overlay' },
          placeOf: (id) => places[Number(id.slice(2)) - 1] ?? 'legacy',
        }),
      ),
      {
        networkId: netA,
        operation: 'cut',
        direction: 'forward',
        method: 'shunt',
        moving: new Set([portOf(1, 1).id]),
        ...over,
      },
    );

  it.each([
    ['a flip while one is on legacy', ['staged', 'staged', 'legacy'], {}, 'compute3.example'],
    ['a flip when all are staged', ['staged', 'staged', 'shunted'], {}, undefined],
    [
      'unstaging while one is flipped',
      ['staged', 'shunted', 'staged'],
      { operation: 'stage', direction: 'back' },
      'compute2.example',
    ],
    [
      'unstaging beside staged ones',
      ['staged', 'staged', 'legacy'],
      { operation: 'stage', direction: 'back' },
      undefined,
    ],
    ['finishing while one is staged', ['shunted', 'shunted', 'staged'], { operation: 'finish' }, 'compute3.example'],
    ['finishing when all are flipped', ['shunted', 'hybrid', 'direct'], { operation: 'finish' }, undefined],
    [
      'flipping back beside a finished one',
      ['shunted', 'hybrid', 'shunted'],
      { direction: 'back' },
      'compute2.example',
    ],
    ['staging, whatever there is', ['legacy', 'hybrid', 'direct'], { operation: 'stage' }, undefined],
    ['direct, one of several', ['legacy', 'legacy', 'direct'], { method: 'direct' }, 'compute2.example'],
  ] as const)('%s', (_, places, over, host) => {
    expect(ask(places, over)?.host).toBe(host);
  });
});
