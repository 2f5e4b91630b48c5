import { describe, expect, it } from 'vitest';
import { masterName, midonetPlugOf } from '../../../agent/sources/midonet.ts';
import { MidonetControl } from '../../../agent/sources/midonet-control.ts';
import type { Link } from '../../../platform/native/netlink-links.ts';

function link(ifindex: number, name: string, more: Partial<Link> = {}): Link {
  const nothing = { slaveKind: undefined, peerIfindex: undefined, peerNetnsId: undefined, alias: undefined };
  const plain = { mac: `fe:00:00:00:00:0${ifindex}`, mtu: 1500, up: true, lowerUp: true, operstate: 'up' } as const;
  return { ifindex, name, kind: 'tun', master: undefined, ...plain, ...nothing, ...more };
}

const datapath = link(1, 'midonet', { kind: 'openvswitch' });
const own = link(2, 'ovs-system', { kind: 'openvswitch' });
const tap = link(3, 'tap11111111-11', { master: 1, slaveKind: 'openvswitch' });

describe("a tap in MidoNet's datapath", () => {
  const plug = (one: Link) => midonetPlugOf(one, [datapath, own, one], 'midonet');

  it('is told from one in the datapath of vswitchd by the device that is its master', () => {
    expect(plug(tap)).toEqual({ kind: 'legacy', bridge: 'midonet', source: 'midonet' });
    expect(plug({ ...tap, master: 2 })).toBeUndefined();
    expect(plug({ ...tap, master: undefined, slaveKind: undefined })).toBeUndefined();
    expect(plug({ ...tap, name: 'tnvxlan-overlay' })).toBeUndefined();
  });

  it('has that device as master, where one of vswitchd has none', () => {
    const nameOf = (ifindex: number) => [datapath, own].find((one) => one.ifindex === ifindex)?.name;
    expect(masterName(tap, nameOf)).toBe('midonet');
    expect(masterName({ ...tap, master: 2 }, nameOf)).toBeUndefined();
  });
});

describe('mm-ctl', () => {
  const control = (mmCtl: string) => new MidonetControl({ mmCtl, datapath: 'midonet' });

  it('has to be there before anything is touched that only it could bring back', () => {
    expect(() => control('/nowhere/mm-ctl').check()).toThrow(/midonet.mmCtl/);
    expect(() => control('no-such-program').check()).toThrow(/midonet.mmCtl/);
    expect(() => control('sh').check()).not.toThrow();
  });

  it('is called with port and tap; what it says goes into the failure', async () => {
    const { signal } = new AbortController();
    await control('true').bind('port', 'tap', signal);
    await expect(control('false').unbind('port', signal)).rejects.toMatchObject({ code: 'child-failed' });
  });

  it('is called for a few ports at once, and for each in the end', async () => {
    const { signal } = new AbortController();
    const one = control('true');
    await Promise.all(Array.from({ length: 30 }, (_, n) => one.bind(`port${n}`, 'tap', signal)));
  });
});
