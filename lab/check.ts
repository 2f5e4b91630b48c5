import { together } from './command.ts';
import { execIn } from './netns.ts';
import type { LabState } from './state.ts';
import type { LabGuest, LabNetwork } from './topology.ts';

export interface CheckResult {
  readonly from: string;
  readonly to: string;
  readonly ip: string;
  readonly ok: boolean;
}

/** Pings at one time: more would measure the machine. */
const AT_ONCE = 12;

/**
 * Pings from a sample of guests (the first of every hypervisor and network): gateway and `ext` host, where the network has a wire, and a
 * guest of every other hypervisor, by IPv4 and IPv6.
 */
export async function checkLab(lab: LabState): Promise<readonly CheckResult[]> {
  const sample = lab.topology.hypervisors.flatMap((h) =>
    lab.topology.networks.flatMap((n) => {
      const first = lab.topology.guests.find((g) => g.hypervisor === h.name && g.networkId === n.id);
      return first ? [first] : [];
    }),
  );
  const wanted = sample.flatMap((guest) => destinations(lab, guest, sample).map((to) => ({ guest, ...to })));
  const results: CheckResult[] = [];
  for (let i = 0; i < wanted.length; i += AT_ONCE) {
    await together(
      wanted.slice(i, i + AT_ONCE).map(async ({ guest, to, ip }) => {
        const { exitCode } = await execIn(guest.netns, ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-W', '1', ip]);
        results.push({ from: guest.name, to, ip, ok: exitCode === 0 });
      }),
    );
  }
  return results;
}

function destinations(lab: LabState, guest: LabGuest, sample: readonly LabGuest[]): { to: string; ip: string }[] {
  const network = lab.topology.networks.find((n) => n.id === guest.networkId) as LabNetwork; // every guest has one
  const peers = sample.filter((g) => g.networkId === guest.networkId && g.hypervisor !== guest.hypervisor);
  const wired = [
    { to: 'gateway', ...network.gateway },
    { to: 'ext', ...network.ext },
  ];
  const stations = [
    ...(network.kind === 'overlay' ? [] : wired),
    ...peers.map((peer) => ({ to: peer.name, ip4: peer.ip4, ip6: peer.ip6 })),
  ];
  return stations.flatMap(({ to, ip4, ip6 }) => [
    { to, ip: ip4 },
    { to, ip: ip6 },
  ]);
}
