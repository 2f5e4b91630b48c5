import { describe, expect, it } from 'vitest';
import { missingRules, placeOfOwn } from '../../../agent/shunt/legacy-firewall.ts';

const ours = (way: string, legs: string) =>
  `-A FORWARD -m physdev --physdev-${way} ${legs} --physdev-is-bridged -m comment --comment shunt -j ACCEPT`;
const all = ['sha+', 'shb+', 'qvb+'].flatMap((legs) => [ours('in', legs), ours('out', legs)]);

describe('the rules that let frames pass our legs', () => {
  it('are asked for one by one: some may be missing', () => {
    expect(missingRules([])).toHaveLength(all.length);
    expect(missingRules(all)).toEqual([]);
    expect(missingRules(all.slice(1))).toHaveLength(1);
    expect(missingRules(all.map((rule) => rule.replace('shunt', 'other')))).toHaveLength(all.length);
  });

  it.each([
    [1, ['-A FORWARD -j neutron-filter-top', '-A FORWARD -j REJECT']],
    [1, ['-A FORWARD -j nova-compute-FORWARD', '-A FORWARD -i br100 -j ACCEPT']],
    [1, ['-A FORWARD -i docker0 -j ACCEPT', '-A FORWARD -j REJECT --reject-with icmp-host-prohibited']],
    [1, ['-A FORWARD -i docker0 -j DROP']],
  ])('come after %i', (place, rules) => {
    expect(placeOfOwn(rules)).toBe(place);
  });
});
