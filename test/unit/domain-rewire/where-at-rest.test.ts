import { describe, expect, it } from 'vitest';
import { intendedRows } from '../../../domain/rewire/moves.ts';
import type { AttemptMoves } from '../../../domain/rewire/plan-attempt.ts';
import { planMoves } from '../../../domain/rewire/plan-cut.ts';
import { findEnd } from '../../../domain/rewire/where-at-rest.ts';
import { factsOf, type HostModel, target } from './host-model.ts';

const taps = ['tap1', 'tap2'];
const rows = (tap: string, epoch = 7) => [tap, intendedRows(target(tap), epoch)] as const;
const host = (masters: HostModel['masters'], plugs: HostModel['plugs'] = new Map()): HostModel => ({ masters, plugs });
const legacy = host(new Map(taps.map((tap) => [tap, 'brq1'])));
const onTarget = (epoch: number) =>
  host(new Map(taps.map((tap) => [tap, undefined])), new Map(taps.map((tap) => rows(tap, epoch))));
const { moves } = planMoves({ epoch: 7, direction: 'forward', taps: taps.map((tap) => target(tap)) }, factsOf(legacy));
const forward: AttemptMoves = { epoch: 7, direction: 'forward', moves };
const back: AttemptMoves = { epoch: 8, direction: 'back', moves };

describe('where the taps of a stuck attempt are', () => {
  it('is where it began, when all are there', () => {
    expect(findEnd(forward, factsOf(legacy))).toEqual({ kind: 'at-rest', end: 'from' });
    expect(findEnd(back, factsOf(onTarget(7)))).toEqual({ kind: 'at-rest', end: 'from' });
  });

  it('is where it was to lead, when all are there, by whosever hand', () => {
    expect(findEnd(forward, factsOf(onTarget(7)))).toEqual({ kind: 'at-rest', end: 'to' });
    expect(findEnd(back, factsOf(legacy))).toEqual({ kind: 'at-rest', end: 'to' });
  });

  it('is neither while one of them is elsewhere, which is named with its repair', () => {
    const half = host(
      new Map([
        ['tap1', 'brq1'],
        ['tap2', undefined],
      ]),
      new Map([rows('tap2')]),
    );
    expect(findEnd(forward, factsOf(half))).toEqual({
      kind: 'elsewhere',
      taps: ['tap2'],
      repair: ['ovs-vsctl --if-exists del-port br-int tap2 && ip link set tap2 master brq1'],
    });
  });

  it('is neither while nothing leads to one of them', () => {
    const lost = host(
      new Map([
        ['tap1', 'brq1'],
        ['tap2', undefined],
      ]),
    );
    expect(findEnd(forward, factsOf(lost))).toMatchObject({ kind: 'elsewhere', taps: ['tap2'] });
  });

  it('does not ask after taps that are gone', () => {
    expect(findEnd(forward, factsOf(host(new Map([['tap1', 'brq1']]))))).toEqual({ kind: 'at-rest', end: 'from' });
    expect(findEnd(forward, factsOf(host(new Map())))).toEqual({ kind: 'at-rest', end: 'from' });
  });
});
