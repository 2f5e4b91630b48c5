import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Direction } from '../../../domain/phases.ts';
import { durableIds, intendedRows } from '../../../domain/rewire/moves.ts';
import { cutSteps, planMoves } from '../../../domain/rewire/plan-cut.ts';
import { judgeRestore, repairCommands, restoreSteps } from '../../../domain/rewire/plan-restore.ts';
import { factsOf, type HostModel, perform, target } from './host-model.ts';

const epoch = 7;

function legacyHost(taps: readonly string[]): HostModel {
  return { masters: new Map(taps.map((tap) => [tap, 'brq1'])), plugs: new Map() };
}

/** Committed by an earlier attempt, number 3. */
function targetHost(taps: readonly string[]): HostModel {
  return {
    masters: new Map(taps.map((tap) => [tap, undefined])),
    plugs: new Map(taps.map((tap) => [tap, intendedRows(target(tap), 3)])),
  };
}

function planned(host: HostModel, direction: Direction, taps: readonly string[]) {
  return planMoves({ epoch, direction, taps: taps.map((tap) => target(tap)) }, factsOf(host));
}

describe('planning a cut', () => {
  it('fixes for each tap the rows that os-vif would write, with our marks, and the way back', () => {
    const [move] = planned(legacyHost(['tap1']), 'forward', ['tap1']).moves;
    expect(move).toMatchObject({
      legacy: { bridge: 'brq1', uplink: 'upl1', provider: { bridge: 'br-ex', port: 'leg1' } },
      target: {
        bridge: 'br-int',
        rows: {
          port: { external_ids: { 'shunt-owner': 'agent', 'shunt-epoch': '7', 'shunt-legacy-bridge': 'brq1' } },
          iface: {
            external_ids: {
              'iface-id': 'port-of-tap1',
              'iface-status': 'active',
              'attached-mac': 'fa:16:3e:00:00:01',
              'vm-uuid': 'vm',
              'vm-id': 'vm',
            },
          },
        },
      },
    });
  });

  it('goes batch by batch, and syncs the journal only when a batch has been repaired', () => {
    const { moves } = planned(legacyHost(['a', 'b', 'c']), 'forward', ['a', 'b', 'c']);
    const kinds = cutSteps(moves, 'forward', 2).map(
      (step) => `${step.batch} ${step.kind} ${step.moves.map((move) => move.tap).join('')}`,
    );
    expect(kinds).toEqual([
      '1 leave-legacy ab',
      '1 join-target ab',
      '1 settle-target ab',
      '1 checkpoint ab',
      '2 leave-legacy c',
      '2 join-target c',
      '2 settle-target c',
      '2 checkpoint c',
      '3 seed-connections abc',
    ]);
  });

  it('takes the pre-image of rows that it will remove on the way back, without what others keep in them', () => {
    expect(planned(targetHost(['tap1']), 'back', ['tap1']).moves[0]?.target.rows).toEqual(
      intendedRows(target('tap1'), 3),
    );
    expect(
      durableIds(
        new Map([
          ['iface-id', 'p'],
          ['ovn-installed', 'true'],
          ['ovn-installed-ts', '1'],
        ]),
      ),
    ).toEqual({ 'iface-id': 'p' });
  });

  it.each([
    ['a tap that is not there', 'forward', { masters: new Map(), plugs: new Map() }, 'tap-gone'],
    [
      'a tap in another bridge',
      'forward',
      { masters: new Map([['tap1', 'brq2']]), plugs: new Map() },
      'network-mismatch',
    ],
    [
      'a tap in no bridge',
      'forward',
      { masters: new Map([['tap1', undefined]]), plugs: new Map() },
      'network-mismatch',
    ],
    [
      "a port with somebody else's iface-id",
      'back',
      { masters: new Map([['tap1', undefined]]), plugs: new Map([['tap1', intendedRows(target('other'), 3)]]) },
      'foreign-iface-id',
    ],
  ] as const)('refuses %s', (_what, direction, host, kind) => {
    expect(planned(host, direction, ['tap1'])).toMatchObject({
      moves: [],
      problems: [{ kind, tap: 'tap1', severity: 'error' }],
    });
  });

  it('leaves a tap alone that is where it should go', () => {
    expect(planned(targetHost(['tap1']), 'forward', ['tap1'])).toEqual({ moves: [], already: ['tap1'], problems: [] });
    expect(planned(legacyHost(['tap1']), 'back', ['tap1'])).toEqual({ moves: [], already: ['tap1'], problems: [] });
  });
});

const taps = ['a', 'b', 'c', 'd', 'e'];
const scene = fc.record({
  direction: fc.constantFrom<Direction>('forward', 'back'),
  count: fc.integer({ min: 1, max: taps.length }),
  batchSize: fc.integer({ min: 1, max: 3 }),
  stop: fc.nat(),
  stopAgain: fc.nat(),
});

describe('laws of the way back', () => {
  it('a revert after any part of a cut restores what was before, also when it is cut short and begun again', () => {
    fc.assert(
      fc.property(scene, ({ direction, count, batchSize, stop, stopAgain }) => {
        const names = taps.slice(0, count);
        const before = direction === 'forward' ? legacyHost(names) : targetHost(names);
        const { moves } = planned(before, direction, names);
        const steps = cutSteps(moves, direction, batchSize);
        const request = { direction, epoch, moves };
        const revert = (host: HostModel) => restoreSteps(judgeRestore(request, factsOf(host)), direction, batchSize);

        const cut = steps.slice(0, stop % (steps.length + 1)).reduce(perform, before);
        const way = revert(cut);
        const halfWay = way.slice(0, stopAgain % (way.length + 1)).reduce(perform, cut);
        const after = revert(halfWay).reduce(perform, halfWay);
        expect(after).toEqual(before);
        expect(revert(after).reduce(perform, after)).toEqual(before);
      }),
    );
  });

  it('touches no tap that appeared since, none that is gone, and none that somebody else moved', () => {
    fc.assert(
      fc.property(scene, fc.constantFrom('gone', 'replugged', 'elsewhere'), ({ direction, batchSize }, what) => {
        const before = direction === 'forward' ? legacyHost(['a', 'b']) : targetHost(['a', 'b']);
        const { moves } = planned(before, direction, ['a', 'b']);
        const cut = cutSteps(moves, direction, batchSize).reduce(perform, before);
        const masters = new Map([...cut.masters, ['new', 'brq1']]);
        const plugs = new Map(cut.plugs);
        if (what === 'gone') masters.delete('a');
        if (what === 'gone') plugs.delete('a');
        if (what === 'replugged') plugs.set('a', intendedRows(target('somebody-else'), 99));
        if (what === 'elsewhere') masters.set('a', 'brq2');
        if (what === 'elsewhere') plugs.delete('a');
        const disturbed: HostModel = { masters, plugs };

        const cases = judgeRestore({ direction, epoch, moves }, factsOf(disturbed));
        const after = restoreSteps(cases, direction, batchSize).reduce(perform, disturbed);
        expect([after.masters.get('a'), after.plugs.get('a')]).toEqual([masters.get('a'), plugs.get('a')]);
        expect(after.masters.get('new')).toBe('brq1');
        expect([after.masters.get('b'), after.plugs.get('b')]).toEqual([
          before.masters.get('b'),
          before.plugs.get('b'),
        ]);
      }),
    );
  });
});

describe('a revert', () => {
  const { moves } = planned(legacyHost(['a', 'b', 'c']), 'forward', ['a', 'b', 'c']);
  const host: HostModel = {
    masters: new Map([
      ['a', undefined],
      ['c', undefined],
    ]),
    plugs: new Map([
      ['b', intendedRows(target('b'), epoch)],
      ['c', intendedRows(target('c'), epoch)],
    ]),
  };
  const cases = judgeRestore({ direction: 'forward', epoch, moves }, factsOf(host));

  it('brings those first that nothing leads to, and removes rows whose tap is gone', () => {
    expect(cases.map((found) => found.kind)).toEqual(['rejoin', 'release', 'return']);
    const kinds = restoreSteps(cases, 'forward', 8).map(
      (step) => `${step.kind} ${step.moves.map((move) => move.tap).join('')}`,
    );
    expect(kinds).toEqual([
      'join-legacy a',
      'settle-legacy a',
      'checkpoint a',
      'seed-connections ac',
      'leave-target c',
      'join-legacy c',
      'settle-legacy c',
      'checkpoint c',
      'leave-target b',
      'checkpoint b',
      'confirm-legacy ac',
    ]);
  });

  it('gives OVN back, after a way back that is undone, what it has not seen of those that were away', () => {
    const steps = restoreSteps(
      [
        { kind: 'repair', move: moves[0]! }, // planned from three taps
        { kind: 'return', move: moves[1]! },
      ],
      'back',
      8,
    );
    expect(steps.at(-1)).toMatchObject({ kind: 'seed-connections', toward: 'target', onPath: true, moves: [moves[1]] });
  });

  it('names the commands for what is left', () => {
    expect(repairCommands(cases, 'forward')).toEqual([
      'ovs-vsctl --if-exists del-port br-int a && ip link set a master brq1',
      'ovs-vsctl --if-exists del-port br-int b',
      'ovs-vsctl --if-exists del-port br-int c && ip link set c master brq1',
    ]);
  });
});

describe('a tap of the same name that is another guest’s', () => {
  const ours = { masters: new Map([['a', 'brq1']]), plugs: new Map([['a', intendedRows(target('a'), epoch)]]) };
  const bare = { masters: new Map([['a', 'brq1']]), plugs: new Map() };
  const [move] = planned(legacyHost(['a']), 'forward', ['a']).moves;

  it.each([
    ['forward', ours, 'release'],
    ['forward', bare, 'leave-alone'],
    ['back', bare, 'leave-alone'],
  ] as const)('stays where it is, and only our row under its name goes: %s', (direction, host, kind) => {
    const facts = factsOf(host);
    const links = new Map([...facts.links].map(([name, link]) => [name, { ...link, mac: 'fe:16:3e:99:99:99' }]));
    const moves = [{ ...move!, hostMac: 'fe:16:3e:00:00:01' }]; // it was planned above
    expect(judgeRestore({ direction, epoch, moves }, { ...facts, links })).toMatchObject([{ kind }]);
  });
});
