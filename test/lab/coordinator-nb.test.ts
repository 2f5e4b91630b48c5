import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../coordinator/config.ts';
import { NbWriter } from '../../coordinator/nb/nb-writer.ts';
import { probePortName } from '../../domain/inventory/probe-ports.ts';
import type { TapTarget } from '../../domain/network-model.ts';
import { ovsdbTlsFiles } from '../../platform/ovsdb-tls-config.ts';
import { fillNorthbound, North, networkId, overlayId, portIds } from './coordinator/north.ts';
import { Pki } from './ovsdb/pki.ts';
import { OVN_NB_SCHEMA, OvsdbServer } from './ovsdb/server.ts';

let server: OvsdbServer;
beforeEach(async () => {
  server = await OvsdbServer.start(OVN_NB_SCHEMA);
  await fillNorthbound(server.unix);
});
afterEach(() => server[Symbol.asyncDispose]());

describe('reading OVN NB', () => {
  it('gives networks with class, tag, MTU and subnets, and ports with addresses and owner', async () => {
    await using north = new North([server.unix]);
    const { networks, ports } = await north.until((_facts, synced) => synced);
    expect(networks.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      {
        id: networkId,
        name: 'blue',
        class: 'vlan',
        vlan: 107,
        physnet: 'physnet1',
        mtu: 1450,
        subnets: [{ cidr: '10.7.0.0/24', gateway: '10.7.0.1' }],
        servicePorts: ['dhcp-port'],
      },
      { id: overlayId, name: 'green', class: 'overlay', mtu: 1500, subnets: [], servicePorts: [] },
    ]);
    expect(ports.find((port) => port.id === portIds[1])).toEqual({
      id: portIds[1],
      name: 'guest-2',
      networkId,
      mac: 'fa:16:3e:00:00:02',
      ips: ['10.7.0.11'],
      requestedChassis: 'elsewhere',
      deviceId: 'vm-2',
      deviceOwner: 'compute:nova',
      up: false,
      enabled: true,
      type: '',
    });
  });

  it('follows changes, and keeps the last rows while the server is away', async () => {
    await using north = new North([server.unix]);
    await north.until((_facts, synced) => synced);
    nbctl('lsp-del', portIds[0]);
    await north.until(({ ports }) => !ports.some((port) => port.id === portIds[0]));
    await server.kill();
    expect((await north.until((_facts, synced) => !synced)).ports.map((port) => port.id)).toContain(portIds[1]);
    await server.run();
    nbctl('lsp-set-enabled', portIds[1], 'disabled');
    await north.until(({ ports }, synced) => synced && ports.some((port) => port.id === portIds[1] && !port.enabled));
  });

  it('takes the next remote when the first does not answer', async () => {
    await using north = new North([`unix:${server.dir}/nobody.sock`, server.tcp]);
    const { networks } = await north.until((_facts, synced) => synced);
    expect(networks).toHaveLength(2);
  });
});

describe('OVN NB over TLS', () => {
  it('is reached by what the configuration says, the files of which are read at every connect', async () => {
    using pki = new Pki();
    const ca = pki.authority('ca');
    const ours = pki.issue('coordinator', { ca: 'ca' });
    await using secure = await OvsdbServer.start(OVN_NB_SCHEMA, { ca, ...pki.issue('nb', { ca: 'ca' }) });
    await fillNorthbound(secure.unix);
    const env = {
      SHUNT_NB: `ssl:127.0.0.1:1,${secure.ssl}`,
      SHUNT_NB_TLS_CA: ca,
      SHUNT_NB_TLS_CERT: ours.cert,
      SHUNT_NB_TLS_KEY: ours.key,
    };
    const file = pki.path('coordinator.yaml');
    writeFileSync(file, '');
    const { nb, nbTls } = readConfig(file, {}, env).value;
    await using north = new North(nb, ovsdbTlsFiles(nbTls));
    expect((await north.until((_facts, synced) => synced)).networks).toHaveLength(2);
    expect(() => readConfig(file, {}, { SHUNT_NB: secure.ssl })).toThrow(/ca is needed for the remote ssl:/);
  });
});

describe('writing OVN NB', () => {
  const wants = ['hv1', 'hv2'].map((systemId) => ({ systemId, networkId }));
  const taps: readonly TapTarget[] = portIds.map((portId, n) => ({
    tap: `tap${n}`,
    portId,
    networkId,
    mac: `fa:16:3e:00:00:0${n + 1}`,
    ips: [],
    legacyBridge: 'brq',
  }));

  it('fills requested-chassis where it is empty, leaves it where it is set, and makes probe ports with free addresses', async () => {
    await using north = new North([server.unix]);
    await north.until((_facts, synced) => synced);
    const probes = await new NbWriter(north.connection, () => north.facts()).prepare({
      systemId: 'hv1',
      taps,
      probes: wants,
    });
    expect(nbctl('get', 'Logical_Switch_Port', portIds[0], 'options:requested-chassis')).toBe('hv1');
    expect(nbctl('get', 'Logical_Switch_Port', portIds[1], 'options:requested-chassis')).toBe('elsewhere');
    const name = probePortName(networkId, 'hv1');
    const ip = probes[`hv1/${networkId}`]?.ip;
    expect(ip, 'the highest is the DHCP port’s').toBe('10.7.0.253');
    expect(probes[`hv2/${networkId}`]?.ip).toBe('10.7.0.252');
    expect(nbctl('get', 'Logical_Switch_Port', name, 'options:requested-chassis')).toBe('hv1');
    expect(nbctl('get', 'Logical_Switch_Port', name, 'external_ids:shunt\\:probe')).toBe(`${networkId}/hv1`);
    expect(nbctl('get', 'Logical_Switch_Port', name, 'addresses')).toContain(ip);
    expect(nbctl('lsp-list', `neutron-${networkId}`)).toContain(name);
  });

  it('changes nothing the second time, and repairs a probe port that somebody bent', async () => {
    await using north = new North([server.unix]);
    await north.until((_facts, synced) => synced);
    const writer = new NbWriter(north.connection, () => north.facts());
    const first = await writer.prepare({ systemId: 'hv1', taps, probes: wants });
    const before = nbctl('list', 'Logical_Switch_Port');
    expect(await writer.prepare({ systemId: 'hv1', taps, probes: wants })).toEqual(first);
    expect(nbctl('list', 'Logical_Switch_Port')).toBe(before);
    nbctl('lsp-set-options', probePortName(networkId, 'hv1'), 'requested-chassis=hv9');
    await north.until(({ ports }) => ports.some((port) => port.requestedChassis === 'hv9'));
    expect(await writer.prepare({ systemId: 'hv1', taps: [], probes: wants })).toEqual(first);
    expect(nbctl('list', 'Logical_Switch_Port')).toBe(before);
  });

  it('never gives one address to two hypervisors that are prepared at the same moment', async () => {
    await using north = new North([server.unix]);
    await north.until((_facts, synced) => synced);
    const writer = new NbWriter(north.connection, () => north.facts());
    const hosts = Array.from({ length: 12 }, (_, n) => `hv${n}`);
    const made = await Promise.all(
      hosts.map((systemId) => writer.prepare({ systemId, taps: [], probes: [{ systemId, networkId }] })),
    );
    const ips = made.flatMap((probes) => Object.values(probes).map((probe) => probe.ip));
    expect(new Set(ips).size).toBe(hosts.length);
  });

  it('holds when a port is not there any more, and leaves everything as it was', async () => {
    await using north = new North([server.unix]);
    await north.until((_facts, synced) => synced);
    const before = nbctl('list', 'Logical_Switch_Port');
    const gone = { ...taps[0]!, portId: 'gone' }; // two taps above
    const writer = new NbWriter(north.connection, () => north.facts());
    await expect(writer.prepare({ systemId: 'hv1', taps: [taps[0]!, gone], probes: wants })).rejects.toMatchObject({
      code: 'held',
    });
    expect(nbctl('list', 'Logical_Switch_Port')).toBe(before);
  });

  it('sweeps its own probe ports and nothing else', async () => {
    await using north = new North([server.unix]);
    await north.until((_facts, synced) => synced);
    const before = nbctl('lsp-list', `neutron-${networkId}`);
    const writer = new NbWriter(north.connection, () => north.facts());
    await writer.prepare({ systemId: 'hv1', taps: [], probes: wants });
    expect(await writer.sweep()).toBe(2);
    expect(nbctl('lsp-list', `neutron-${networkId}`)).toBe(before);
    expect(await writer.sweep()).toBe(0);
  });

  it('says that NB is away, and writes nothing then', async () => {
    await using north = new North([server.unix]);
    await north.until((_facts, synced) => synced);
    await server.kill();
    await north.until((_facts, synced) => !synced);
    await expect(new NbWriter(north.connection, () => north.facts()).sweep()).rejects.toMatchObject({
      code: 'ovsdb-unavailable',
    });
  });
});

function nbctl(...command: readonly string[]): string {
  const text = execFileSync('ovn-nbctl', [`--db=${server.unix}`, '--timeout=20', ...command], { encoding: 'utf8' });
  return text.trim().replace(/^"(.*)"$/, '$1');
}
