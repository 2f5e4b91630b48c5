import { together } from '../command.ts';
import { execIn } from '../netns.ts';
import { patience } from '../patience.ts';
import { requireLabState } from '../state.ts';
import type { KnockFigures } from './knock.ts';
import { Place } from './place.ts';
import { type Stand, standOf } from './stand.ts';

/** Groups let everybody in there. */
const SSH = 22;
const TIMES = 20;
const WITHIN_MS = 3_000 * patience;

export interface MeshRound {
  /** Connections of each pair each way; default 20. */
  readonly times?: number;
  /** Default 4. */
  readonly family?: 4 | 6;
  /** Default true: whoever is asked or asks has to find the other's MAC first. */
  readonly cold?: boolean;
}

export interface PairFigures extends KnockFigures {
  readonly from: string;
  readonly to: string;
  readonly of: number;
}

/**
 * New TCP connections between every pair of some guests (and `gw`, `ext`) of one network, both ways. One process a namespace; guests
 * whose group has no egress rule can be asked and do not ask (`mute`).
 */
export class TcpMesh implements AsyncDisposable {
  readonly #stands: readonly Stand[];
  readonly #mute: ReadonlySet<string>;
  readonly #places: ReadonlyMap<string, Place>;

  private constructor(stands: readonly Stand[], mute: ReadonlySet<string>) {
    this.#stands = stands;
    this.#mute = mute;
    this.#places = new Map(stands.map((stand) => [stand.name, new Place(stand.netns)]));
  }

  static async open(lab: string, names: readonly string[]): Promise<TcpMesh> {
    const { topology } = requireLabState(lab);
    const guests = topology.guests.filter((guest) => names.includes(guest.name));
    const network = topology.networks.find((n) => n.id === guests[0]?.networkId);
    if (!network) throw new RangeError(`none of ${names.join(', ')} is a guest`);
    const mute = new Set(guests.filter((guest) => guest.extra?.egress === false).map((guest) => guest.name));
    const mesh = new TcpMesh(
      names.map((name) => standOf(topology, network, name)),
      mute,
    );
    try {
      await together([...mesh.#places.values()].map((place) => place.order({ type: 'answer', port: SSH })));
      return mesh;
    } catch (cause) {
      await mesh[Symbol.asyncDispose]();
      throw cause;
    }
  }

  /** Every ordered pair once. In each turn everybody asks one and is asked by one. */
  async round({ times = TIMES, family = 4, cold = true }: MeshRound = {}): Promise<readonly PairFigures[]> {
    const figures: PairFigures[] = [];
    for (let step = 1; step < this.#stands.length; step += 1) {
      if (cold) await together(this.#stands.map(forgetNeighbours));
      await together(
        this.#stands.map(async (from, i) => {
          const to = this.#stands[(i + step) % this.#stands.length] as Stand; // the remainder is in range
          if (this.#mute.has(from.name)) return;
          const [localIp, remoteIp] = family === 4 ? [from.ip4, to.ip4] : [from.ip6, to.ip6];
          const order = { localIp, remoteIp, port: SSH, times, withinMs: WITHIN_MS };
          const { knocked } = await this.#place(from.name).order({ type: 'knock', order });
          figures.push({ from: from.name, to: to.name, of: times, ...(knocked ?? { made: 0, slowestMs: 0 }) });
        }),
      );
    }
    return figures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#places.values()].map((place) => place[Symbol.asyncDispose]()));
  }

  #place(name: string): Place {
    const place = this.#places.get(name);
    if (!place) throw new Error(`no process for ${name}`);
    return place;
  }
}

/** Pairs of which a connection failed, as a person would say it. */
export function brokenPairs(figures: readonly PairFigures[]): readonly string[] {
  return figures.filter((pair) => pair.made < pair.of).map((p) => `${p.from} to ${p.to}: ${p.made} of ${p.of}`);
}

async function forgetNeighbours({ netns }: Stand): Promise<void> {
  await execIn(netns, ['ip', 'neigh', 'flush', 'dev', 'eth0']);
}
