import { setTimeout as delay } from 'node:timers/promises';
import type { LabState } from '../../lab/state.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { planFlows } from '../../lab/traffic/plan-flows.ts';
import { TrafficSession } from '../../lab/traffic/traffic.ts';
import type { Method } from './method.ts';
import type { StreamSample, TrafficDirection } from './rows.ts';

const bytesPerSecond = 16e6;
/** How long a stream is watched at least, alone and across a command; a script's way back stops it for seconds. */
const windowMs = { ours: 1_200, scripts: 4_000 } as const;
const id = 'stream';
/** The lab's group lets in what comes to this port. */
const port = 22;
const readyMs = 15_000;

export interface StreamSeries {
  readonly lab: LabState;
  readonly method: Method;
  readonly guest: LabGuest;
  readonly direction: TrafficDirection;
  readonly rounds: number;
  /** No round begins once this says so; the first always does. */
  readonly late: () => boolean;
}

/** A TCP stream of 16 MB/s through each command of a round, and beside it the same stream left alone, as often. */
export async function measureStreams(series: StreamSeries): Promise<readonly StreamSample[]> {
  const { lab, method, guest, direction, rounds, late } = series;
  const [from, to] = direction === 'in' ? ['ext', guest.name] : [guest.name, 'ext'];
  const flows = planFlows(lab.topology, [{ kind: 'tcp', id, from, to, bytesPerSecond }], port);
  await using session = new TrafficSession(flows);
  await session.open(readyMs);
  const samples: StreamSample[] = [];
  const leastMs = windowMs[method.name === 'direct' || method.name === 'shunt' ? 'ours' : 'scripts'];
  for (let round = 0; round < rounds && (round === 0 || !late()); round += 1) {
    for (const op of method.round) {
      const alone = await watch(session, leastMs, async () => undefined);
      const across = await watch(session, leastMs, () => method.perform(op, [guest]));
      samples.push({
        method: method.name,
        op,
        direction,
        aloneMs: alone.longestStallMs,
        stallMs: across.longestStallMs,
        retransmissionsAlone: alone.retransmissions,
        retransmissions: across.retransmissions,
        connected: across.connected,
      });
    }
  }
  return samples;
}

async function watch(session: TrafficSession, leastMs: number, body: () => Promise<void>) {
  await session.mark();
  await Promise.all([body(), delay(leastMs)]);
  const figures = (await session.report()).flows.find((flow) => flow.kind === 'tcp');
  if (!figures) throw new Error('the stream has no figures');
  return figures;
}
