import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkLab } from '../../lab/check.ts';
import { run } from '../../lab/command.ts';
import { downLab } from '../../lab/down.ts';
import { execIn, inNetns } from '../../lab/netns.ts';
import { runDirEnv } from '../../lab/open-vswitch.ts';
import { hypervisorDir, pathsOf } from '../../lab/run-dir.ts';
import type { LabState } from '../../lab/state.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { upLab } from '../../lab/up.ts';
import { freshLabName, ownLab } from './fixture/own-lab.ts';

const main = join(import.meta.dirname, '../../lab/main.ts');

describe('a lab that is up', () => {
  const name = freshLabName();
  let lab: LabState;
  beforeAll(async () => {
    lab = await upLab({ name, hosts: 3, guests: 4, services: false, owner: 'process' });
  });
  afterAll(() => downLab(name));

  it('lets guests reach gateway, ext host and guests of other hypervisors, by IPv4 and IPv6', async () => {
    const results = await checkLab(lab);
    expect(results.filter((r) => !r.ok)).toEqual([]);
    expect(new Set(results.map((r) => r.to))).toEqual(
      new Set(['gateway', 'ext', 'g1-1', 'g1-2', 'g2-1', 'g2-2', 'g3-1', 'g3-2']),
    );
  });

  it('prints the status that the design fixes', async () => {
    const status = JSON.parse(await run([process.execPath, main, 'status', '--name', name, '--output', 'json']));
    const dir = `/run/shunt-lab/${name}`;
    expect(Object.keys(status)).toEqual([
      'name',
      'hypervisors',
      'guests',
      'nb',
      'sb',
      'nats',
      'coordinator',
      'logs',
      'services',
    ]);
    expect(status).toMatchObject({
      name,
      nb: `${dir}/central/nb.sock`,
      sb: `${dir}/central/sb.sock`,
      nats: 'nats://172.20.0.1:4222',
      coordinator: `${dir}/coordinator.sock`,
      logs: `${dir}/logs`,
    });
    expect(status.hypervisors[1]).toEqual({
      name: 'hv2',
      hostname: `hv2.${name}.lab`,
      systemId: 'hv2',
      netns: `${name}-hv2`,
      ovsdb: `${dir}/hv2/db.sock`,
      ovnRundir: `${dir}/hv2`,
      agent: `${dir}/hv2/agent.sock`,
    });
    const { guests } = lab.topology;
    expect(status.guests).toEqual(
      guests.map(({ ip4, ip6, tapMac: _, deviceId: __, ...guest }) => ({ ...guest, ips: [ip4, ip6] })),
    );
  });

  it('is a legacy cloud: taps in their brq bridge with libvirt addresses and no IPv6, br-int without guests', async () => {
    for (const guest of lab.topology.guests) {
      const [link] = JSON.parse(
        await run(['ip', '-n', `${name}-${guest.hypervisor}`, '-j', 'address', 'show', guest.tap]),
      );
      expect(link).toMatchObject({
        master: `brq${guest.networkId.slice(0, 11)}`,
        address: `fe${guest.mac.slice(2)}`,
        addr_info: [],
        mtu: 1500,
      });
    }
    const ports = await vsctl(lab, 'hv1', ['list-ports', 'br-int']);
    expect(ports.trim().split('\n').sort()).toEqual(['ovn-hv2-0', 'ovn-hv3-0']);
  });

  it('has registered every port in OVN under its chassis, and all of them unbound', async () => {
    const sb = (args: readonly string[]) => run(['ovn-sbctl', `--db=unix:${pathsOf(name).sb}`, '--bare', ...args]);
    const ports = await sb([
      '--columns=logical_port',
      'find',
      'Port_Binding',
      'type=""',
      'chassis=[]',
      'requested_chassis!=[]',
    ]);
    expect(ports.split('\n').filter(Boolean).sort()).toEqual(lab.topology.guests.map((g) => g.portId).sort());
  });

  it('filters statefully as the group says: SSH from anywhere, anything from members, nothing else', async () => {
    const [server] = lab.topology.guests as [LabGuest];
    const member = lab.topology.guests.find(
      (g) => g.hypervisor === 'hv2' && g.networkId === server.networkId,
    ) as LabGuest;
    const ext = lab.topology.networks.find((n) => n.id === server.networkId)?.ext.netns ?? '';
    await using _ = await listen(server.netns, [22, 8080]);
    const connects = async (netns: string, port: number, withinS = '20') =>
      (await execIn(netns, ['timeout', withinS, 'bash', '-c', `head -c 2 </dev/tcp/${server.ip4}/${port}`])).stdout ===
      'ok';
    expect(await connects(ext, 22)).toBe(true);
    expect(await connects(member.netns, 8080)).toBe(true);
    expect(await connects(ext, 8080, '1')).toBe(false);
    const zones = await execIn(`${name}-hv1`, ['conntrack', '-L', '-p', 'tcp']);
    expect(zones.stdout).toContain('zone=4097');
  });

  it('gives nothing to the root namespace', async () => {
    const names = [
      ...lab.topology.guests.map((g) => g.tap),
      ...lab.topology.networks.flatMap((n) => [n.bridge, n.leg, n.uplink]),
    ];
    const links = (JSON.parse(await run(['ip', '-j', 'link'])) as { ifname: string }[]).map((l) => l.ifname);
    expect(links.filter((link) => names.includes(link))).toEqual([]);
  });
});

it('lives beside another lab with the same addresses, and survives its end', async () => {
  await using second = await ownLab();
  {
    await using first = await ownLab();
    expect((await checkLab(first.lab)).filter((r) => !r.ok)).toEqual([]);
    expect((await checkLab(second.lab)).filter((r) => !r.ok)).toEqual([]);
  }
  expect((await checkLab(second.lab)).filter((r) => !r.ok)).toEqual([]);
});

function vsctl(lab: LabState, hypervisor: string, args: readonly string[]): Promise<string> {
  return run(['ovs-vsctl', ...args], { env: runDirEnv(hypervisorDir(lab.topology.name, hypervisor)) });
}

/** A server in a guest that greets with `ok`. */
async function listen(netns: string, ports: readonly number[]): Promise<AsyncDisposable> {
  const script = `let n = 0; for (const p of ${JSON.stringify(ports)})
    require('node:net').createServer((s) => s.on('error', () => {}).end('ok')).listen(p, () => ++n === ${ports.length} && console.log('on'))`;
  const [file = '', ...args] = inNetns(netns, [process.execPath, '-e', script]);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}
