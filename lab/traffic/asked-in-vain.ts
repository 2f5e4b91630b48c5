import { setTimeout as delay } from 'node:timers/promises';
import { run, together } from '../command.ts';
import { inNetns } from '../netns.ts';
import type { LabGuest } from '../topology.ts';

const TABLE = 'shunt_lab_asked';
/** The kernel asks again after a second, twice. */
const patienceMs = 2_500;
const lookEveryMs = 250;

/** Neighbours that guests look for by ARP and that nobody answers for. */
export interface AskedInVain extends AsyncDisposable {
  /** By guest, the addresses of which it has had no answer since the last call; what was asked a moment ago is waited for. */
  addresses(): Promise<Readonly<Record<string, readonly string[]>>>;
}

/**
 * Counts what guests ask and hear of it where their NICs send and receive. What a guest has to say to a neighbour that it cannot find waits in
 * its kernel for three seconds, and while much of that waits the kernel answers nobody's echo request (docs/facts.md).
 */
export async function watchAskedInVain(guests: readonly LabGuest[]): Promise<AskedInVain> {
  const set = 'type ipv4_addr; flags dynamic; size 1024;';
  const rules = `table netdev ${TABLE} {
  set asked { ${set} }
  set answered { ${set} }
  chain out { type filter hook egress device eth0 priority 0; arp operation request add @asked { arp daddr ip }; }
  chain in { type filter hook ingress device eth0 priority 0; arp operation reply add @answered { arp saddr ip }; }
}
`;
  await together(guests.map(({ netns }) => run(inNetns(netns, ['nft', '-f', '-']), { input: rules })));
  return {
    addresses: async () => Object.fromEntries(await Promise.all(guests.map(async (g) => [g.name, await inVain(g)]))),
    [Symbol.asyncDispose]: () =>
      together(guests.map(({ netns }) => run(inNetns(netns, ['nft', 'delete', 'table', 'netdev', TABLE])))),
  };
}

async function inVain({ netns }: LabGuest): Promise<readonly string[]> {
  const unanswered = async () => {
    const [asked, answered] = await Promise.all([elements(netns, 'asked'), elements(netns, 'answered')]);
    return asked.filter((address) => !answered.includes(address));
  };
  const giveUpAtMs = performance.now() + patienceMs;
  let left = await unanswered();
  for (; left.length > 0 && performance.now() < giveUpAtMs; left = await unanswered()) await delay(lookEveryMs);
  const flush = ['asked', 'answered'].map((set) => `flush set netdev ${TABLE} ${set}\n`).join('');
  await run(inNetns(netns, ['nft', '-f', '-']), { input: flush });
  return left;
}

async function elements(netns: string, set: string): Promise<readonly string[]> {
  const text = await run(inNetns(netns, ['nft', 'list', 'set', 'netdev', TABLE, set]));
  const listed = /elements = \{([^}]*)\}/.exec(text)?.[1] ?? '';
  return listed.match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
}
