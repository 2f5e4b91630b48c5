import { describe, expect, it } from 'vitest';
import { KeptClaims } from '../../../agent/guard/kept-claims.ts';
import type { OvsPort } from '../../../agent/host/open-vswitch.ts';
import type { Claim } from '../../../agent/journal/claims.ts';
import { intendedRows, type TapMove } from '../../../domain/rewire/moves.ts';
import type { Link } from '../../../platform/native/netlink-links.ts';

const hostMac = 'fe:16:3e:00:00:01';
const target = {
  tap: 'tap1',
  portId: 'p1',
  networkId: 'n',
  mac: 'fa:16:3e:00:00:01',
  ips: [],
  legacyBridge: 'brq1',
};

function claim(over: Partial<TapMove> = {}, epoch = 1): Claim {
  const { legacyBridge, ...about } = target;
  const rows = intendedRows(target, epoch);
  const move = { ...about, hostMac, legacy: { bridge: legacyBridge }, target: { bridge: 'br-int', rows }, ...over };
  return { epoch, bootId: 'boot', place: 'direct', move };
}

function link(over: Partial<Link> = {}): Link {
  return {
    ifindex: 7,
    name: 'tap1',
    mac: hostMac,
    mtu: 1500,
    up: true,
    lowerUp: true,
    operstate: 'up',
    master: 3,
    kind: 'tun',
    slaveKind: 'bridge',
    peerIfindex: undefined,
    peerNetnsId: undefined,
    alias: undefined,
    ...over,
  };
}

function departed(one = claim()): KeptClaims {
  const kept = new KeptClaims();
  kept.take(one);
  kept.depart(one);
  return kept;
}

describe('a claim whose guest is gone', () => {
  it('waits, and is taken again when the guest is plugged anew under the same address', () => {
    const kept = departed();
    expect([kept.all.size, kept.isEmpty]).toEqual([0, false]);
    expect(kept.cameBack('tap1', () => link({ master: undefined }))).toBeUndefined(); // it is not plugged yet
    expect(kept.all.size).toBe(0);
    expect(kept.cameBack('tap1', () => link())).toBeUndefined();
    expect([...kept.all.keys()]).toEqual(['tap1']);
  });

  it('goes by the link as it is, and not by what an event tells of the time before it went', () => {
    const kept = departed();
    kept.cameBack('tap1', () => undefined);
    expect(kept.all.size).toBe(0);
  });

  it('is forgotten, and told of, when another guest is plugged under its name, and not while its address may yet come', () => {
    const stranger = 'fe:16:3e:99:99:99';
    const kept = departed();
    kept.cameBack('tap1', () => link({ mac: stranger, slaveKind: 'openvswitch' })); // by a row of ours
    expect(kept.isEmpty).toBe(false);
    expect(kept.cameBack('tap1', () => link({ mac: stranger }))?.move.tap).toBe('tap1');
    expect(kept.isEmpty).toBe(true);
  });

  it('is forgotten at once where nothing would tell its guest from another', () => {
    const { hostMac: _unknown, ...move } = claim().move;
    const kept = departed({ ...claim(), move });
    expect(kept.isEmpty).toBe(true);
  });

  it('goes on waiting when the same claims are taken anew, and not when a later attempt claims its tap', () => {
    const kept = departed();
    kept.replace(new Map([['tap1', claim()]]));
    expect([kept.all.size, kept.isEmpty]).toEqual([0, false]);
    kept.replace(new Map([['tap1', claim({}, 2)]]));
    expect([...kept.all.values()].map(({ epoch }) => epoch)).toEqual([2]);
    kept.replace(new Map([['tap1', claim({}, 3)]]), () => false); // it is doubted, and not in its place
    expect(kept.isEmpty).toBe(true);
    kept.replace(new Map());
    expect(kept.isEmpty).toBe(true);
  });
});

describe('a guest of ML2/OVS', () => {
  const ovs = { bridge: 'br-int', rows: intendedRows(target, 1) };
  const portIn = (bridge: string, ifaceId = 'p1') =>
    new Map([
      // what is looked at of a port
      [
        'tap1',
        { bridge: { name: bridge }, iface: { external_ids: new Map([['iface-id', ifaceId]]) } } as unknown as OvsPort,
      ],
    ]);

  it.each([
    ['is taken again once it is plugged into the bridge of that', portIn('br-int'), link(), 1],
    ['is not taken under another port', portIn('br-int', 'p2'), link(), 0],
    ['is not taken under another address', portIn('br-int'), link({ mac: 'fe:16:3e:99:99:99' }), 0],
    ['is not taken where OVN has it', portIn('br-ovn'), link(), 0],
    ['is not taken without a port', new Map<string, OvsPort>(), link(), 0],
  ] as const)('%s', (_, ports, seen, taken) => {
    const kept = departed(claim({ legacy: { bridge: 'br-int', ovs } }));
    kept.pluggedAgain(ports, () => seen);
    expect(kept.all.size).toBe(taken);
  });

  it('of Linux bridges is none', () => {
    const kept = departed();
    kept.pluggedAgain(portIn('br-int'), () => link());
    expect(kept.all.size).toBe(0);
  });
});

describe('a claim of before a reboot', () => {
  it('is of this boot once its tap has come', () => {
    const kept = new KeptClaims();
    kept.take({ ...claim(), bootId: 'the boot before' });
    const [before] = kept.all.values();
    if (before === undefined) throw new Error('it was taken');
    expect(kept.cameUp(before, 'boot').bootId).toBe('boot');
    expect(kept.all.get('tap1')?.bootId).toBe('boot');
  });
});
