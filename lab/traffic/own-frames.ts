import { run, together } from '../command.ts';
import { inNetns } from '../netns.ts';
import type { LabGuest } from '../topology.ts';

const TABLE = 'shunt_lab_own';

/** Frames that came back to the guest that had sent them: none may. */
export interface OwnFrames extends AsyncDisposable {
  /** Since the watch began, by guest. */
  counted(): Promise<Readonly<Record<string, number>>>;
}

/**
 * Counts, where each guest's NIC receives, frames whose source is the guest's own MAC. A socket would not do: the kernel hands a guest's
 * own broadcasts to it before they reach any wire.
 */
export async function watchOwnFrames(guests: readonly LabGuest[]): Promise<OwnFrames> {
  await together(
    guests.map(({ netns, mac }) =>
      run(inNetns(netns, ['nft', '-f', '-']), {
        input: `table netdev ${TABLE} { chain in { type filter hook ingress device eth0 priority 0; ether saddr ${mac} counter; }; }\n`,
      }),
    ),
  );
  return {
    counted: async () => Object.fromEntries(await Promise.all(guests.map(async (g) => [g.name, await countedBy(g)]))),
    [Symbol.asyncDispose]: () =>
      together(guests.map(({ netns }) => run(inNetns(netns, ['nft', 'delete', 'table', 'netdev', TABLE])))),
  };
}

async function countedBy({ netns }: LabGuest): Promise<number> {
  const text = await run(inNetns(netns, ['nft', '-j', 'list', 'chain', 'netdev', TABLE, 'in']));
  const [, packets] = /"packets": ?(\d+)/.exec(text) ?? [];
  if (packets === undefined) throw new Error(`no counter in ${netns}: ${text}`);
  return Number(packets);
}
