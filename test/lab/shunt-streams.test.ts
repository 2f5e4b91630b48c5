import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../lab/command.ts';
import { inNetns } from '../../lab/netns.ts';
import { networkOf } from '../../lab/topology.ts';
import { planFlows } from '../../lab/traffic/plan-flows.ts';
import { TrafficSession } from '../../lab/traffic/traffic.ts';
import { PlaneLab } from './shunt-plane/plane-lab.ts';

/** A group lets SSH in: the stream that comes in is one. */
const ssh = 22;
const bytesPerSecond = 16_000_000;
/** More than any window. */
const muchBytes = 8_000_000;
/** Until the sender has nothing more to send that it may. */
const stallMs = 150;
let lab: PlaneLab;

beforeAll(async () => {
  lab = await PlaneLab.up({ guests: 1, networks: 1 });
});
afterAll(() => lab?.[Symbol.asyncDispose]());

/**
 * The tracker was told where both ends stood some milliseconds before. Since then more than 64 KiB have arrived whose acknowledgements are lost: the sender begins
 * anew where they began, and is answered far beyond.
 */
it.each([
  ['comes to', 'ext', 'g1-1'],
  ['is sent by', 'g1-1', 'ext'],
])('a stream that %s a guest goes on after a flip, whatever was under way', async (_, from, to) => {
  const move = lab.move('g1-1');
  const { ip4 } = lab.guest('g1-1');
  const { netns } = networkOf(lab.lab.topology, lab.guest('g1-1')).ext;
  await using traffic = new TrafficSession(
    planFlows(lab.lab.topology, [{ kind: 'tcp', id: 'stream', from, to, bytesPerSecond }], ssh),
  );
  await traffic.open(15_000);
  await lab.to('staged', [move]);
  await arrives(traffic, 'staged');
  const where = from === 'ext' ? `input priority 0; ip saddr ${ip4}` : `output priority 0; ip daddr ${ip4}`;
  const answers = `type filter hook ${where} meta l4proto tcp drop;`;
  await lab.flipLate([move], async () => {
    await run(inNetns(netns, ['nft', `table inet lost { chain answers { ${answers} }; }`]));
    await delay(stallMs);
  });
  await run(inNetns(netns, ['nft', 'delete', 'table', 'inet', 'lost']));
  await arrives(traffic, 'flipped');
  await lab.to('legacy', [move]);
});

async function arrives(traffic: TrafficSession, when: string): Promise<void> {
  await traffic.mark();
  const arrived = async () =>
    (await traffic.report()).flows.flatMap((flow) => (flow.kind === 'tcp' ? flow.bytes : []))[0];
  await expect.poll(arrived, { timeout: 15_000, message: when }).toBeGreaterThan(muchBytes);
}
