import { describe, expect, it } from 'vitest';
import { removalOf } from '../../../agent/guard/second-uplinks.ts';

describe('a second uplink in a legacy bridge', () => {
  it.each([
    ['a NIC', undefined, false, 'no-master'],
    ['a veth into Open vSwitch', 'veth', true, 'no-master'],
    ['a VLAN on a NIC of its own', 'vlan', false, 'no-master'],
    ['a VLAN on a NIC of Open vSwitch, whose frames it would go on taking', 'vlan', true, 'delete-link'],
  ] as const)('%s is taken out', (_what, kind, onSwitch, operation) => {
    expect(removalOf({ ifindex: 7, kind }, onSwitch)).toEqual({ kind: operation, link: 7 });
  });
});
