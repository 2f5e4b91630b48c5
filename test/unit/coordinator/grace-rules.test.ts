import { describe, expect, it } from 'vitest';
import { explainLeft } from '../../../coordinator/grace/explain-left.ts';
import {
  graceGroupName,
  graceKeys,
  graceMs,
  graceRules,
  isExpired,
  readGraceGroup,
} from '../../../coordinator/grace/grace-rules.ts';

const until = Date.UTC(2026, 0, 1);
const row = (ids: Readonly<Record<string, string>>) => ({ name: 'g', external_ids: new Map(Object.entries(ids)) });
const ours = { [graceKeys.owner]: 'grace', [graceKeys.host]: 'hv1', [graceKeys.epoch]: '7' };

it('open connections that were left are told by why', () => {
  const about = { severity: 'warning', host: 'hv1' } as const;
  const left = { ...about, kind: 'connections-left', message: '2 open connections were not copied' } as const;
  expect(explainLeft([left, { ...about, kind: 'link-down', message: 'x' }])).toMatchObject([
    { kind: 'connections-left', message: left.message },
  ]);
  expect(explainLeft(undefined)).toEqual([]);
});

describe('grace rules', () => {
  it('let no SYN through, in either direction', () => {
    expect(graceRules('g').map(({ direction, match }) => [direction, match])).toEqual([
      ['to-lport', 'outport == @g && tcp && tcp.flags == 0/2'],
      ['from-lport', 'inport == @g && tcp && tcp.flags == 0/2'],
    ]);
  });

  it('are named by hypervisor and attempt, in letters that OVN takes', () => {
    const names = ['hv1', 'hv2', 'host.with-marks'].map((host) => graceGroupName(host, 3));
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/);
  });

  it('say when they end by the wall clock; what cannot be read has ended, and what is not ours is not read', () => {
    const group = readGraceGroup(row({ ...ours, [graceKeys.until]: new Date(until).toISOString() }));
    expect(group).toEqual({ name: 'g', systemId: 'hv1', epoch: 7, untilMs: until });
    expect(group && isExpired(group, until - 1)).toBe(false);
    expect(group && isExpired(group, until)).toBe(true);
    const unreadable = readGraceGroup(row({ ...ours, [graceKeys.until]: 'soon' }));
    expect(unreadable && isExpired(unreadable, until)).toBe(true);
    expect(readGraceGroup(row({ 'neutron:security_group_id': 'x' }))).toBeUndefined();
  });

  it('end when the clock was set back far, too', () => {
    const group = { name: 'g', systemId: 'hv1', epoch: 1, untilMs: until };
    expect(isExpired(group, until - graceMs)).toBe(false);
    expect(isExpired(group, until - 3 * graceMs)).toBe(true);
  });
});
