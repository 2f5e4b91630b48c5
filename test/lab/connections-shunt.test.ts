import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { donePhaseOf } from '../../domain/attempt/operation-phases.ts';
import type { CutGrant } from '../../domain/orders.ts';
import { run } from '../../lab/command.ts';
import { addGuest } from '../../lab/guest/guest-lifecycle.ts';
import { inNetns } from '../../lab/netns.ts';
import { hypervisorDir } from '../../lab/run-dir.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { AgentHost } from './agent/agent-host.ts';
import { HeldConnections } from './connections/held-connections.ts';

type Asked = Pick<CutGrant, 'operation' | 'direction'>;

const forward = { direction: 'forward' } as const;
/** Of the question that is asked once and whose answer may come after the flip. */
const echoId = 4_242;
const open = new AsyncDisposableStack();
const held = open.use(new HeldConnections());
let host: AgentHost;
let guests: readonly LabGuest[];
let first: LabGuest;
let second: LabGuest;
/** Its group has no egress rule: it may only answer. */
let answering: LabGuest;
let far: LabGuest;
let epoch = 0;

/** No coordinator, and so no grace rules: what lives, lives by what was copied. */
beforeAll(async () => {
  host = open.use(await AgentHost.up({ guests: 2, networks: 1 }));
  answering = await addGuest(host.name, { hypervisor: 'hv1', network: 'net1', egress: false });
  [first, second] = host.guests as [LabGuest, LabGuest]; // two were asked for
  far = host.lab.topology.guests.find((guest) => guest.hypervisor === 'hv2')!; // of two there
  guests = [first, second, answering];
  await held.listen([...guests, far, wire()]);
  for (const set of ['staged', 'flipped', 'flipped back', 'flipped again', 'finished', 'collapsed', 'back'])
    await holdOneOfEach(set);
});
afterAll(() => open.disposeAsync());

function network() {
  return host.lab.topology.networks[0]!; // one was asked for
}

/** Beside the cloud, in no group: nothing that it begins is let in but SSH. */
function wire() {
  return { ...network().ext, name: 'wire' };
}

/** A connection of each kind that is not spoken on before the set's turn comes. */
async function holdOneOfEach(set: string): Promise<void> {
  await held.open(`${set}, far side first`, first, wire());
  await held.open(`${set}, guest first that may only answer`, far, answering);
  await held.open(`${set}, two guests of one host`, second, answering);
  await held.open(`${set}, half closed by the guest`, first, wire(), true);
  await held.open(`${set}, half closed by the far side`, far, answering, true);
}

async function operate(asked: Asked): Promise<void> {
  epoch += 1;
  const taps = host.taps(guests).map((tap) => ({ ...tap, method: 'shunt' as const }));
  const grant = { ...asked, method: 'shunt', taps, deadlineMs: 60_000 } as const;
  expect(await host.prepare(epoch, grant)).toMatchObject({ kind: 'accepted' });
  expect(await host.cut(epoch, grant)).toMatchObject({ kind: 'accepted' });
  await host.phase(epoch, 'committing');
  await host.commit(epoch);
  await host.phase(epoch, donePhaseOf({ ...asked, method: 'shunt' }));
}

const unheard = (set: string) => held.unheard((name) => name.startsWith(`${set},`));

/** What the group lets in is let in, and nothing else, also not to a port that has open connections. */
async function filtersAsBefore(): Promise<unknown> {
  const ask = (port: number) =>
    held
      .talker(wire())
      .tell({ op: 'connect', local: network().ext.ip4, remote: first.ip4, port, ...(port === 22 ? patient : {}) });
  return { ssh: await ask(22), listening: await ask(5_000), closed: await ask(9_999) };
}
const patient = { withinMs: 8_000 };
const asBefore = { ssh: 'refused', listening: 'silent', closed: 'silent' };

/** Connections that OVN's zone of a guest knows, as Open vSwitch prints them. */
async function knownToOvn(guest: LabGuest): Promise<string> {
  const dir = hypervisorDir(host.name, 'hv1');
  const zone = JSON.parse(
    await host.vsctl('get', 'Bridge', 'br-int', `external_ids:ct-zone-${guest.portId}`),
  ) as string; // a string in quotes
  const pid = (await run(['cat', join(dir, 'ovs-vswitchd.pid')])).trim();
  const appctl = ['ovs-appctl', '-t', join(dir, `ovs-vswitchd.${pid}.ctl`)];
  return host.inHost(...appctl, 'dpctl/dump-conntrack', `zone=${zone}`);
}

/** A guest's firewall of its own: its TCP does not answer what our question names. */
function mute(how: '-A' | '-D', guest: LabGuest, remotePort: number): Promise<string> {
  const rule = ['-p', 'tcp', '--sport', '5000', '--dport', String(remotePort), '-j', 'DROP'];
  return run(inNetns(guest.netns, ['iptables', how, 'OUTPUT', ...rule]));
}

const left = () => host.inventory?.findings.filter(({ kind }) => kind === 'connections-left') ?? [];

it('entering a shunt changes nothing for open connections', async () => {
  await operate({ operation: 'stage', ...forward });
  expect(await unheard('staged')).toEqual([]);
});

it('what was idle lives after the flip: far side first, guest first without egress, half closed, on one host', async () => {
  await run(inNetns(first.netns, ['ping', '-c', '1', '-W', '2', '-e', String(echoId), far.ip4]));
  await operate({ operation: 'cut', ...forward });
  expect(await knownToOvn(first)).toMatch(new RegExp(`icmp,orig=\\(src=${first.ip4},dst=${far.ip4},id=${echoId},`));
  expect(await unheard('flipped')).toEqual([]);
  expect(await filtersAsBefore()).toEqual(asBefore);
  expect(left()).toEqual([]);
});

it('what was idle all the time, and what began while flipped, lives after the flip back', async () => {
  await held.open('began, far side first', first, wire());
  await held.open('began, guest first that may only answer', far, answering);
  await held.open('began, two guests of one host', second, answering);
  await operate({ operation: 'cut', direction: 'back' });
  expect(await unheard('flipped back')).toEqual([]);
  expect(await unheard('began')).toEqual([]);
  expect(await filtersAsBefore()).toEqual(asBefore);
});

it('flipped again, all lives but what cannot be copied, and that is told', async () => {
  const silent = await held.open('silent, guest first that may only answer', far, answering);
  await mute('-A', answering, silent);
  await operate({ operation: 'cut', ...forward });
  expect(await unheard('flipped again')).toEqual([]);
  await host.until('a finding of what was left', () => left()[0]);
  expect(left()).toMatchObject([{ severity: 'warning', message: expect.stringMatching(/^1 open connections/) }]);
  expect(host.log).toContain('1 left out (silent)');
  await mute('-D', answering, silent);
  expect(await held.unheard((name) => name.startsWith('silent,'), 1_500)).toHaveLength(1);
});

it('all lives when the legacy leg is gone, each spoken on again', async () => {
  await operate({ operation: 'finish', ...forward });
  await host.until('the finding to be over', () => (left().length === 0 ? true : undefined));
  expect(await held.unheard((name) => !/^(silent|collapsed|back),/.test(name))).toEqual([]);
  expect(await filtersAsBefore()).toEqual(asBefore);
});

it('all lives when the tap is collapsed, and what began there lives all the way back', async () => {
  await operate({ operation: 'collapse', ...forward });
  expect(await unheard('collapsed')).toEqual([]);
  await held.open('late, far side first', first, wire());
  await held.open('late, guest first that may only answer', far, answering);
  for (const operation of ['collapse', 'finish', 'cut'] as const) await operate({ operation, direction: 'back' });
  expect(await unheard('late')).toEqual([]);
  expect(await unheard('back')).toEqual([]);
  expect(await filtersAsBefore()).toEqual(asBefore);
});
