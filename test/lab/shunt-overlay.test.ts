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
const hosts = ['hv1', 'hv2', 'hv3'];
let cloud: Cloud;

beforeAll(async () => {
  cloud = await Cloud.up({ name, hosts: hosts.length, guests: 1, networks: 0, overlays: 1, prometheus: false });
  await addGuest(name, { hypervisor: 'hv2', network: 'net1', egress: false });
});
afterAll(() => cloud?.[Symbol.asyncDispose]());

it('keeps every connection on an overlay alive while all are staged, flipped at once, mixed, and finished', async () => {
  const lab = requireLabState(name);
  using mover = new CliMover(cloud.status.coordinator);
  const untilGraceIsOver = async () => {
    await mover.sweep();
    await graceIsOver(name);
  };
  const walk = { mover, hosts, together: true, untilGraceIsOver };
  const looks = walkSteps({ ...walk, watches: {} }).length;
  const { guests } = lab.topology;
  await using overlay = await ShuntWatch.start({ lab, guests, looks, hz: 100, bytesPerSecond: 1_000_000 });
  const seen = await walkShunt({ ...walk, watches: { overlay } });
  expect(objections(seen, outage)).toEqual([]);
});
