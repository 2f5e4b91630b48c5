import { setTimeout as delay } from 'node:timers/promises';
import { execIn } from '../../lab/netns.ts';
import type { PingReport } from '../../lab/ping-record.ts';
import type { LabState } from '../../lab/state.ts';
import type { LabGuest } from '../../lab/topology.ts';
import type { Method, Op } from './method.ts';
import type { HostSample, Sample, TrafficDirection } from './rows.ts';
import { type Senders, startSenders } from './senders.ts';

const nullMs = 500;
/** The shell script's way back leaves guests that are only spoken to dark until they happen to speak. */
const quietLimitMs = 12_000;
/** Void rounds to a valid one at most. */
const triesMax = 4;

export interface Series {
  readonly lab: LabState;
  readonly method: Method;
  readonly guests: readonly LabGuest[];
  readonly direction: TrafficDirection;
  readonly rounds: number;
}

export interface SeriesResult {
  readonly samples: readonly Sample[];
  readonly hosts: readonly HostSample[];
  readonly voidRounds: number;
}

/** Rounds of one method until there are enough valid ones. A round is void when one of its null runs lost a frame. */
export async function measureSeries(series: Series): Promise<SeriesResult> {
  const { method, guests, rounds, direction, lab } = series;
  await using senders = await startSenders(lab, guests, direction);
  const valid: Round[] = [];
  let voidRounds = 0;
  while (valid.length < rounds) {
    if (voidRounds >= rounds * triesMax)
      throw new Error(
        `only ${valid.length} of ${rounds} rounds of ${method.name}, ${guests.length} taps, had clean null runs: the machine is too busy for figures`,
      );
    const round = await playRound(senders, series);
    if (round.clean) valid.push(round);
    else voidRounds += 1;
    await letGuestsSpeak(lab, guests);
  }
  return { samples: valid.flatMap((r) => r.samples), hosts: valid.flatMap((r) => r.hosts), voidRounds };
}

interface Round {
  readonly clean: boolean;
  readonly samples: readonly Sample[];
  readonly hosts: readonly HostSample[];
}

interface Played {
  readonly op: Op;
  readonly nullNs: number;
  readonly startNs: number;
  readonly returnedNs: number;
  readonly endNs: number;
}

async function playRound(senders: Senders, { method, guests, direction }: Series): Promise<Round> {
  const played: Played[] = [];
  for (const op of method.round) {
    const nullNs = senders.mark();
    await delay(nullMs);
    const startNs = senders.mark();
    await method.perform(op, guests);
    const returnedNs = senders.mark();
    await senders.untilQuiet(quietLimitMs);
    played.push({ op, nullNs, startNs, returnedNs, endNs: senders.mark() });
  }
  const samples: Sample[] = [];
  const hosts: HostSample[] = [];
  let clean = true;
  for (const { op, nullNs, startNs, returnedNs, endNs } of played) {
    const nullRun = await senders.report(nullNs, startNs);
    const run = await senders.report(startNs, endNs);
    clean &&= nullRun.lost === 0 && nullRun.skipped === run.skipped;
    const what = { method: method.name, op, taps: guests.length, direction };
    for (const { longestLostMs, lost } of run.targets) samples.push({ ...what, blackoutMs: longestLostMs, lost });
    hosts.push({ ...what, commandMs: (returnedNs - startNs) / 1e6, darkMs: darkMs(run) });
  }
  return { clean, samples, hosts };
}

/** From the first frame that any tap of the host lost until the last of them was through. */
function darkMs({ targets }: PingReport): number {
  const runs = targets.flatMap((target) => target.lostRuns);
  if (runs.length === 0) return 0;
  const ends = runs.map((run) => run.fromNs + run.ms * 1e6);
  return (Math.max(...ends) - Math.min(...runs.map((run) => run.fromNs))) / 1e6;
}

/** A frame of each guest's own repairs every table: the next round has to begin with guests that answer. */
async function letGuestsSpeak(lab: LabState, guests: readonly LabGuest[]): Promise<void> {
  const ext = lab.topology.networks[0]?.ext.ip4 ?? '';
  await Promise.all(guests.map((guest) => execIn(guest.netns, ['ping', '-n', '-q', '-c', '1', '-W', '2', ext])));
}
