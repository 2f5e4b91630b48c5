import { describe, expect, it } from 'vitest';
import { legacyPlaceIn } from '../../../domain/rewire/legacy-place.ts';

const bridge = 'brq11111111-11';
const provider = { bridge: 'br-ex', port: 'leg0' };
const placeWith = (...members: readonly string[]) =>
  legacyPlaceIn(bridge, { bridges: [{ bridge, mtu: 1500, uplink: 'leg1', provider, members }] });

describe('a legacy place', () => {
  it('names what else may lead out of the bridge, and neither guests nor our own legs', () => {
    const members = ['eth7', 'leg1', 'sha12345678-12', 'tap22222222-22', 'vnet3', 'vxlan-9'];
    expect(placeWith(...members)).toEqual({ bridge, uplink: 'leg1', provider, besides: ['eth7', 'vxlan-9'] });
  });

  it('says nothing of it where there is one way only', () => {
    expect(placeWith('leg1', 'tap22222222-22')).toEqual({ bridge, uplink: 'leg1', provider });
  });

  it('is the name alone of a bridge that nobody observed', () => {
    expect(legacyPlaceIn(bridge, { bridges: [] })).toEqual({ bridge });
  });
});
