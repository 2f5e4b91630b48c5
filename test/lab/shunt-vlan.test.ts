import { afterAll, beforeAll, expect, it } from 'vitest';
import { addGuest } from '../../lab/guest/guest-lifecycle.ts';
import { requireLabState } from '../../lab/state.ts';
import { Cloud } from './fixture/cloud.ts';
import { graceIsOver } from './fixture/grace.ts';
import { freshLabName } from './fixture/own-lab.ts';
import { CliMover } from './fixture/shunt-mover.ts';
import { objections, outage, walkShunt, walkSteps } from './fixture/shunt-scenario.ts';
import { ShuntWatch } from './fixture/shunt-watch.ts';

const name = freshLabName();
const hosts = ['hv1', 'hv2'];
let cloud: Cloud;

beforeAll(async () => {
  cloud = await Cloud.up({ name, hosts: hosts.length, guests: 2, networks: 2, prometheus: false });
  await addGuest(name, { hypervisor: 'hv2', network: 'net1', egress: false });
});
afterAll(() => cloud?.[Symbol.asyncDispose]());

it('keeps every connection on a VLAN and a flat network alive, held, idle and new, in every state of two hypervisors', async () => {
  const lab = requireLabState(name);
  using mover = new CliMover(cloud.status.coordinator);
  const untilGraceIsOver = async () => {
    await mover.sweep();
    await graceIsOver(name);
  };
  const walk = { mover, hosts, together: false, untilGraceIsOver };
  const looks = walkSteps({ ...walk, watches: {} }).length;
  const on = (network: string) => lab.topology.guests.filter((guest) => guest.network === network);
  await using vlan = await ShuntWatch.start({ lab, guests: on('net1'), looks, hz: 100, bytesPerSecond: 1_000_000 });
  await using flat = await ShuntWatch.start({ lab, guests: on('net2'), looks, hz: 100, bytesPerSecond: 0 });
  const seen = await walkShunt({ ...walk, watches: { vlan, flat } });
  expect(objections(seen, outage)).toEqual([]);
});
