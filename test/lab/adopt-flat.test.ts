import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryRun } from '../../lab/command.ts';
import { inNetns } from '../../lab/netns.ts';
import { startPinger } from '../../lab/pinger.ts';
import { hypervisorDir } from '../../lab/run-dir.ts';
import type { LabNetwork } from '../../lab/topology.ts';
import { AgentHost } from './agent/agent-host.ts';
import { breakSettings, inOwnMounts } from './agent/broken-settings.ts';

const main = join(import.meta.dirname, '../../agent/main.ts');
const nic = 'eth2';

describe('a NIC in a Linux bridge that Open vSwitch does not know', () => {
  let host: AgentHost;
  let network: LabNetwork;
  let before: readonly string[];
  beforeAll(async () => {
    host = await AgentHost.up({ uplinks: 'nic', networks: 1, guests: 2 });
    [network] = host.lab.topology.networks as [LabNetwork]; // one was asked for
    before = await uplinks(host);
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  it('is only planned without --apply, and refused with reasons', async () => {
    const plan = await adopt(host, '--nic', nic);
    expect(plan).toMatchObject({
      status: 0,
      result: { kind: 'plan', adoption: { moves: [{ bridge: network.bridge }] } },
    });
    expect(await adopt(host, '--nic', 'eth0')).toMatchObject({
      status: 4,
      result: { refusals: expect.arrayContaining([expect.objectContaining({ kind: 'own-address', about: 'eth0' })]) },
    });
    expect(await uplinks(host)).toEqual(before);
  });

  it('goes back at once when whoever answered from beyond the wire is silent afterwards', async () => {
    const bridge = `unix:${join(hypervisorDir(host.name, 'hv1'), 'br-ex.mgmt')}`;
    await host.inHost('ovs-ofctl', 'add-flow', bridge, 'cookie=0x1, priority=65535, actions=drop');
    const { status, result } = await adopt(host, ...asked(network), '--apply');
    await host.inHost('ovs-ofctl', 'del-flows', bridge, 'cookie=0x1/-1');
    expect(result, JSON.stringify(result)).toMatchObject({ kind: 'went-back' });
    expect(status).toBe(3);
    expect(await uplinks(host)).toEqual(before);
    expect(await host.allAnswer()).toBe(true);
  });

  it('is brought under the provider bridge while guests are asked, on trial, and stays when that is confirmed', async () => {
    await using pinger = startPinger({
      netns: network.ext.netns,
      targets: host.guests.map(({ name, ip4 }) => ({ id: name, ip: ip4, hz: 100 })),
    });
    await pinger.ready;
    const adopted = await adopt(host, ...asked(network), '--apply');
    expect(adopted).toMatchObject({ status: 0, result: { kind: 'adopted', gaps: [{ bridge: network.bridge }] } });
    const report = await pinger.stop();
    expect(report.targets.map(({ lost, sent }) => lost < sent / 2)).toEqual(host.guests.map(() => true));
    const trial = () => host.inventory?.findings.find(({ message }) => message.includes('on trial'));
    expect(await host.until('the trial to hold the host', trial)).toMatchObject({
      kind: 'no-provider-leg',
      severity: 'error',
    });
    expect(await adopt(host, '--confirm')).toMatchObject({ status: 0, result: { kind: 'confirmed' } });
    await host.until('the trial to end', () => (trial() === undefined ? true : undefined));
    expect(host.inventory?.bridges).toMatchObject([{ bridge: network.bridge, provider: { bridge: 'br-ex' } }]);
    expect(await host.allAnswer()).toBe(true);
  });

  it('serves a cut then, and is not taken from guests that OVN has', async () => {
    expect(await host.prepare(1)).toMatchObject({ kind: 'accepted' });
    await host.cut(1);
    await host.phase(1, 'committing');
    await host.commit(1);
    await host.phase(1, 'committed');
    expect(await host.allAnswer()).toBe(true);
    expect(await adopt(host, '--back')).toMatchObject({
      status: 4,
      result: { refusals: [{ kind: 'guests-on-target' }] },
    });
    expect(await host.prepare(2, { direction: 'back' })).toMatchObject({ kind: 'accepted' });
    await host.cut(2, { direction: 'back' });
    await host.phase(2, 'committing');
    await host.commit(2);
    await host.phase(2, 'committed');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
  });

  it('is given back just as it was', async () => {
    expect(await adopt(host, '--back')).toMatchObject({ status: 0, result: { kind: 'back' } });
    expect(await uplinks(host)).toEqual(before);
    expect(await host.allAnswer()).toBe(true);
    expect(await adopt(host, '--back')).toMatchObject({ status: 0, result: { kind: 'nothing-to-do' } });
  });

  it('comes back by the dead man when the adoption is killed half-way, and agent.yaml broken', async () => {
    const [file = '', ...args] = inOwnMounts(argv(host, ...asked(network), '--apply', '--confirm-within', '6').flat());
    const child = spawn(file, args, { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    for (;;) {
      if ((await uplinks(host)).some((line) => line.startsWith('shu') && line.includes(network.bridge))) break;
      if (child.exitCode !== null) throw new Error('the adoption ended before it could be killed');
    }
    await breakSettings(child.pid ?? 0);
    child.kill('SIGKILL');
    await ended;
    expect(await uplinks(host)).not.toEqual(before);
    const isBack = async () => JSON.stringify(await uplinks(host)) === JSON.stringify(before);
    for (const endMs = performance.now() + 30_000; !(await isBack()); )
      if (performance.now() > endMs) throw new Error(`not back: ${(await uplinks(host)).join('\n')}`);
    expect(await host.allAnswer()).toBe(true);
  });

  it('is taken back by the boot after a power cut, when it was on trial, whomever OVN had on this host before', async () => {
    const guest = ['set', 'Interface', 'before', 'external_ids:iface-id=before'];
    await host.vsctl('--no-wait', 'add-port', 'br-int', 'before', '--', ...guest);
    expect(await adopt(host, ...asked(network), '--apply', '--confirm-within', '600')).toMatchObject({ status: 0 });
    await host.kill('SIGKILL');
    // In this boot it is the dead man's, and no business of whoever settles.
    expect((await host.command('settle')).stdout).toContain('nothing was open');
    const settled = await afterBoot(host, 'settle');
    expect(settled, JSON.stringify(settled)).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('taken back'),
    });
    expect(await uplinks(host)).toEqual(before);
    await host.vsctl('--no-wait', 'del-port', 'br-int', 'before');
    await host.start();
    expect(await host.allAnswer()).toBe(true);
  });
});

/** A command of the agent's program that sees another boot than the one in which the journal was written. */
function afterBoot(host: AgentHost, ...args: readonly string[]) {
  const bootId = join(host.stateDir, 'boot-id');
  writeFileSync(bootId, `${randomUUID()}\n`);
  const inside = 'mount --bind "$1" /proc/sys/kernel/random/boot_id; shift; exec "$@"';
  const program = [process.execPath, main, ...args, ...host.flags()];
  const argv = ['unshare', '--mount', 'sh', '-ec', inside, 'sh', bootId, ...program];
  return tryRun(inNetns(`${host.name}-hv1`, argv), { timeoutMs: 60_000 });
}

function asked(network: LabNetwork): readonly string[] {
  return ['--nic', nic, '--ask', `${network.gateway.ip4},${network.ext.ip4}`];
}

function argv(host: AgentHost, ...args: readonly string[]): [string, string[]] {
  const [file = '', ...rest] = inNetns(`${host.name}-hv1`, [
    process.execPath,
    main,
    'adopt',
    '--output',
    'json',
    ...args,
    ...host.flags(),
  ]);
  return [file, rest];
}

async function adopt(host: AgentHost, ...args: readonly string[]) {
  const { exitCode, stdout, stderr } = await host.command('adopt', '--output', 'json', ...args);
  if (stdout === '') throw new Error(stderr);
  return { status: exitCode, result: JSON.parse(stdout) as Readonly<Record<string, unknown>> }; // what the command prints
}

/** Links with MAC, MTU and master, and what Open vSwitch has on the provider bridge: what an adoption changes and its way back restores. */
async function uplinks(host: AgentHost): Promise<readonly string[]> {
  const links = JSON.parse(await host.inHost('ip', '-j', 'link', 'show')) as {
    readonly ifname: string;
    readonly address: string;
    readonly mtu: number;
    readonly master?: string;
  }[]; // ip's own JSON
  const told = links
    .filter(({ ifname }) => !/^(sh[alpwm]|ovs-|br-)/.test(ifname)) // probes of the agent, and vswitchd's own
    .map(({ ifname, address, mtu, master }) => `${ifname} ${address} ${mtu} ${master ?? '-'}`);
  const ports = (await host.vsctl('list-ports', 'br-ex'))
    .split('\n')
    .filter((port) => port !== '' && !/^(shw|patch-)/.test(port));
  return [...told, ...ports.map((port) => `br-ex ${port}`)].toSorted();
}
