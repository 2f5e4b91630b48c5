import { afterAll, beforeAll, expect, it } from 'vitest';
import { run, until } from '../../lab/command.ts';
import { downLab } from '../../lab/down.ts';
import { addGuest, removeGuest } from '../../lab/guest/guest-lifecycle.ts';
import { execIn } from '../../lab/netns.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import { type LabState, statusOf } from '../../lab/state.ts';
import { untilAddress } from '../../lab/traffic/duplicate-address.ts';
import { upLab } from '../../lab/up.ts';
import { freshLabName, processesOf, traces } from './fixture/own-lab.ts';

const name = freshLabName();
let lab: LabState;

beforeAll(async () => {
  lab = await upLab({
    name,
    hosts: 2,
    guests: 1,
    networks: 1,
    services: false,
    servicesLegacy: true,
    owner: 'process',
  });
});
afterAll(() => downLab(name));

it('lists DHCP and router of each network, plugged as Neutron plugs them and known to OVN', async () => {
  const { services } = statusOf(lab);
  expect(services.map((s) => [s.name, s.kind, s.netns, s.ips[0]])).toEqual([
    ['dhcp-net1', 'dhcp', `${name}-qdhcp-net1`, '10.100.0.2'],
    ['router-net1', 'router', `${name}-qrouter-net1`, '10.100.0.3'],
  ]);
  for (const { tap, hypervisor, portId, networkId } of services) {
    const [link] = JSON.parse(await run(['ip', '-n', `${name}-${hypervisor}`, '-j', 'link', 'show', tap]));
    expect(link).toMatchObject({ master: `brq${networkId.slice(0, 11)}` });
    const owner = await run([
      ...['ovn-nbctl', `--db=unix:${pathsOf(name).nb}`, '--bare'],
      ...['get', 'Logical_Switch_Port', portId, 'external_ids:neutron\\:device_owner'],
    ]);
    expect(owner).toMatch(/network:(dhcp|router_interface)/);
  }
});

it('gives a new guest its IPv4 address by dnsmasq, its IPv6 address and route by radvd and its own DAD', async () => {
  const guest = await addGuest(name, { hypervisor: 'hv2', addressing: 'dynamic' });
  const addresses = () => execIn(guest.netns, ['ip', '-o', 'address', 'show', 'dev', 'eth0']);
  await until('a lease', async () => ((await addresses()).stdout.includes(`inet ${guest.ip4}/24`) ? true : undefined));
  expect(await untilAddress(guest, guest.ip6)).toBe('unique');
  const { stdout: routes } = await execIn(guest.netns, ['ip', 'route', 'show', 'default']);
  expect(routes).toContain('default via 10.100.0.1');
  const { stdout: routes6 } = await execIn(guest.netns, ['ip', '-6', 'route', 'show', 'default']);
  expect(routes6).toMatch(/^default via fe80::\S+ dev eth0 proto ra/);
  for (const ip of ['10.100.0.1', 'fd00:51:1::a']) {
    expect((await execIn(guest.netns, ['ping', '-n', '-q', '-c', '2', '-i', '0.2', '-W', '1', ip])).exitCode).toBe(0);
  }
  await removeGuest(name, guest.name);
  expect(processesOf(name).filter((p) => p.name === `${guest.name}-dhcp`)).toHaveLength(1);
});

it('leaves nothing behind', async () => {
  const processes = processesOf(name);
  expect(processes.map((p) => p.name)).toEqual(expect.arrayContaining(['dhcp-net1', 'router-net1']));
  await downLab(name);
  expect(traces(name, processes)).toEqual([]);
});
