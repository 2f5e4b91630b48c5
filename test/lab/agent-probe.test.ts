import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProbeScope } from '../../agent/cutover/ports.ts';
import { RawProber } from '../../agent/probe/prober.ts';
import { loseLargePackets } from '../../lab/faults/lossy-link.ts';
import { Netlink } from '../../platform/native/netlink.ts';
import { inNetns, warmThreadPool } from '../../platform/native/netns.ts';
import { Poller } from '../../platform/native/poller.ts';

const host = `prb${process.pid}-hv`;
const guestNs = `prb${process.pid}-g`;
const silentNs = `prb${process.pid}-s`;
const guestMac = 'fa:16:3e:00:00:01';
const silentMac = 'fa:16:3e:00:00:02';
const networkId = 'aaaaaaaa-0000-4000-8000-000000000001';

const guest = {
  tap: 'tapguest',
  portId: 'port-guest',
  networkId,
  mac: guestMac,
  ips: ['10.9.0.20'],
  legacyBridge: 'brq',
};
const silent = {
  tap: 'tapsilent',
  portId: 'port-silent',
  networkId,
  mac: silentMac,
  ips: ['10.9.0.21'],
  legacyBridge: 'brq',
};
const network = {
  networkId,
  legacyBridge: 'brq',
  mtu: 1500,
  probe: { name: 'probe', mac: '02:00:00:00:00:09', ip: '10.9.0.250' },
  probeIf: 'shp0',
  wireIf: 'shw0',
  legacyIf: 'shm0',
};
const scope: ProbeScope = { nonce: 'attempt-1', taps: [guest, silent], networks: [network] };

/** A bridge with two guests and our three probe ports; the silent guest has no address, so it never answers. */
function build(): void {
  const run = (line: string) => execFileSync('ip', line.split(' '), { stdio: 'pipe' });
  for (const ns of [host, guestNs, silentNs]) run(`netns add ${ns}`);
  run(`-n ${host} link add brq type bridge`);
  run(`-n ${host} link set brq up`);
  for (const [tap, ns, mac] of [
    ['tapguest', guestNs, guestMac],
    ['tapsilent', silentNs, silentMac],
  ] as const) {
    run(`-n ${host} link add ${tap} type veth peer name eth0 netns ${ns} address ${mac}`);
    run(`-n ${host} link set ${tap} master brq up`);
    run(`-n ${ns} link set eth0 up`);
  }
  run(`-n ${guestNs} addr add 10.9.0.20/24 dev eth0`);
  for (const ours of ['shp0', 'shw0', 'shm0']) {
    run(`-n ${host} link add ${ours} type veth peer name ${ours}b`);
    run(`-n ${host} link set ${ours}b master brq up`);
    run(`-n ${host} link set ${ours} up`);
  }
  run(`-n ${host} link set shp0 address 02:00:00:00:00:09`);
}

describe('proof of life from a hypervisor', () => {
  let poller: Poller;
  let netlink: Netlink;
  let prober: RawProber;

  beforeAll(async () => {
    build();
    await warmThreadPool();
    poller = Poller.open();
    netlink = inNetns(host, () => Netlink.open());
    prober = new RawProber({ poller, netlink, packetOut: () => undefined });
    inNetns(host, () => prober.attachPorts([network]));
  });

  afterAll(async () => {
    prober[Symbol.dispose]();
    netlink[Symbol.dispose]();
    await poller[Symbol.asyncDispose]();
    for (const ns of [host, guestNs, silentNs]) execFileSync('ip', ['netns', 'del', ns]);
  });

  it('hears the guest that answers from every vantage, and not the silent one', async () => {
    const results = await inNetns(host, () => prober.baseline(scope));
    const answered = results.filter((result) => result.answered > 0).map((result) => `${result.vantage} ${result.tap}`);
    expect(answered.toSorted()).toEqual(['legacy tapguest', 'local tapguest', 'wire tapguest']);
    expect(
      results
        .filter((result) => result.tap === 'tapsilent')
        .map((result) => result.vantage)
        .toSorted(),
    ).toEqual(['legacy', 'local', 'wire']);
  });

  it('pings as a port of the network and answers ARP for the port’s address', async () => {
    const order = {
      type: 'probe',
      orderId: '1',
      vantage: 'remote',
      networkId,
      targets: [guest, silent],
      rounds: 3,
      intervalMs: 50,
    } as const;
    const results = await prober.probeRemote(order);
    expect(results.find((result) => result.tap === 'tapguest')).toMatchObject({
      vantage: 'remote',
      answered: 3,
      sent: 3,
    });
    expect(results.find((result) => result.tap === 'tapsilent')?.answered).toBe(0);
  });

  it('asks in full-size frames too, from every vantage, and sees when only those are lost', async () => {
    const all = async () => {
      const order = { type: 'probe', orderId: '2', vantage: 'remote', networkId, rounds: 5, intervalMs: 50 } as const;
      const own = await inNetns(host, () => prober.verify({ ...scope, taps: [guest] }, AbortSignal.timeout(10_000)));
      return [...own, ...(await prober.probeRemote({ ...order, targets: [guest] }))];
    };
    const vantages = ['legacy', 'local', 'remote', 'wire'];
    const large = (results: Awaited<ReturnType<typeof all>>, answers: boolean) =>
      results
        .filter(
          ({ answered, largeAnswered }) => answered > 0 && largeAnswered !== undefined && largeAnswered > 0 === answers,
        )
        .map(({ vantage }) => vantage)
        .toSorted();
    expect(large(await all(), true)).toEqual(vantages);
    await using _fault = await loseLargePackets({ netns: host, device: 'tapguest', way: 'out' }, 1_000);
    expect(large(await all(), false)).toEqual(vantages);
  });

  it('is not fooled by another host that answers ARP in the guest’s place', async () => {
    execFileSync('ip', ['-n', guestNs, 'link', 'set', 'eth0', 'down']);
    execFileSync('ip', ['-n', silentNs, 'addr', 'add', '10.9.0.20/24', 'dev', 'eth0']);
    try {
      const results = await inNetns(host, () => prober.verify(scope, AbortSignal.timeout(10_000)));
      expect(results.filter((result) => result.tap === 'tapguest').map((result) => result.answered)).toEqual([0, 0, 0]);
    } finally {
      execFileSync('ip', ['-n', silentNs, 'addr', 'del', '10.9.0.20/24', 'dev', 'eth0']);
      execFileSync('ip', ['-n', guestNs, 'link', 'set', 'eth0', 'up']);
    }
  });

  it('measures the gap in a guest’s answers, and none where none is missing', async () => {
    const recorder = prober.startBlackout({ ...scope, taps: [guest] });
    await untilAsked(120);
    expect(recorder.stop()).toEqual([expect.objectContaining({ tap: 'tapguest', blackoutMs: 0, lost: 0 })]);

    const interrupted = prober.startBlackout({ ...scope, taps: [guest] });
    await untilAsked(40);
    execFileSync('ip', ['-n', host, 'link', 'set', 'tapguest', 'nomaster']);
    await untilAsked(60);
    execFileSync('ip', ['-n', host, 'link', 'set', 'tapguest', 'master', 'brq']);
    await untilAsked(120);
    const [gap] = interrupted.stop();
    expect(gap?.lost).toBeGreaterThan(10);
    expect(gap?.blackoutMs).toBeGreaterThan(50);
  });
});

/** Lets about so many questions of 5 ms pass. What is asserted are counts of lost questions, never a time. */
function untilAsked(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    resolve();
  }, 5);
  return promise;
}
