import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTraffic, type TrafficSession } from '../../lab/traffic/traffic.ts';
import { AgentHost } from './agent/agent-host.ts';

/** More than any window of TCP's. */
const muchBytes = 8_000_000;
let host: AgentHost;
let traffic: TrafficSession;
let epoch = 0;

/** There is no coordinator, which would grant grace: what the far side says is let in as an answer, or not at all. */
beforeAll(async () => {
  host = await AgentHost.up({ guests: 1, networks: 1 });
  traffic = await startTraffic(host.name, [
    { kind: 'tcp', id: 'out', from: host.guests[0]?.name ?? '', to: 'ext', bytesPerSecond: 16_000_000 },
    { kind: 'idle', id: 'idle', from: host.guests[0]?.name ?? '', to: 'ext' },
  ]);
});
afterAll(async () => {
  await traffic?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
});

/** What is lost at the cut is more than the windows of whoever knows the stream only from then on: what is said again of it would be invalid. */
it('a stream that a guest sends goes on after a cut, although OVN picks it up behind a gap', async () => {
  await arrives(muchBytes);
  await settle('forward');
  await arrives(muchBytes);
  expect(await traffic.speak('idle'), 'nor is a connection on which nobody has spoken since').toBe(true);
  await settle('back');
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
