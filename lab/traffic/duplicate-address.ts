import { until } from '../command.ts';
import { execIn, scriptIn } from '../netns.ts';
import type { LabGuest } from '../topology.ts';

export type DadVerdict = 'unique' | 'duplicate';

interface AddressRow {
  readonly local: string;
  readonly tentative?: boolean;
  readonly dadfailed?: boolean;
}

/**
 * Lets a guest take one more IPv6 address as its own kernel does: with duplicate address detection (RFC 4862, section 5.4). A wire that
 * brings a guest's own probe back, or somebody who answers in another's stead, makes it `duplicate`. The address is removed again.
 */
export async function detectDuplicate(guest: Pick<LabGuest, 'netns'>, address: string): Promise<DadVerdict> {
  await scriptIn(guest.netns, [`ip -6 address add ${address}/64 dev eth0`]);
  try {
    return await until(`duplicate address detection of ${address}`, () => verdictOf(guest, address));
  } finally {
    await scriptIn(guest.netns, [`ip -6 address del ${address}/64 dev eth0`]);
  }
}

/** Waits until a guest has an IPv6 address and knows that it is its alone, e.g. the one it made of a router advertisement. */
export function untilAddress(guest: Pick<LabGuest, 'netns' | 'name'>, address: string): Promise<DadVerdict> {
  return until(`${guest.name} to take ${address}`, () => verdictOf(guest, address));
}

async function verdictOf(guest: Pick<LabGuest, 'netns'>, address: string): Promise<DadVerdict | undefined> {
  const { stdout } = await execIn(guest.netns, ['ip', '-j', 'address', 'show', 'dev', 'eth0']);
  const links = JSON.parse(stdout) as readonly { readonly addr_info: readonly AddressRow[] }[]; // ip's own JSON
  const found = links.flatMap((link) => link.addr_info).find((row) => row.local === address);
  if (found?.dadfailed) return 'duplicate';
  return found && !found.tentative ? 'unique' : undefined;
}
