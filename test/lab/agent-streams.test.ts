import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../lab/command.ts';
import { inNetns } from '../../lab/netns.ts';
import { startTraffic, type TrafficSession } from '../../lab/traffic/traffic.ts';
import { AgentHost } from './agent/agent-host.ts';
import { nbctl } from './connections/cut-by-hand.ts';

/** More than any window of TCP's. */
const muchBytes = 8_000_000;
let host: AgentHost;
let traffic: TrafficSession;
let epoch = 0;

/**
 * There is no coordinator, which would grant grace: a rule lets in what the far side says. Windows are small: where more than 64 KiB are under way when
 * the guest is cut over, Open vSwitch's own datapath may take each acknowledgement for invalid ever after (docs/facts.md), and this is about the way back.
 */
beforeAll(async () => {
  host = await AgentHost.up({ guests: 1, networks: 1 });
  const { topology } = host.lab;
  for (const netns of [host.guests[0]?.netns ?? '', topology.networks[0]?.ext.netns ?? ''])
    await run(
      inNetns(netns, [
        'sysctl',
        '-q',
        '-w',
        'net.ipv4.tcp_wmem=4096 16384 32768',
        'net.ipv4.tcp_rmem=4096 32768 32768',
      ]),
    );
  const group = `pg_${topology.securityGroupId.replaceAll('-', '_')}`;
  await nbctl(topology, 'acl-add', group, 'to-lport', '1002', `outport == @${group} && tcp`, 'allow-related');
  traffic = await startTraffic(host.name, [
    { kind: 'tcp', id: 'out', from: host.guests[0]?.name ?? '', to: 'ext', bytesPerSecond: 4_000_000 },
  ]);
});
afterAll(async () => {
  await traffic?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
});

it.each([
  ['an ordered way back', () => settle('back')],
  ['a revert', () => host.command('revert', '--attempt', String(epoch))],
])(
  'a stream that a guest sends goes on after %s: the legacy firewall, which has not seen it meanwhile, drops nothing of it as invalid',
  async (_, goBack) => {
    await settle('forward');
    await arrives(muchBytes);
    const dropped = await invalidOf();
    await goBack();
    await arrives(muchBytes / 8);
    expect(await host.plugs()).toEqual(['legacy']);
    expect(await invalidOf()).toBe(dropped);
  },
);

async function settle(direction: 'forward' | 'back'): Promise<void> {
  epoch += 1;
  await host.prepare(epoch, { direction });
  await host.cut(epoch, { direction });
  await host.phase(epoch, 'committing');
  await host.commit(epoch);
  await host.phase(epoch, 'committed');
}

async function arrives(bytes: number): Promise<void> {
  await traffic.mark();
  const arrived = async () =>
    (await traffic.report()).flows.flatMap((flow) => (flow.kind === 'tcp' ? flow.bytes : []))[0];
  await expect.poll(arrived, { timeout: 30_000 }).toBeGreaterThan(bytes);
}

/** Packets that the legacy firewall has dropped because its connection tracking takes them for invalid. */
async function invalidOf(): Promise<number> {
  const rules = (await host.inHost('iptables-save', '-c'))
    .split('\n')
    .filter((line) => line.includes('INVALID -j DROP'));
  expect(rules.length).toBeGreaterThan(0);
  return rules.reduce((sum, line) => sum + Number(/^\[(\d+):/.exec(line)?.[1]), 0);
}
