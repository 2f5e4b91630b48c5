import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { operations, tapPlaces, wayOf } from '../../../domain/rewire/places.ts';
import { judgeToward, planToward } from '../../../domain/rewire/plan-toward.ts';
import type { RewireStep } from '../../../domain/rewire/steps.ts';
import { factsOfShunts, performShunt, placed, type ShuntModel, shuntMove } from './shunt-model.ts';

const anyModel: fc.Arbitrary<ShuntModel> = fc
  .record({
    tapAt: fc.constantFrom<ShuntModel['tapAt']>('legacy', 'shunt', 'nowhere', 'target'),
    bridge: fc.boolean(),
    legacyLeg: fc.boolean(),
    targetLeg: fc.boolean(),
    claim: fc.constantFrom<ShuntModel['claim']>('none', 'waiting', 'installed'),
    active: fc.constantFrom<ShuntModel['active']>('legacy', 'target', 'none'),
  })
  .filter(canBe);

/** What kernel and database can show: a leg needs its bridge, flags and claims their leg, and one port has one row. */
function canBe(model: ShuntModel): boolean {
  if (model.tapAt === 'shunt' && !model.bridge) return false;
  if (model.active === 'target' && !model.targetLeg) return false;
  if (model.active === 'legacy' && !model.legacyLeg) return false;
  return model.tapAt !== 'target' || model.claim === 'none';
}

const taps = ['a', 'b', 'c'];
const moves = taps.map(shuntMove);
const anyHost = fc.array(anyModel, { minLength: taps.length, maxLength: taps.length });
const hostOf = (models: readonly ShuntModel[]) => new Map(models.map((model, index) => [taps[index] ?? '', model]));
const kindsOf = (steps: readonly RewireStep[]) => steps.map((step) => step.kind);

describe('a shunt brought to a place', () => {
  it('gets there from any half-way state, and is left alone then', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...tapPlaces),
        anyHost,
        fc.integer({ min: 1, max: 3 }),
        (place, models, batchSize) => {
          const before = hostOf(models);
          const after = planToward(place, moves, factsOfShunts(before), { batchSize }).reduce(performShunt, before);
          expect(planToward(place, moves, factsOfShunts(after))).toEqual([]);
          for (const model of after.values()) {
            const { claim: _claim, ...rest } = model;
            expect(rest).toEqual((({ claim: _, ...wanted }) => wanted)(placed[place]));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gets there also when it is cut short anywhere, and planned anew for the other end', () => {
    const anyWay = fc.constantFrom(
      ...operations.flatMap((operation) => wayOf(operation, 'forward', 'shunt') ?? []),
      ...operations.flatMap((operation) => wayOf(operation, 'back', 'shunt') ?? []),
    );
    fc.assert(
      fc.property(anyWay, fc.nat(), fc.nat(), (way, stop, stopAgain) => {
        const before = hostOf(taps.map(() => placed[way.from]));
        const steps = planToward(way.to, moves, factsOfShunts(before), { batchSize: 2 });
        const cut = steps.slice(0, stop % (steps.length + 1)).reduce(performShunt, before);
        const back = planToward(way.from, moves, factsOfShunts(cut), { batchSize: 2, repair: true });
        const half = back.slice(0, stopAgain % (back.length + 1)).reduce(performShunt, cut);
        const after = planToward(way.from, moves, factsOfShunts(half), { repair: true }).reduce(performShunt, half);
        expect(after).toEqual(before);
      }),
    );
  });

  it('claims nothing for a tap that is gone or that somebody else has, and leaves the tap to them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...tapPlaces),
        anyModel.filter((model) => model.tapAt !== 'shunt' && model.tapAt !== 'target'),
        fc.constantFrom<ShuntModel['tapAt']>('gone', 'elsewhere'),
        (place, model, tapAt) => {
          const before = new Map([['a', { ...model, tapAt }]]);
          const after = planToward(place, [shuntMove('a')], factsOfShunts(before)).reduce(performShunt, before);
          expect(after.get('a')).toEqual({ ...placed.legacy, tapAt });
        },
      ),
    );
  });

  it.each([
    ['legacy', 'staged', ['make-shunt', 'enter-shunt', 'claim-shunt', 'checkpoint']],
    ['staged', 'shunted', ['seed-connections', 'flip', 'checkpoint']],
    ['shunted', 'staged', ['seed-connections', 'unflip', 'checkpoint']],
    ['shunted', 'hybrid', ['drop-legacy-leg', 'checkpoint']],
    ['hybrid', 'shunted', ['restore-legacy-leg', 'checkpoint']],
    ['hybrid', 'direct', ['collapse', 'checkpoint']],
    ['direct', 'hybrid', ['uncollapse', 'checkpoint']],
    ['staged', 'legacy', ['release-shunt', 'exit-shunt', 'unmake-shunt', 'checkpoint']],
  ] as const)('goes from %s to %s by the steps of that operation', (from, to, kinds) => {
    expect(kindsOf(planToward(to, [shuntMove('a')], factsOfShunts(new Map([['a', placed[from]]]))))).toEqual(kinds);
  });

  it.each([
    ['staged', 'shunted', 'flip'],
    ['shunted', 'staged', 'unflip'],
  ] as const)('turns all taps at one instant, whatever the size of batches: %s to %s', (from, to, kind) => {
    const host = factsOfShunts(hostOf([placed[from], placed[from], placed[from]]));
    const steps = planToward(to, moves, host, { batchSize: 1 });
    expect(steps.map((step) => [step.kind, step.moves.length])).toEqual([
      ['seed-connections', 3],
      [kind, 3],
      ['checkpoint', 3],
    ]);
  });

  it.each([
    ['legacy', 'staged', { 'make-shunt': [3], 'enter-shunt': [3], 'claim-shunt': [3] }],
    ['staged', 'legacy', { 'release-shunt': [3], 'exit-shunt': [3], 'unmake-shunt': [3] }],
    ['hybrid', 'direct', { collapse: [1, 1, 1] }],
    ['direct', 'hybrid', { uncollapse: [1, 1, 1] }],
  ] as const)(
    'lets the fewest guests wait for each other, and vswitchd work once where none waits: %s to %s',
    (from, to, sizes) => {
      const host = factsOfShunts(hostOf([placed[from], placed[from], placed[from]]));
      const steps = planToward(to, moves, host, { batchSize: 1 }).filter((step) => step.kind !== 'checkpoint');
      const sizesOf = Map.groupBy(steps, (step) => step.kind);
      expect(
        Object.fromEntries([...sizesOf].map(([kind, found]) => [kind, found.map((step) => step.moves.length)])),
      ).toEqual(sizes);
    },
  );

  it('leads connections toward the side that takes over', () => {
    const seeds = (from: keyof typeof placed, to: keyof typeof placed) =>
      planToward(to, [shuntMove('a')], factsOfShunts(new Map([['a', placed[from]]]))).flatMap((step) =>
        step.kind === 'seed-connections' ? [step.toward] : [],
      );
    expect(seeds('staged', 'shunted')).toEqual(['target']);
    expect(seeds('shunted', 'staged')).toEqual(['legacy']);
  });

  it('repairs the tables of a tap that is in its place, if that is asked for', () => {
    const facts = factsOfShunts(new Map([['a', placed.staged]]));
    expect(planToward('staged', [shuntMove('a')], facts)).toEqual([]);
    expect(kindsOf(planToward('staged', [shuntMove('a')], facts, { repair: true }))).toEqual(['unflip', 'checkpoint']);
  });

  it('removes the row that a collapsed tap left behind when it went', () => {
    const facts = factsOfShunts(new Map([['a', placed.direct]]));
    const links = new Map([...facts.links].filter(([name]) => name !== 'a'));
    expect(kindsOf(planToward('hybrid', [shuntMove('a')], { ...facts, links }))).toEqual([
      'leave-target',
      'checkpoint',
    ]);
  });

  it.each([
    ['staged', ['release-shunt', 'make-shunt', 'unflip', 'claim-shunt', 'checkpoint']],
    ['shunted', ['release-shunt', 'make-shunt', 'claim-shunt', 'seed-connections', 'flip', 'checkpoint']],
  ] as const)(
    'has a port made anew whose leg was deleted: vswitchd goes on with that of before: %s',
    (place, kinds) => {
      const model: ShuntModel = { ...placed[place], targetLeg: false, active: 'none' };
      expect(kindsOf(planToward(place, [shuntMove('a')], factsOfShunts(new Map([['a', model]]))))).toEqual(kinds);
    },
  );

  it('takes a collapsed tap out of its legacy bridge again, whatever its row says', () => {
    const facts = factsOfShunts(new Map([['a', placed.direct]]));
    const links = new Map([...facts.links, ['a', { ifindex: 10, master: 'brq1' }] as const]);
    expect(kindsOf(planToward('direct', [shuntMove('a')], { ...facts, links }))).toEqual([
      'leave-legacy',
      'settle-target',
      'checkpoint',
    ]);
  });

  it('does not touch rows under its name that are not for its port', () => {
    const facts = factsOfShunts(new Map([['a', placed.staged]]));
    const claim = { ifaceId: 'somebody-else', marks: {}, installed: true };
    const shunts = new Map([['a', { ...facts.shunts.get('a')!, claim }]]); // it was put there above
    expect(judgeToward('legacy', [shuntMove('a')], { ...facts, shunts })).toMatchObject([
      { kinds: [], leftAlone: expect.stringContaining('somebody-else') },
    ]);
  });
});
