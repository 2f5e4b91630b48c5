import { describe, expect, it } from 'vitest';
import type { NetworkTarget, TapTarget } from '../../../domain/network-model.ts';
import { attemptSteps, isRestored, viewRepair, viewRestore } from '../../../domain/rewire/plan-attempt.ts';
import { planMoves } from '../../../domain/rewire/plan-cut.ts';
import type { ShuntRequest } from '../../../domain/rewire/plan-shunt.ts';
import { target } from './host-model.ts';
import { factsOfShunts, placed, type ShuntModel } from './shunt-model.ts';

const shunted: TapTarget = { ...target('a'), method: 'shunt' };
const overlay: NetworkTarget = { networkId: 'net', class: 'overlay', mtu: 1442 };

function planned(model: ShuntModel, asked: Omit<ShuntRequest, 'epoch'>, tap: TapTarget = shunted) {
  return planMoves({ epoch: 7, ...asked, taps: [tap] }, factsOfShunts(new Map([['a', model]])));
}

describe('planning the move of a tap by its shunt', () => {
  it('names the objects of a stage as os-vif would, and what the guest alone may send from', () => {
    const asked = { operation: 'stage', direction: 'forward', networks: [overlay] } as const;
    const [move] = planned(placed.legacy, asked, { ...shunted, macs: [shunted.mac, '00:00:5e:00:01:07'] }).moves;
    expect(move?.shunt).toEqual({
      bridge: 'qbrport-of-a',
      ownsBridge: true,
      legacyLeg: { outer: 'shaport-of-a', inner: 'shbport-of-a', owned: true },
      targetLeg: { outer: 'qvoport-of-a', inner: 'qvbport-of-a' },
      mtu: 1442,
      disjoint: true,
      ownMacs: [shunted.mac],
      sharedMacs: ['00:00:5e:00:01:07'],
    });
  });

  it.each([
    ['a flip of a tap that is not staged', placed.legacy, { operation: 'cut', direction: 'forward' }, 'tap-elsewhere'],
    ['an unstage of one that is flipped', placed.shunted, { operation: 'stage', direction: 'back' }, 'tap-elsewhere'],
    [
      'a flip of half a shunt',
      { ...placed.staged, claim: 'none' },
      { operation: 'cut', direction: 'forward' },
      'tap-elsewhere',
    ],
    [
      'a stage of a tap in another bridge',
      { ...placed.legacy, tapAt: 'elsewhere' },
      { operation: 'stage', direction: 'forward' },
      'tap-elsewhere',
    ],
    [
      'a stage of one that is gone',
      { ...placed.legacy, tapAt: 'gone' },
      { operation: 'stage', direction: 'forward' },
      'tap-gone',
    ],
    [
      'leaving an overlay while others may need it',
      placed.shunted,
      { operation: 'finish', direction: 'forward', networks: [overlay] },
      'overlay-barrier',
    ],
  ] as const)('refuses %s', (_what, model, asked, kind) => {
    expect(planned(model, asked)).toMatchObject({ moves: [], problems: [{ kind, tap: 'a', severity: 'error' }] });
  });

  it.each([
    ['a flip', placed.staged, { operation: 'cut', direction: 'forward' }, shunted],
    ['a flip back', placed.shunted, { operation: 'cut', direction: 'back' }, shunted],
    ['an unstage', placed.staged, { operation: 'stage', direction: 'back' }, shunted],
    ['a direct cut', placed.legacy, { direction: 'forward' }, target('a')],
    ['a direct cut back', placed.direct, { direction: 'back' }, target('a')],
  ] as const)('does %s on an overlay only when the order says that its barrier is met', (_what, model, asked, tap) => {
    const told = (barrier: 'met' | 'open') => planned(model, { ...asked, networks: [{ ...overlay, barrier }] }, tap);
    expect(planned(model, { ...asked, networks: [overlay] }, tap).problems).toMatchObject([
      { kind: 'overlay-barrier' },
    ]);
    expect(told('open')).toMatchObject({ moves: [], problems: [{ kind: 'overlay-barrier', tap: 'a' }] });
    expect(told('met')).toMatchObject({ moves: [{ tap: 'a' }], problems: [] });
  });

  it('goes into both worlds of an overlay whatever the order says', () => {
    const networks = [{ ...overlay, barrier: 'open' as const }];
    const ways = [
      [placed.legacy, { operation: 'stage', direction: 'forward' }],
      [placed.hybrid, { operation: 'finish', direction: 'back' }],
      [placed.direct, { operation: 'collapse', direction: 'back' }],
    ] as const;
    for (const [model, asked] of ways) expect(planned(model, { ...asked, networks }).moves).toHaveLength(1);
  });

  it('leaves an overlay when its order says that nobody needs it there', () => {
    const networks = [{ ...overlay, barrier: 'met' as const }];
    expect(planned(placed.shunted, { operation: 'finish', direction: 'forward', networks }).moves).toHaveLength(1);
  });

  it('refuses names that are another’s', () => {
    const facts = factsOfShunts(new Map([['a', placed.legacy]]));
    const links = new Map([...facts.links, ['vnet9', { ifindex: 99, master: 'qbrport-of-a' }]]);
    const request = { epoch: 7, operation: 'stage', direction: 'forward', taps: [shunted] } as const;
    expect(planMoves(request, { ...facts, links }).problems).toMatchObject([{ kind: 'shunt-refused' }]);
  });

  it('has nothing to do for taps that are there, or beyond, and for those that go direct', () => {
    const already = { moves: [], already: ['a'], problems: [] };
    expect(planned(placed.direct, { operation: 'finish', direction: 'forward' })).toEqual(already);
    expect(planned(placed.legacy, { operation: 'stage', direction: 'back' })).toEqual(already);
    expect(planned(placed.direct, { operation: 'collapse', direction: 'forward' }, target('a'))).toEqual(already);
  });
});

describe('an attempt with taps of both methods', () => {
  const flip = { epoch: 7, operation: 'cut', direction: 'forward' } as const;
  const facts = factsOfShunts(
    new Map<string, ShuntModel>([
      ['a', placed.staged],
      ['b', placed.legacy],
    ]),
  );
  const { moves } = planMoves({ ...flip, taps: [shunted, target('b')] }, facts);

  it('flips the ones, then cuts the others', () => {
    const told = attemptSteps({ ...flip, moves }, facts, 8).map(
      (step) => `${step.batch} ${step.kind} ${step.moves.map((move) => move.tap).join('')}`,
    );
    expect(told).toEqual([
      '1 seed-connections a',
      '1 flip a',
      '1 checkpoint a',
      '2 leave-legacy b',
      '2 join-target b',
      '2 settle-target b',
      '2 checkpoint b',
      '3 seed-connections b',
    ]);
  });

  it('goes back to staged with the ones and to the legacy plug with the others, and names commands when it cannot', () => {
    const after = factsOfShunts(
      new Map<string, ShuntModel>([
        ['a', placed.shunted],
        ['b', placed.direct],
      ]),
    );
    const view = viewRestore({ ...flip, moves }, after);
    expect(isRestored(view)).toBe(false);
    expect(isRestored(viewRestore({ ...flip, moves }, facts))).toBe(true);
    const repair = viewRepair(view, { ...flip, moves });
    expect(repair.join('\n')).toContain('ip link set a master brq1');
    expect(repair.join('\n')).toContain('ip link set b master brq1');
  });
});
