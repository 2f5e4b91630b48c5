import { describe, expect, it } from 'vitest';
import type { OvsPort } from '../../../agent/host/open-vswitch.ts';
import { observeShunts } from '../../../agent/observe/shunt-plugs.ts';
import type { Link } from '../../../platform/native/netlink-links.ts';

const portId = '01234567-89ab';
const suffix = portId.slice(0, 11);

function link(ifindex: number, name: string, master?: number, flood?: boolean): Link {
  const base = { mtu: 1500, up: true, lowerUp: true, operstate: 'up', kind: 'veth', slaveKind: undefined } as const;
  const none = { peerIfindex: undefined, peerNetnsId: undefined, alias: undefined };
  const flags = flood === undefined ? {} : { bridgePort: { flood } };
  return { ifindex, name, mac: 'fe:00:00:00:00:01', master, ...base, ...none, ...flags };
}

function claimed(owner: string): ReadonlyMap<string, OvsPort> {
  const name = `qvo${suffix}`;
  const ids = new Map([
    ['iface-id', portId],
    ['ovn-installed', 'true'],
  ]);
  const marks = new Map([
    ['shunt-owner', owner],
    ['shunt-legacy-bridge', 'brq1'],
  ]);
  const port = {
    bridge: { name: 'br-int' },
    port: { name, external_ids: marks },
    iface: { ofport: 5, external_ids: ids },
  };
  return new Map([[name, port as unknown as OvsPort]]); // as much of the rows as is read
}

function links(active: 'legacy' | 'target' | 'none', withLeg = true): readonly Link[] {
  const leg = withLeg ? [link(3, `sha${suffix}`, 1, true), link(4, `shb${suffix}`, 2, active === 'legacy')] : [];
  return [
    link(1, 'brq1'),
    link(2, `qbr${suffix}`),
    ...leg,
    link(5, `qvo${suffix}`),
    link(6, `qvb${suffix}`, 2, active === 'target'),
    link(7, 'tap1', 2, true),
  ];
}

function seen(found: readonly Link[], ports: ReadonlyMap<string, OvsPort> = claimed('agent')) {
  return observeShunts({ systemId: 'hv1', integrationBridge: 'br-int', links: found, ports });
}

describe('a shunt that is observed', () => {
  it.each([
    ['staged', links('legacy')],
    ['shunted', links('target')],
    ['hybrid', links('target', false)],
  ] as const)('is %s by the leg that its bridge floods to', (place, found) => {
    const { plugs, findings } = seen(found);
    expect(plugs.get('tap1')).toEqual({
      kind: 'shunt',
      place,
      bridge: `qbr${suffix}`,
      legacyBridge: 'brq1',
      ifaceId: portId,
      ofport: 5,
      installed: true,
    });
    expect(findings).toEqual([]);
  });

  it('has links that are never taken for taps', () => {
    const own = ['qbr', 'qvb', 'qvo', 'sha', 'shb'].map((prefix) => `${prefix}${suffix}`);
    expect([...seen(links('legacy')).own].toSorted()).toEqual(own);
  });

  it('is told of when it is half-made, and its tap is where its guest is reached', () => {
    const { plugs, findings } = seen(links('legacy'), new Map());
    expect(plugs.get('tap1')).toEqual({ kind: 'legacy', bridge: 'brq1' });
    expect(findings).toMatchObject([{ kind: 'shunt-half-made', tap: 'tap1' }]);
    const empty = links('none').filter((found) => found.name !== 'tap1');
    expect(seen(empty, new Map()).findings).toMatchObject([{ kind: 'shunt-half-made' }]);
  });

  it('is not a hybrid plug of somebody else', () => {
    expect(seen(links('target', false), claimed('nova')).plugs.size).toBe(0);
  });
});
