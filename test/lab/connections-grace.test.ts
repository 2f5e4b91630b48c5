import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { GraceKeeper } from '../../coordinator/grace/grace-keeper.ts';
import { graceMs } from '../../coordinator/grace/grace-rules.ts';
import { sweepGrace } from '../../coordinator/grace/sweep-command.ts';
import { run } from '../../lab/command.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import type { LabGuest, LabNetwork, Topology } from '../../lab/topology.ts';
import { startTraffic, type TrafficSession } from '../../lab/traffic/traffic.ts';
import { createLogger } from '../../platform/log.ts';
import { inNetns } from '../../platform/native/netns.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import { tcpFlags, tcpSegment } from '../../platform/segments.ts';
import { cutByHand, nbctl } from './connections/cut-by-hand.ts';
import { Talker } from './connections/talkers.ts';
import { North } from './coordinator/north.ts';
import { type OwnLab, ownLab } from './fixture/own-lab.ts';

const open = new AsyncDisposableStack();
const heardMs = 1_500;
const closedPort = 9_999;
const logger = createLogger({ name: 'grace', level: 'fatal' });
let lab: OwnLab;
let topology: Topology;
let guest: LabGuest;
let network: LabNetwork;
let traffic: TrafficSession;
let talker: Talker;
let north: North;
let wallMs = Date.now();

beforeAll(async () => {
  lab = open.use(await ownLab({ hosts: 1, guests: 1, networks: 1 }));
  ({ topology } = lab.lab);
  [guest] = topology.guests as [LabGuest]; // one guest was asked for
  [network] = topology.networks as [LabNetwork]; // and one network
  const idle = (id: string) => ({ kind: 'idle', id, from: guest.name, to: 'ext' }) as const;
  traffic = open.use(await startTraffic(lab.name, [idle('before'), idle('during'), idle('after')]));
  talker = open.use(new Talker(network.ext.netns));
  north = open.use(new North([`unix:${pathsOf(lab.name).nb}`]));
  await north.until((_facts, synced) => synced);
  await cutByHand(topology, [guest]);
  const listener = open.use(new Talker(guest.netns));
  await listener.tell({ op: 'listen', local: guest.ip4, port: closedPort });
  // Open vSwitch 3.1's own datapath dies of a SYN on a tuple that a RST has closed (docs/facts.md): the guest says none.
  const rst = ['--tcp-flags', 'RST', 'RST', '--sport', String(closedPort), '-j', 'DROP'];
  await run(['ip', 'netns', 'exec', guest.netns, 'iptables', '-A', 'OUTPUT', '-p', 'tcp', ...rst]);
});
afterAll(() => open.disposeAsync());

function keeper(): GraceKeeper {
  return new GraceKeeper(north.connection, { logger, wallMs: () => wallMs });
}

/** A segment of no connection, and then a connection on the same addresses and ports. */
async function ackThenSyn(localPort: number): Promise<unknown> {
  const ext = network.ext;
  using socket = inNetns(ext.netns, () => PacketSocket.open({ interface: 'eth0' }));
  const ends = { sourceMac: ext.mac, destinationMac: guest.mac, sourceIp: ext.ip4, destinationIp: guest.ip4 };
  const numbers = { sequence: 1_000, acknowledgment: 2_000, flags: tcpFlags.ack, window: 500 };
  for (let sent = 0; sent < 3; sent += 1)
    socket.send(tcpSegment({ ...ends, ...numbers, sourcePort: localPort, destinationPort: closedPort }));
  return talker.tell({ op: 'connect', local: ext.ip4, remote: guest.ip4, port: closedPort, localPort });
}

/** SSH is let in by the group, and nobody listens. */
const ssh = (): Promise<unknown> =>
  talker.tell({ op: 'connect', local: network.ext.ip4, remote: guest.ip4, port: 22, withinMs: 8_000 });

it('lets an open connection through that was not copied, and nothing new, for as long as it is granted', async () => {
  const first = keeper();
  expect(await ssh()).toBe('refused');
  expect(await traffic.speak('before', heardMs)).toBe(false);
  expect(await ackThenSyn(7_001)).toBe('silent');

  await first.grant({ systemId: 'hv1', epoch: 3, portIds: [guest.portId, 'not-there'] });
  await nbctl(topology, 'sync');
  await expect.poll(() => first.groups()).toMatchObject([{ systemId: 'hv1', epoch: 3, untilMs: wallMs + graceMs }]);
  expect(first.explain('hv1')).toMatchObject([{ kind: 'grace', message: expect.stringContaining('another 120 s') }]);
  expect(first.explain('hv2')).toEqual([]);
  expect(await traffic.speak('during', heardMs)).toBe(true);
  expect(await ssh()).toBe('refused');
  expect(await ackThenSyn(7_002)).toBe('silent');

  await first.grant({ systemId: 'hv1', epoch: 3, portIds: [guest.portId] });
  expect(first.groups()).toHaveLength(1);
  await first[Symbol.asyncDispose](); // as when the coordinator dies: the rules stand

  wallMs += graceMs + 1_000;
  await using second = keeper();
  await expect.poll(() => second.groups(), { timeout: 10_000 }).toEqual([]);
  await nbctl(topology, 'sync');
  const left = await run([
    'ovn-nbctl',
    `--db=unix:${pathsOf(lab.name).nb}`,
    '--bare',
    '--columns=match',
    'list',
    'ACL',
  ]);
  expect(left).not.toContain('shunt_grace');
  expect(await traffic.speak('after', heardMs)).toBe(false);
});

it('is swept by hand, and leaves every other group alone', async () => {
  await using own = keeper();
  const groups = () =>
    run(['ovn-nbctl', `--db=unix:${pathsOf(lab.name).nb}`, '--bare', '--columns=name', 'list', 'Port_Group']);
  const before = await groups();
  await own.grant({ systemId: 'hv1', epoch: 4, portIds: [guest.portId] });
  await expect.poll(() => own.groups()).toHaveLength(1);
  expect(await own.sweep('expired')).toBe(0);
  expect(await own.sweep('all')).toBe(1);
  await expect.poll(groups).toBe(before);
});

it('is ended by a sweep that needs no coordinator, and only when its time is over', async () => {
  const dying = keeper();
  wallMs = Date.now();
  await dying.grant({ systemId: 'hv1', epoch: 5, portIds: [guest.portId] });
  await expect.poll(() => dying.groups()).toHaveLength(1);
  await dying[Symbol.asyncDispose]();
  const what = { nb: [`unix:${pathsOf(lab.name).nb}`], logger };
  expect(await sweepGrace({ ...what, all: false })).toBe(0);
  wallMs = Date.now() - 2 * graceMs;
  const late = keeper();
  await late.grant({ systemId: 'hv1', epoch: 5, portIds: [guest.portId] }); // as if it had been granted long ago
  await late[Symbol.asyncDispose]();
  expect(await sweepGrace({ ...what, all: false })).toBe(1);
  expect(await sweepGrace({ ...what, all: true })).toBe(0);
});

it('is made anew when somebody removes it in the moment in which it is prolonged', async () => {
  const nb = ['--no-leader-only', `--db=unix:${pathsOf(lab.name).nb}`];
  let removed = '';
  await using own = new GraceKeeper(north.connection, {
    logger,
    wallMs: () => {
      const [group] = own.groups();
      // Our thread stands still until it is gone: nobody has told us when we write.
      if (group === undefined || removed !== '') return Date.now();
      removed = group.name;
      execFileSync('ovn-nbctl', [...nb, 'pg-del', removed]);
      return Date.now();
    },
  });
  const want = { systemId: 'hv1', epoch: 6, portIds: [guest.portId] };
  await own.grant(want);
  await expect.poll(() => own.groups()).toHaveLength(1);
  await own.grant(want);
  expect(removed).not.toBe('');
  expect(await run(['ovn-nbctl', ...nb, '--bare', '--columns=name', 'list', 'Port_Group'])).toContain(removed);
  await own.sweep('all');
});
