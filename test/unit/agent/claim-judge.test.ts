import { describe, expect, it } from 'vitest';
import { ClaimJudge } from '../../../agent/guard/claim-judge.ts';
import type { Host } from '../../../agent/host/host.ts';
import type { OvsPort } from '../../../agent/host/open-vswitch.ts';
import type { Claim } from '../../../agent/journal/claims.ts';
import { intendedRows } from '../../../domain/rewire/moves.ts';
import type { Link } from '../../../platform/native/netlink-links.ts';

const target = {
  tap: 'tap1',
  portId: 'p1',
  networkId: 'n',
  mac: 'fa:16:3e:00:00:01',
  ips: [],
  legacyBridge: 'brq1',
};
const rows = intendedRows(target, 1);
const claim: Claim = {
  epoch: 1,
  bootId: 'boot',
  place: 'direct',
  move: { ...target, legacy: { bridge: 'brq1' }, target: { bridge: 'br-int', rows } },
};

// What is looked at of a port, a link and a host.
const port = {
  bridge: { name: 'br-int' },
  port: {
    _uuid: 'p',
    name: 'tap1',
    external_ids: new Map(Object.entries(rows.port.external_ids)),
    other_config: new Map(),
  },
  iface: { _uuid: 'i', external_ids: new Map(Object.entries(rows.iface.external_ids)), other_config: new Map() },
} as unknown as OvsPort;
const link = (over: Partial<Link>): Link => ({ name: 'tap1', ifindex: 7, mac: 'fe:16:3e:00:00:01', ...over }) as Link;
const ports = new Map([['tap1', port]]);
const host = {
  ovs: { ports: () => ports },
  netlink: { link: () => undefined },
} as unknown as Host;

describe('a tap that the guard looks after', () => {
  it('is in its place, until its device is removed under its port: then that has to be made anew, and no other', () => {
    const judge = new ClaimJudge(host, 'boot');
    const kind = () => judge.judge(claim, { link: link({}), port }).kind;
    expect(kind()).toBe('in-place');
    const other: Claim = { ...claim, move: { ...claim.move, tap: 'tap2' } };
    judge.deviceRemoved('tap2'); // has no port
    expect([kind(), judge.isStale(other)]).toEqual(['in-place', false]);
    judge.deviceRemoved('tap1');
    expect([kind(), judge.isStale(claim)]).toEqual(['away', true]);
    ports.set('tap1', { ...port, port: { ...port.port, _uuid: 'another' } });
    expect(judge.isStale(claim)).toBe(false);
  });

  it('of ML2/OVS or MidoNet keeps the port that Nova made', () => {
    const judge = new ClaimJudge(host, 'boot');
    judge.deviceRemoved('tap1');
    const own = { bridge: 'br-int', ovs: { bridge: 'br-int', rows } };
    for (const legacy of [own, { bridge: 'midonet', midonet: true } as const])
      expect(judge.isStale({ ...claim, move: { ...claim.move, legacy } })).toBe(false);
  });
});
