import { setTimeout as delay } from 'node:timers/promises';
import type { LabState } from '../../lab/state.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { startTraffic, type TrafficSession } from '../../lab/traffic/traffic.ts';
import type { Method } from './method.ts';
import type { StreamSample, TrafficDirection } from './rows.ts';

const bytesPerSecond = 16e6;
/** How long a stream is watched at least, alone and across a command. */
const windowMs = 1_200;
const id = 'stream';

export interface StreamSeries {
  readonly lab: LabState;
  readonly method: Method;
  readonly guest: LabGuest;
  readonly direction: TrafficDirection;
  readonly rounds: number;
}

/** A TCP stream of 16 MB/s through each command of a round, and beside it the same stream left alone, as often. */
export async function measureStreams(series: StreamSeries): Promise<readonly StreamSample[]> {
  const { lab, method, guest, direction, rounds } = series;
  const [from, to] = direction === 'in' ? ['ext', guest.name] : [guest.name, 'ext'];
  await using session = await startTraffic(lab.topology.name, [{ kind: 'tcp', id, from, to, bytesPerSecond }]);
  const samples: StreamSample[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const op of method.round) {
      const alone = await watch(session, async () => undefined);
      const across = await watch(session, () => method.perform(op, [guest]));
      samples.push({
        method: method.name,
        op,
        direction,
        aloneMs: alone.longestStallMs,
        stallMs: across.longestStallMs,
        retransmissions: across.retransmissions,
        connected: across.connected,
      });
    }
  }
  return samples;
}

async function watch(session: TrafficSession, body: () => Promise<void>) {
  await session.mark();
  await Promise.all([body(), delay(windowMs)]);
  const figures = (await session.report()).flows.find((flow) => flow.kind === 'tcp');
  if (!figures) throw new Error('the stream has no figures');
  return figures;
}
