import { setTimeout as delay } from 'node:timers/promises';
import { execIn } from '../../lab/netns.ts';
import type { PingReport } from '../../lab/ping-record.ts';
import type { LabState } from '../../lab/state.ts';
import type { LabGuest } from '../../lab/topology.ts';
import type { Method, Op } from './method.ts';
import { type HostSample, type Load, type Sample, type SeriesNote, spread, type TrafficDirection } from './rows.ts';
import { type Senders, startSenders } from './senders.ts';

const nullMs = 500;
/** The shell script's way back leaves guests that are only spoken to dark until they happen to speak: what is told of it is at least this. */
const quietLimitMs = 6_000;
/** Rounds of no use, void or failed, besides one a wanted round. */
const uselessMax = 1;

export interface Series {
  readonly lab: LabState;
  readonly method: Method;
  readonly guests: readonly LabGuest[];
  readonly direction: TrafficDirection;
  readonly rounds: number;
  readonly load: Load;
  /** No round begins once this says so; the first always does. */
  readonly late?: () => boolean;
}

export interface SeriesResult {
  readonly samples: readonly Sample[];
  readonly hosts: readonly HostSample[];
  readonly note: SeriesNote;
}

/**
 * Rounds of one method until there are enough valid ones, or too many of no use, or it is late. A round is void when one of its null
 * runs lost a frame, and failed when a command did; both are counted, and neither ends the benchmark.
 */
export async function measureSeries(series: Series): Promise<SeriesResult> {
  const { method, guests, rounds, direction, load, lab, late = () => false } = series;
  await using senders = await startSenders(lab, guests, direction, load);
  const valid: Round[] = [];
  const voids: Round[] = [];
  const failures: string[] = [];
  while (valid.length < rounds && voids.length + failures.length < rounds + uselessMax) {
    if (valid.length + voids.length + failures.length > 0 && late()) break;
    try {
      const round = await playRound(senders, series);
      (round.clean ? valid : voids).push(round);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
      if (!(await isHome(series, failures))) break;
    }
    await letGuestsSpeak(lab, guests);
  }
  const what = { method: method.name, taps: guests.length, direction };
  const counts = { wanted: rounds, valid: valid.length, void: voids.length, failed: failures.length };
  const lost = voids.map((round) => round.nullLost);
  const voidMs = voids.flatMap((round) => round.samples.map((sample) => sample.blackoutMs));
  return {
    samples: valid.flatMap((r) => r.samples),
    hosts: valid.flatMap((r) => r.hosts),
    note: { ...what, ...counts, nullLost: lost, voidP50: spread(voidMs).p50, failures },
  };
}

/** Brings the guests home; where that fails too, no more rounds can be played. */
async function isHome({ method, guests }: Series, failures: string[]): Promise<boolean> {
  try {
    await method.bringHome(guests);
    return true;
  } catch (error) {
    failures.push(`bringing guests home: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

interface Round {
  readonly clean: boolean;
  /** Frames lost while nothing was done. */
  readonly nullLost: number;
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
  let nullLost = 0;
  for (const { op, nullNs, startNs, returnedNs, endNs } of played) {
    const nullRun = await senders.report(nullNs, startNs);
    const run = await senders.report(startNs, endNs);
    nullLost += nullRun.lost;
    clean &&= nullRun.lost === 0 && nullRun.skipped === run.skipped;
    const what = { method: method.name, op, taps: guests.length, direction };
    for (const { longestLostMs, lost } of run.targets) samples.push({ ...what, blackoutMs: longestLostMs, lost });
    hosts.push({ ...what, commandMs: (returnedNs - startNs) / 1e6, darkMs: darkMs(run) });
  }
  return { clean, nullLost, samples, hosts };
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
