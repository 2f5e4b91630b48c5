import type { LabGuest, LabNetwork, Station, Topology } from '../topology.ts';

/** A place from which something is said: a guest, or a station of its network. */
export interface Stand {
  readonly name: string;
  readonly netns: string;
  readonly ip4: string;
  readonly ip6: string;
}

/** A guest by its name; `gw` and `ext` are those of the network, which overlays do not have. */
export function standOf(topology: Topology, network: LabNetwork, name: string): Stand {
  const wired = network.kind !== 'overlay';
  const stations = new Map<string, Station>(
    wired
      ? [
          ['gw', network.gateway],
          ['ext', network.ext],
        ]
      : [],
  );
  const found: Pick<LabGuest, 'netns' | 'ip4' | 'ip6'> | undefined =
    stations.get(name) ?? topology.guests.find((g) => g.name === name);
  if (!found) throw new RangeError(`'${name}' is no guest of lab ${topology.name}, nor gw nor ext of ${network.name}`);
  return { name, netns: found.netns, ip4: found.ip4, ip6: found.ip6 };
}
