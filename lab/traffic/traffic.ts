import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../command.ts';
import { requireLabState } from '../state.ts';
import type { ArrivalFigures } from './arrivals.ts';
import { type FlowFigures, type FlowSpec, hzOf, type MonotonicNs, type TrafficReport } from './flow.ts';
import { Place, type PlaceAnswer } from './place.ts';
import type { EndView } from './place-protocol.ts';
import { type PlannedFlow, planFlows } from './plan-flows.ts';

/** Below the range from which the kernel takes ports of its own (32768). */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const READY_MS = 15_000;
/** Answers that are still under way at the end of a window have this long. */
const LATE_MS = 300;
const SPEAK_MS = 3_000;

/**
 * Starts flows between guests, gateways and `ext` hosts of a lab and waits until each of them works: every connection stands, every
 * receiver has got something. One process a namespace carries all flows there.
 */
export async function startTraffic(
  lab: string,
  specs: readonly FlowSpec[],
  options: { readonly readyMs?: number } = {},
): Promise<TrafficSession> {
  const firstPort = FIRST_PORT + Math.floor(Math.random() * (PORTS - specs.length));
  const session = new TrafficSession(planFlows(requireLabState(lab).topology, specs, firstPort));
  try {
    await session.open(options.readyMs ?? READY_MS);
    return session;
  } catch (cause) {
    await session[Symbol.asyncDispose]();
    throw cause;
  }
}

/** Flows under way. They end with {@link stop}, with the disposal, and with the process that started them. */
export class TrafficSession implements AsyncDisposable {
  readonly #flows: readonly PlannedFlow[];
  readonly #places: ReadonlyMap<string, Place>;
  readonly #spoken = new Map<string, number>();
  #markNs: MonotonicNs = 0;
  #markedSeq: Readonly<Record<string, number>> = {};

  constructor(flows: readonly PlannedFlow[]) {
    this.#flows = flows;
    const netnses = new Set(flows.flatMap((f) => [f.sender, ...f.receivers].map((end) => end.netns)));
    this.#places = new Map([...netnses].map((netns) => [netns, new Place(netns)]));
  }

  /** For {@link startTraffic}. */
  async open(readyMs: number): Promise<void> {
    for (const flow of this.#flows) {
      for (const { netns, order } of flow.receivers) await this.#place(netns).order(order);
      await this.#place(flow.sender.netns).order(flow.sender.order);
    }
    let dead: readonly string[] = [];
    const works = async () => {
      const views = await this.#look();
      dead = this.#flows.flatMap((f) =>
        f.receivers.filter((r) => !viewOf(views, r.netns, f).alive).map((r) => `${f.spec.id} at ${r.name}`),
      );
      return dead.length === 0 ? true : undefined;
    };
    await until('every flow to work', works, { timeoutMs: readyMs, everyMs: 30 }).catch((cause: unknown) => {
      throw new Error(`nothing comes by ${dead.join(', ')}`, { cause });
    });
    await this.mark();
  }

  /** Figures count from here. */
  async mark(): Promise<void> {
    const answers = await this.#all({ type: 'mark' });
    this.#spoken.clear();
    this.#markNs = Number(process.hrtime.bigint());
    this.#markedSeq = Object.fromEntries(
      this.#flows.map((f) => [f.spec.id, viewOf(answers, f.sender.netns, f).nextSeq ?? 0]),
    );
  }

  /** Figures since the mark; takes as long as the last datagram may be on its way. */
  async report(): Promise<TrafficReport> {
    const ending = await this.#look();
    const toNs = Number(process.hrtime.bigint());
    await delay(LATE_MS);
    const windows = Object.fromEntries(
      this.#flows.flatMap(({ spec, sender }) => {
        if (spec.kind === 'tcp' || spec.kind === 'idle') return [];
        const toSeq = ending.get(sender.netns)?.ends[spec.id]?.nextSeq ?? 0;
        const fromSeq = this.#markedSeq[spec.id] ?? 0;
        return [[spec.id, { fromSeq, toSeq, fromNs: this.#markNs, toNs, hz: hzOf(spec) }]];
      }),
    );
    const views = await this.#look(windows);
    const sentOf = (id: string) => (windows[id]?.toSeq ?? 0) - (windows[id]?.fromSeq ?? 0);
    return {
      seconds: (toNs - this.#markNs) / 1e9,
      flows: this.#flows.flatMap((f) => this.#figures(f, views, sentOf(f.spec.id))),
    };
  }

  /** Lets a side of an idle connection speak (usually the far one, first). True when the other heard it in time. */
  async speak(id: string, withinMs = SPEAK_MS, side: 'far' | 'near' = 'far'): Promise<boolean> {
    const flow = this.#flows.find((f) => f.spec.id === id && f.spec.kind === 'idle');
    const [server] = flow?.receivers ?? [];
    if (!flow || !server) throw new RangeError(`there is no idle flow '${id}'`);
    const [speaker, listener] = side === 'far' ? [server, flow.sender] : [flow.sender, server];
    const heard = async () => viewOf(await this.#look(), listener.netns, flow).bytes ?? 0;
    const words = side === 'far' ? id : `${id} ${side}`;
    const wanted = (this.#spoken.get(words) ?? 0) + 1;
    this.#spoken.set(words, wanted);
    await this.#place(speaker.netns).order({ type: 'speak', flow: id });
    const came = async () => ((await heard()) >= wanted ? true : undefined);
    return until('it to be heard', came, { timeoutMs: withinMs, everyMs: 20 }).catch(() => false);
  }

  /** The figures, and the end. */
  async stop(): Promise<TrafficReport> {
    const report = await this.report();
    await this[Symbol.asyncDispose]();
    return report;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#places.values()].map((place) => place[Symbol.asyncDispose]()));
  }

  #figures(flow: PlannedFlow, views: Views, sent: number): readonly FlowFigures[] {
    const { spec, sender } = flow;
    const near = viewOf(views, sender.netns, flow);
    return flow.receivers.map(({ name: to, netns }): FlowFigures => {
      const far = viewOf(views, netns, flow);
      const who = { id: spec.id, from: spec.from, to };
      const connected = near.alive && far.alive;
      switch (spec.kind) {
        case 'tcp': {
          const { bytes = 0, longestStallMs = 0 } = far;
          return { kind: 'tcp', ...who, bytes, longestStallMs, retransmissions: near.retransmissions ?? 0, connected };
        }
        case 'idle':
          return { kind: 'idle', ...who, spoken: this.#spoken.get(spec.id) ?? 0, heard: near.bytes ?? 0, connected };
        default:
          return { kind: spec.kind, ...who, hz: hzOf(spec), sent, ...(far.arrivals ?? nothingCame(sent)) };
      }
    });
  }

  #look(windows = {}): Promise<Views> {
    return this.#all({ type: 'look', windows });
  }

  async #all(order: Parameters<Place['order']>[0]): Promise<Views> {
    return new Map(
      await Promise.all([...this.#places].map(async ([netns, place]) => [netns, await place.order(order)] as const)),
    );
  }

  #place(netns: string): Place {
    const place = this.#places.get(netns);
    if (!place) throw new Error(`no process in ${netns}`);
    return place;
  }
}

type Views = ReadonlyMap<string, PlaceAnswer>;

function viewOf(views: Views, netns: string, flow: PlannedFlow): EndView {
  return views.get(netns)?.ends[flow.spec.id] ?? { role: 'receiver', alive: false };
}

function nothingCame(sent: number): ArrivalFigures {
  return { received: 0, lost: sent, duplicates: 0, reordered: 0, longestLostMs: 0, longestGapMs: 0 };
}
