import { describe, expect, it } from 'vitest';
import { judge } from '../../../domain/judge/judge.ts';
import { meaningful } from '../../../domain/judge/legacy-vantage.ts';
import type { ProbeResult } from '../../../domain/probes.ts';
import { type TapPlace, tapPlaces } from '../../../domain/rewire/places.ts';

const base = { tap: 'tap1', portId: 'p1', sent: 4 } as const;
const local: ProbeResult = { ...base, vantage: 'local', answered: 4 };
const silentLegacy: ProbeResult = { ...base, vantage: 'legacy', sent: 25, answered: 0 };
const at = (place: TapPlace, disjoint: boolean) => meaningful([silentLegacy, local], () => ({ place, disjoint }));

describe('the legacy vantage', () => {
  it('means nothing where the legacy leg is gone and the worlds have no wire in common; everywhere else it does', () => {
    expect(tapPlaces.filter((place) => at(place, true).length === 1)).toEqual(['hybrid', 'direct']);
    expect(tapPlaces.filter((place) => at(place, false).length === 1)).toEqual([]);
    expect(meaningful([silentLegacy], () => undefined)).toEqual([silentLegacy]);
  });

  it('does not fail a finished overlay, whose guests answer on the side that is left', () => {
    expect(judge([local], [silentLegacy, local]).kind, 'judged by the baseline of the other vantage').toBe('fail');
    expect(judge([local], at('hybrid', true)).kind).toBe('pass');
  });
});
