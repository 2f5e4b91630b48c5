import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { OpenFlowConnection } from '../../openflow/connection.ts';
import type { PacketIn } from '../../openflow/messages.ts';
import type { OpenFlowError } from '../../openflow/openflow-error.ts';
import { parseFrame } from '../../platform/frame-parser.ts';
import * as frames from '../../platform/frames.ts';
import { arpFilter } from '../../platform/native/bpf.ts';
import { Netlink } from '../../platform/native/netlink.ts';
import { inNetns, warmThreadPool } from '../../platform/native/netns.ts';
import { PacketSocket } from '../../platform/native/packet-socket.ts';
import { Poller } from '../../platform/native/poller.ts';

const netns = `pf-o${process.pid}`;
const cookie = 0x5348_0000_0000_0001n;
const macA = '52:54:00:00:00:0a';
let dir: string;
let path: string;
const daemons: ChildProcess[] = [];

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, OVS_RUNDIR: dir, OVS_LOGDIR: dir, OVS_DBDIR: dir, OVS_SYSCONFDIR: dir };
}

function daemon(...argv: readonly string[]): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', netns, ...argv], { env: environment(), stdio: 'ignore' });
  daemons.push(child);
  return child;
}

function startSwitch(): ChildProcess {
  return daemon(
    'ovs-vswitchd',
    `unix:${dir}/db.sock`,
    `--unixctl=${dir}/vswitchd.ctl`,
    `--log-file=${dir}/vswitchd.log`,
  );
}

function run(program: string, ...args: readonly string[]): string {
  return execFileSync('ip', ['netns', 'exec', netns, program, ...args], {
    encoding: 'utf8',
    env: environment(),
    stdio: 'pipe',
  });
}

const vsctl = (...args: readonly string[]): string =>
  run('ovs-vsctl', `--db=unix:${dir}/db.sock`, '--timeout=30', ...args);
const ofport = (name: string): number => Number(vsctl('get', 'Interface', name, 'ofport'));
const flows = (): string => run('ovs-ofctl', '-O', 'OpenFlow13', '--no-stats', 'dump-flows', `unix:${path}`);

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

beforeAll(async () => {
  await warmThreadPool();
  execFileSync('ip', ['netns', 'add', netns]);
  dir = mkdtempSync(join(tmpdir(), 'pf-ovs-'));
  path = join(dir, 'br0.mgmt');
  execFileSync('ovsdb-tool', ['create', `${dir}/conf.db`, '/usr/share/openvswitch/vswitch.ovsschema'], {
    env: environment(),
  });
  daemon(
    'ovsdb-server',
    `${dir}/conf.db`,
    `--remote=punix:${dir}/db.sock`,
    `--unixctl=${dir}/ovsdb.ctl`,
    `--log-file=${dir}/ovsdb.log`,
  );
  vsctl('--no-wait', '--retry', 'init');
  startSwitch();
  vsctl('add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath_type=netdev', 'fail_mode=secure');
  for (const port of ['pfp1', 'pfp2']) vsctl('add-port', 'br0', port, '--', 'set', 'interface', port, 'type=internal');
  expect([ofport('pfp1'), ofport('pfp2')]).toEqual([1, 2]);
  using netlink = inNetns(netns, () => Netlink.open());
  netlink.applyAll([
    { kind: 'set-up', link: 'pfp1' },
    { kind: 'set-up', link: 'pfp2' },
  ]);
});

afterEach(() => {
  run('ovs-ofctl', '-O', 'OpenFlow13', 'del-flows', `unix:${path}`);
});

afterAll(async () => {
  for (const child of daemons.toReversed()) {
    child.kill('SIGTERM');
    await ended(child);
  }
  execFileSync('ip', ['netns', 'del', netns]);
  rmSync(dir, { recursive: true });
});

describe('a real switch', () => {
  it('has the flows that we add, with every field that we know, and loses them by cookie', async () => {
    await using connection = OpenFlowConnection.open({ path });
    await connection.ready(AbortSignal.timeout(20_000));
    connection.addFlow({
      cookie,
      priority: 7,
      match: { inPort: ofport('pfp1'), ethSrc: macA, vlanId: 'none' },
      actions: [],
    });
    connection.addFlow({
      cookie,
      table: 3,
      priority: 8,
      match: { ethType: 0x0806, arpOp: 1, arpSpa: '10.0.0.1', arpTpa: '10.0.0.2', vlanId: 5 },
      actions: [{ output: 'NORMAL' }, { output: ofport('pfp2') }],
    });
    connection.addFlow({
      cookie: cookie + 1n,
      priority: 9,
      match: { ethDst: macA, ethType: 0x0800, ipProto: 1, ipv4Src: '10.0.0.1', ipv4Dst: '10.0.0.2' },
      actions: [{ output: 'CONTROLLER' }, { output: 'LOCAL' }, { output: 'IN_PORT' }],
      idleTimeoutS: 600,
      hardTimeoutS: 900,
    });
    await connection.barrier();
    expect(
      flows()
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line.startsWith('cookie'))
        .toSorted(),
    ).toEqual([
      'cookie=0x5348000000000001, priority=7,in_port=1,vlan_tci=0x0000/0x1fff,dl_src=52:54:00:00:00:0a actions=drop',
      'cookie=0x5348000000000001, table=3, priority=8,arp,dl_vlan=5,arp_spa=10.0.0.1,arp_tpa=10.0.0.2,arp_op=1 actions=NORMAL,output:2',
      'cookie=0x5348000000000002, idle_timeout=600, hard_timeout=900, priority=9,icmp,dl_dst=52:54:00:00:00:0a,nw_src=10.0.0.1,nw_dst=10.0.0.2 actions=CONTROLLER:65535,LOCAL,IN_PORT',
    ]);
    const stats = await connection.flowStats({ cookie });
    expect(stats.map(({ table, priority }) => [table, priority]).toSorted()).toEqual([
      [0, 7],
      [3, 8],
    ]);
    expect(stats.find(({ table }) => table === 3)?.match).toEqual({
      ethType: 0x0806,
      vlanId: 5,
      arpOp: 1,
      arpSpa: '10.0.0.1',
      arpTpa: '10.0.0.2',
    });
    connection.deleteFlows({ cookie });
    await connection.barrier();
    expect((await connection.flowStats({ cookie: 0n, cookieMask: 0n })).map((flow) => flow.cookie)).toEqual([
      cookie + 1n,
    ]);
    connection.deleteFlows({ cookie: 0n, cookieMask: 0n });
    await connection.barrier();
  });

  it('sends a frame where we say: straight out, or through its tables as if a port had sent it', async () => {
    await using poller = Poller.open();
    await using connection = OpenFlowConnection.open({ path });
    await connection.ready(AbortSignal.timeout(20_000));
    const received: string[] = [];
    let arrived = Promise.withResolvers<void>();
    using _ = inNetns(netns, () =>
      PacketSocket.open({
        interface: 'pfp2',
        poller,
        filter: arpFilter,
        onFrame: ({ data }) => {
          const frame = parseFrame(data);
          if (frame.kind === 'arp') received.push(frame.senderIp);
          arrived.resolve();
        },
      }),
    );
    const announce = (ip: string): Buffer => frames.gratuitousArp({ mac: macA, ip });
    connection.packetOut({ inPort: ofport('pfp1'), actions: [{ output: ofport('pfp2') }], data: announce('10.0.0.1') });
    await arrived.promise;
    arrived = Promise.withResolvers<void>();
    connection.addFlow({
      cookie,
      priority: 1,
      match: { inPort: ofport('pfp1'), ethType: 0x0806 },
      actions: [{ output: ofport('pfp2') }],
    });
    await connection.barrier();
    connection.packetOut({ inPort: 'LOCAL', actions: [{ output: 'TABLE' }], data: announce('10.0.0.2') });
    connection.packetOut({ inPort: ofport('pfp1'), actions: [{ output: 'TABLE' }], data: announce('10.0.0.3') });
    await arrived.promise;
    expect(received).toEqual(['10.0.0.1', '10.0.0.3']);
    const [counted] = await connection.flowStats({ cookie });
    expect(counted?.priority).toBe(1);
    connection.deleteFlows({ cookie });
    await connection.barrier();
  });

  it('hands over whole frames that a flow sends to the controller', async () => {
    const taken = Promise.withResolvers<PacketIn>();
    await using connection = OpenFlowConnection.open({ path, onPacketIn: taken.resolve });
    await connection.ready(AbortSignal.timeout(20_000));
    connection.addFlow({ cookie, priority: 5, match: { ethType: 0x0806 }, actions: [{ output: 'CONTROLLER' }] });
    await connection.barrier();
    using sender = inNetns(netns, () => PacketSocket.open({ interface: 'pfp1' }));
    const frame = Buffer.concat([frames.gratuitousArp({ mac: macA, ip: '10.0.0.1' }), Buffer.alloc(1000, 7)]);
    sender.send(frame);
    expect(await taken.promise).toEqual({ inPort: ofport('pfp1'), table: 0, cookie, reason: 'action', data: frame });
    connection.deleteFlows({ cookie });
    await connection.barrier();
  });

  it('refuses what makes no sense, in the barrier’s words', async () => {
    const refused: OpenFlowError[] = [];
    await using connection = OpenFlowConnection.open({ path, onRefused: (error) => void refused.push(error) });
    await connection.ready(AbortSignal.timeout(20_000));
    connection.addFlow({ cookie, priority: 5, match: { arpOp: 1 }, actions: [] });
    await expect(connection.barrier()).rejects.toMatchObject({ kind: 'refused', refusal: { name: 'bad-match' } });
    await connection.barrier();
    expect(refused).toEqual([]);
    expect(flows()).not.toContain('priority=5');
  });

  it('comes back with empty tables after vswitchd was killed, and we notice', async () => {
    const states: string[] = [];
    let change = Promise.withResolvers<void>();
    await using connection = OpenFlowConnection.open({
      path,
      onState: (connected) => {
        states.push(connected ? 'up' : 'down');
        change.resolve();
      },
    });
    await connection.ready(AbortSignal.timeout(20_000));
    connection.addFlow({ cookie, priority: 5, match: {}, actions: [] });
    await connection.barrier();
    const vswitchd = daemons.at(-1);
    if (vswitchd === undefined) throw new Error('no vswitchd');
    change = Promise.withResolvers<void>();
    vswitchd.kill('SIGKILL');
    await ended(vswitchd);
    await change.promise;
    expect(connection.connected).toBe(false);
    startSwitch();
    await connection.ready(AbortSignal.timeout(60_000));
    expect(states).toEqual(['up', 'down', 'up']);
    expect(await connection.flowStats({ cookie })).toEqual([]);
  });

  it('is told not to be spoken to when the bridge allows other versions only', async () => {
    vsctl('set', 'bridge', 'br0', 'protocols=OpenFlow15');
    const told = Promise.withResolvers<string>();
    await using _ = OpenFlowConnection.open({
      path,
      onState: (connected, reason) => told.resolve(`${connected} ${reason}`),
    });
    expect(await told.promise).toMatch(/^false .*(OpenFlow 1\.3|HELLO)/);
    vsctl('clear', 'bridge', 'br0', 'protocols');
  });

  it('had nothing to complain about in its log', () => {
    const log = readFileSync(join(dir, 'vswitchd.log'), 'utf8');
    expect(log.split('\n').filter((line) => /\|(EMER|ERR)\|/.test(line) && /ofp|vconn|rconn/.test(line))).toEqual([]);
  });
});
