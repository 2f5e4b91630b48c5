import { setTimeout as delay } from 'node:timers/promises';
import type { PingReport } from '../../lab/ping-record.ts';
import { startPinger } from '../../lab/pinger.ts';
import type { LabState } from '../../lab/state.ts';
import type { LabGuest } from '../../lab/topology.ts';
import type { Load, TrafficDirection } from './rows.ts';

const fullHz = 1000;
/** After a command: over when nothing was lost for so long. */
const quietMs = 1_000;
const lookEveryMs = 250;
/** An answer that is not there after this is called late; only the way out of waiting depends on it. */
const lateMs = 100;

export interface Senders extends AsyncDisposable {
  mark(): number;
  /** What was sent between two marks; answers a second after the later one. */
  report(fromNs: number, toNs: number): Promise<PingReport>;
  /** Waits until a whole second went by without a loss, at most `limitMs`. */
  untilQuiet(limitMs: number): Promise<void>;
}

/**
 * The ground truth: one process that knows nothing of Shunt and asks by ICMP. `in`: from a host beyond the wire, all guests. `out`: from
 * each guest's own namespace, that host.
 */
export async function startSenders(
  lab: LabState,
  guests: readonly LabGuest[],
  direction: TrafficDirection,
  load: Load,
): Promise<Senders> {
  const [network] = lab.topology.networks;
  if (!network) throw new Error('the lab has no network');
  const { ext } = network;
  const targets = guests.map((guest, index) => {
    const hz = index < load.fullRate ? fullHz : load.restHz;
    return direction === 'in'
      ? { id: guest.name, ip: guest.ip4, hz }
      : { id: guest.name, ip: ext.ip4, hz, netns: guest.netns };
  });
  const session = startPinger({ netns: ext.netns, targets });
  try {
    await session.ready;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
  return {
    mark: () => session.mark(),
    report: (fromNs, toNs) => session.report({ fromNs, toNs }),
    untilQuiet: async (limitMs) => {
      const began = performance.now();
      for (let quiet = 0; quiet < quietMs && performance.now() - began < limitMs; ) {
        const fromNs = session.mark();
        await delay(lookEveryMs);
        const { lost } = await session.report({ fromNs, toNs: session.mark() - lateMs * 1e6 }, lateMs);
        quiet = lost === 0 ? quiet + lookEveryMs : 0;
      }
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}
