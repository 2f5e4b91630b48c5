import { describe, expect, it } from 'vitest';
import type { TapTarget } from '../../../domain/network-model.ts';
import type { PlugFacts, PlugRows, RewireFacts, TapMove } from '../../../domain/rewire/moves.ts';
import { cutSteps, planMoves } from '../../../domain/rewire/plan-cut.ts';
import { judgeRestore, repairCommands, restoreSteps } from '../../../domain/rewire/plan-restore.ts';
import { hybridShunt } from '../../../domain/sources/ovs-hybrid.ts';
import { legacyRowsKey } from '../../../domain/sources/ovs-moves.ts';
import { legacySegments, parseSegment, type SwitchPort, segmentName } from '../../../domain/sources/ovs-segments.ts';

const portId = '6f7c44ac-e6aa-4bbb-8ccc-000000000001';

function target(more: Partial<TapTarget> = {}): TapTarget {
  const ids = { tap: 'tap1', portId, networkId: 'net', mac: 'fa:16:3e:00:00:01', ips: ['10.0.0.5'] };
  return { ...ids, legacyBridge: 'br-int:1', source: 'ovs', ...more };
}

function rows(tag: number | undefined, network = 'net', ifaceId = portId): PlugRows {
  const wiring = { net_uuid: network, ...(tag === undefined ? {} : { tag: String(tag) }) };
  return {
    port: { external_ids: { note: 'kept' }, other_config: wiring, ...(tag === undefined ? {} : { tag }) },
    iface: { external_ids: { 'iface-id': ifaceId }, other_config: {} },
  };
}

function facts(
  plugs: Readonly<Record<string, Omit<PlugFacts, 'portUuid'>>>,
  masters: Record<string, string> = {},
): RewireFacts {
  const links = ['tap1', 'tap2', ...Object.keys(masters), ...Object.values(masters)];
  return {
    integrationBridge: 'br-ovn',
    links: new Map(
      links.map((name, ifindex) => [
        name,
        { ifindex, ...(masters[name] === undefined ? {} : { master: masters[name] }) },
      ]),
    ),
    plugs: new Map(Object.entries(plugs).map(([name, plug]) => [name, { ...plug, portUuid: `uuid-${name}` }])),
    bridges: [
      {
        ...{ bridge: 'br-int:1', mtu: 1500, members: ['tap1'], uplink: 'int-br-ex' },
        provider: { bridge: 'br-ex', port: 'phy-br-ex', tag: 100 },
      },
    ],
    shunts: new Map(),
  };
}

const at = (bridge: string, plugRows: PlugRows) => ({ bridge, rows: plugRows });
const forward = (taps: readonly TapTarget[], seen: RewireFacts) =>
  planMoves({ epoch: 7, direction: 'forward', taps }, seen);
const back = (taps: readonly TapTarget[], seen: RewireFacts) => planMoves({ epoch: 8, direction: 'back', taps }, seen);
const kindsOf = (steps: readonly { readonly kind: string }[]) => steps.map((step) => step.kind);
const only = (moves: readonly TapMove[]): TapMove => moves[0]!; // each caller has looked that there is one
const cutMove = () => only(forward([target()], facts({ tap1: at('br-int', rows(1)) })).moves);

describe('a segment', () => {
  it.each([{ bridge: 'br-int', tag: 7 }, { bridge: 'br-int' }])('is named and read again: %j', (segment) => {
    expect(parseSegment(segmentName(segment))).toEqual(segment);
  });

  it.each(['brq0123', 'br100', ''])('is not %j, which other sources have', (name) => {
    expect(parseSegment(name)).toBeUndefined();
  });

  it('has its way out by the patch to the bridge that its physical network is mapped to, and no other', () => {
    const patch = (name: string, bridge: string, peer: string): [string, SwitchPort] => [
      name,
      { name, bridge, type: 'patch', own: false, wiring: {}, peer },
    ];
    const guest = (name: string, physnet: string, tag: number): [string, SwitchPort] => [
      name,
      {
        ...{ name, bridge: 'br-int', tag, type: '', ifaceId: name, own: false },
        wiring: { network_type: 'vlan', physical_network: physnet, segmentation_id: String(tag + 99) },
      },
    ];
    const ports = new Map([
      ...[patch('int-br-b', 'br-int', 'phy-br-b'), patch('phy-br-b', 'br-b', 'int-br-b')],
      ...[patch('int-br-a', 'br-int', 'phy-br-a'), patch('phy-br-a', 'br-a', 'int-br-a')],
      ...[guest('tap1', 'physa', 1), guest('tap2', 'physb', 2), guest('tap3', 'elsewhere', 3)],
    ]);
    const seen = legacySegments({
      integrationBridge: 'br-ovn',
      ports,
      bridgeMappings: 'physa:br-a, physb:br-b',
      mtuOf: () => 9000,
    });
    const base = (tag: number) => ({ bridge: `br-int:${tag}`, mtu: 9000, members: [`tap${tag}`] });
    expect(seen).toEqual([
      { ...base(1), uplink: 'int-br-a', provider: { bridge: 'br-a', port: 'phy-br-a', tag: 100 } },
      { ...base(2), uplink: 'int-br-b', provider: { bridge: 'br-b', port: 'phy-br-b', tag: 101 } },
      base(3),
    ]);
  });
});

describe('a native plug', () => {
  it('goes to the target without tag and wiring, and takes what it was along', () => {
    const move = cutMove();
    expect(move.target.rows.port).toMatchObject({ other_config: {} });
    expect(move.target.rows.port).not.toHaveProperty('tag');
    expect(JSON.parse(move.target.rows.port.external_ids[legacyRowsKey] ?? '')).toEqual(rows(1));
    expect(kindsOf(cutSteps([move], 'forward', 8))).toEqual(['reparent-target', 'settle-target', 'checkpoint']);
  });

  it('comes back with exactly the rows it had, weeks later, from its row alone', () => {
    const move = cutMove();
    const plan = back([target()], facts({ tap1: at('br-ovn', move.target.rows) }));
    expect(only(plan.moves).legacy.ovs).toEqual({ bridge: 'br-int', rows: rows(1) });
    const steps = kindsOf(cutSteps(plan.moves, 'back', 8));
    expect(steps.filter((kind) => kind.startsWith('leave'))).toEqual([]);
    expect(steps).toEqual(expect.arrayContaining(['reparent-legacy', 'settle-reparented', 'confirm-legacy']));
  });

  it("comes back to its network's local VLAN of today: numbers are drawn anew at boot", () => {
    const seen = facts({ tap1: at('br-ovn', cutMove().target.rows), tap2: at('br-int', rows(5, 'net', 'other')) });
    expect(only(back([target()], seen).moves).legacy.ovs?.rows.port).toMatchObject({
      tag: 5,
      other_config: { tag: '5', net_uuid: 'net' },
    });
  });

  it("does not come back into another network's local VLAN", () => {
    const seen = facts({ tap1: at('br-ovn', cutMove().target.rows), tap2: at('br-int', rows(1, 'alien', 'other')) });
    expect(back([target()], seen)).toMatchObject({ moves: [], problems: [{ kind: 'network-mismatch' }] });
  });

  it.each([
    ['its local VLAN is another', { tap1: at('br-int', rows(2)) }, target(), 'network-mismatch'],
    [
      'it has the dead VLAN',
      { tap1: at('br-int', rows(4095)) },
      target({ legacyBridge: 'br-int:4095' }),
      'network-mismatch',
    ],
    [
      'nobody has wired it',
      { tap1: at('br-int', rows(undefined)) },
      target({ legacyBridge: 'br-int:' }),
      'network-mismatch',
    ],
    ['its port is another', { tap1: at('br-int', rows(1, 'net', 'foreign')) }, target(), 'foreign-iface-id'],
    [
      'its iface-id is on the target',
      { tap1: at('br-int', rows(1)), ghost: at('br-ovn', rows(undefined)) },
      target(),
      'foreign-iface-id',
    ],
  ])('is not cut when %s', (_why, plugs, tap, kind) => {
    expect(forward([tap], facts(plugs))).toMatchObject({ moves: [], problems: [{ kind }] });
  });

  it.each([
    [
      'on the target, ours',
      'br-ovn',
      7,
      'return',
      ['reparent-legacy', 'reparent-legacy', 'settle-reparented', 'checkpoint', 'confirm-legacy'],
    ],
    ['on the target, of another attempt', 'br-ovn', 6, 'leave-alone', []],
    ['in its place', 'br-int', 0, 'repair', ['reparent-legacy', 'settle-reparented', 'checkpoint', 'confirm-legacy']],
    ['in a bridge of somebody else', 'br-else', 0, 'leave-alone', []],
  ])('is restored when it is %s', (_where, bridge, epoch, kind, kinds) => {
    const move = cutMove();
    const there = bridge === 'br-ovn' ? move.target.rows : rows(1);
    const marked = {
      ...there,
      port: { ...there.port, external_ids: { ...there.port.external_ids, 'shunt-epoch': String(epoch) } },
    };
    const request = { direction: 'forward', epoch: 7, moves: [move] } as const;
    const cases = judgeRestore(request, facts({ tap1: at(bridge, marked) }));
    expect(cases).toMatchObject([{ kind }]);
    expect(kindsOf(restoreSteps(cases, 'forward', 8))).toEqual(kinds);
  });

  it('is joined again when it has no row at all, and its row is released when its link is gone', () => {
    const request = { direction: 'forward', epoch: 7, moves: [cutMove()] } as const;
    expect(judgeRestore(request, facts({}))).toMatchObject([{ kind: 'rejoin' }]);
    const gone = { ...facts({ tap1: at('br-ovn', cutMove().target.rows) }), links: new Map() };
    const cases = judgeRestore(request, gone);
    expect(kindsOf(restoreSteps(cases, 'forward', 8))).toEqual(['leave-target', 'checkpoint']);
  });

  it('can be put back by hand', () => {
    const [command] = repairCommands([{ kind: 'return', move: cutMove() }], 'forward');
    expect(command).toContain('add-port br-int tap1 tag=1');
  });

  it('is cut beside taps of Linux bridges, each in its own way', () => {
    const seen = facts({ tap1: at('br-int', rows(1)) }, { tap2: 'brq1' });
    const plan = forward([target(), { ...target({ tap: 'tap2', legacyBridge: 'brq1' }), portId: 'p2' }], seen);
    const steps = cutSteps(plan.moves, 'forward', 8).map((step) => [step.kind, step.moves.map((move) => move.tap)]);
    expect(steps).toEqual([
      ['leave-legacy', ['tap2']],
      ['join-target', ['tap2']],
      ['reparent-target', ['tap1']],
      ['settle-target', ['tap2']],
      ['settle-target', ['tap1']],
      ['checkpoint', ['tap2']],
      ['checkpoint', ['tap1']],
      ['seed-connections', ['tap2']], // its firewall is known; that of a native plug is Open vSwitch's own
    ]);
  });
});

describe('a hybrid plug', () => {
  const suffix = portId.slice(0, 11);
  const masters = { tap1: `qbr${suffix}`, [`qvb${suffix}`]: `qbr${suffix}` };
  const leg = { [`qvo${suffix}`]: at('br-int', rows(1)) };
  const hybrid = target({ source: 'ovs-hybrid' });

  it('is cut direct out of its own bridge; the way back, and what is told to the wire, is by its leg', () => {
    const move = only(forward([hybrid], facts(leg, masters)).moves);
    expect(move.legacy).toMatchObject({
      bridge: `qbr${suffix}`,
      uplink: `qvb${suffix}`,
      entry: { bridge: 'br-int', port: `qvo${suffix}` },
      provider: { bridge: 'br-ex', port: 'phy-br-ex', tag: 100, localTag: 1 },
    });
    expect(kindsOf(cutSteps([move], 'forward', 8))).toEqual([
      'leave-legacy',
      'join-target',
      'settle-target',
      'checkpoint',
      'seed-connections',
    ]);
  });

  it('gets a second leg by a shunt, and keeps its bridge and its first', () => {
    const found = hybridShunt(hybrid, { epoch: 7, mtu: 1500 }, facts(leg, masters));
    expect(found).toMatchObject({
      kind: 'move',
      move: {
        shunt: {
          ...{ bridge: `qbr${suffix}`, ownsBridge: false },
          legacyLeg: { outer: `qvo${suffix}`, inner: `qvb${suffix}`, owned: false },
          targetLeg: { outer: `sha${suffix}`, inner: `shb${suffix}` },
        },
        legacy: { bridge: 'br-int:1', ovs: { rows: rows(1) } },
      },
    });
  });

  it('gets its leg back from what the new leg remembers', () => {
    const first = hybridShunt(hybrid, { epoch: 7, mtu: 1500 }, facts(leg, masters));
    if (first?.kind !== 'move') throw new Error('there was a move a moment ago');
    const claim = { [`sha${suffix}`]: at('br-ovn', first.move.target.rows) };
    const again = hybridShunt(hybrid, { epoch: 9, mtu: 1500 }, facts(claim, { tap1: `qbr${suffix}` }));
    expect(again).toMatchObject({ move: { legacy: { ovs: { bridge: 'br-int', rows: rows(1) } } } });
  });

  it('is what a shunt needs: a native plug is refused', () => {
    expect(hybridShunt(target(), { epoch: 7, mtu: 1500 }, facts({ tap1: at('br-int', rows(1)) }))).toMatchObject({
      kind: 'problem',
    });
  });
});
