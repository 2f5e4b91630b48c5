import { describe, expect, it } from 'vitest';
import { ownTags } from '../../../agent/shunt/provider-side.ts';
import { ShuntPlane } from '../../../agent/shunt/shunt-plane.ts';

describe('a host without libnftables', () => {
  const plane = () => new ShuntPlane('/nonexistent', 'libnftables-not-installed.so.1');

  it('has a plane all the same: an agent starts there, and cuts direct', async () => {
    using ours = plane();
    expect(await ours.askSwitch('version', [], AbortSignal.timeout(1_000))).toBe(false);
  });

  it('refuses shunts by the name of the package, before anything is touched', () => {
    using ours = plane();
    const refusal = { code: 'native-failed', message: expect.stringContaining('package libnftables1') };
    expect(() => ours.check()).toThrow(expect.objectContaining(refusal));
    expect(() => ours.gate([])).toThrow(expect.objectContaining(refusal));
  });
});

it('finds the VLANs in which a provider bridge has learnt a guest that tags frames itself', () => {
  const shown = [
    ' port  VLAN  MAC                Age',
    '    2     7  52:54:00:00:00:01    3',
    '    2     0  52:54:00:00:00:01  static',
  ];
  expect(ownTags([...shown, '    1     8  52:54:00:00:00:02   1'].join('\n'), ['52:54:00:00:00:01'])).toEqual([
    ['7', '52:54:00:00:00:01'],
  ]);
});
