import { downLab } from '../lab/down.ts';
import { type LabState, statusOf } from '../lab/state.ts';
import type { LabGuest } from '../lab/topology.ts';
import { upLab } from '../lab/up.ts';
import { directMethod } from './cutover/direct-method.ts';
import { type Method, type MethodName, siteOf } from './cutover/method.ts';
import { measureSeries, type SeriesResult } from './cutover/rounds.ts';
import { type BenchReport, type Sample, type StreamSample, summarise } from './cutover/rows.ts';
import { scriptMethod } from './cutover/script-methods.ts';
import { shuntMethod } from './cutover/shunt-method.ts';
import { measureStreams } from './cutover/streams.ts';
import { environmentOf } from './environment.ts';

export interface CutoverBenchOptions {
  readonly methods: readonly MethodName[];
  readonly taps: readonly number[];
  /** Valid rounds of our own methods at one tap; more taps are more samples a round and take fewer, see {@link roundsFor}. */
  readonly rounds: number;
  /** The same of the others, which take seconds each. */
  readonly baselineRounds: number;
  /** Rounds of a TCP stream; 0: none. */
  readonly streamRounds: number;
  readonly batchSize: number;
}

const directions = ['in', 'out'] as const;

/** Measures all methods beside each other in one lab of one hypervisor. */
export async function benchCutover(options: CutoverBenchOptions, say: (text: string) => void): Promise<BenchReport> {
  const name = `bn${process.pid % 100_000}`;
  const guests = Math.max(...options.taps) + 1; // the last one warms the switch for direct and is not measured
  say(`building lab ${name}: 1 hypervisor, ${guests} guests, one VLAN network`);
  const lab = await upLab({
    name,
    hosts: 1,
    guests,
    networks: 1,
    programs: false,
    prometheus: false,
    owner: 'process',
  });
  try {
    return await measure(lab, options, say);
  } finally {
    await downLab(name);
  }
}

async function measure(lab: LabState, options: CutoverBenchOptions, say: (text: string) => void): Promise<BenchReport> {
  const all: Measured[] = [];
  for (const name of options.methods) {
    await using method = await openMethod(name, lab, options); // one after the other: ours hold the agent's lock
    all.push(await measureMethod(method, lab, options, say));
  }
  return summarise({
    samples: all.flatMap((one) => one.samples),
    hosts: all.flatMap((one) => one.hosts),
    streams: all.flatMap((one) => one.streams),
    voidRuns: all.reduce((sum, one) => sum + one.voidRounds, 0),
    env: await environmentOf(lab),
  });
}

interface Measured extends SeriesResult {
  readonly streams: readonly StreamSample[];
}

async function measureMethod(
  method: Method,
  lab: LabState,
  options: CutoverBenchOptions,
  say: (text: string) => void,
): Promise<Measured> {
  const done: SeriesResult[] = [];
  for (const taps of options.taps) {
    for (const direction of directions) {
      const rounds = roundsFor(method.name, taps, options);
      const guests = lab.topology.guests.slice(0, taps);
      const series = await measureSeries({ lab, method, guests, direction, rounds });
      done.push(series);
      const head = `${method.name}, ${taps} taps, traffic ${direction}`;
      say(`${head}: ${told(method, series.samples)}; void: ${series.voidRounds}`);
    }
  }
  const streams: StreamSample[] = [];
  for (const direction of directions) streams.push(...(await streamsOf(lab, { method, direction }, options)));
  return {
    samples: done.flatMap((series) => series.samples),
    hosts: done.flatMap((series) => series.hosts),
    voidRounds: done.reduce((sum, series) => sum + series.voidRounds, 0),
    streams,
  };
}

/** 64 taps are 64 samples a round: a third of the rounds, two at least of our own. */
export function roundsFor(method: MethodName, taps: number, options: CutoverBenchOptions): number {
  const ours = method === 'direct' || method === 'shunt';
  const rounds = ours ? options.rounds : options.baselineRounds;
  if (taps < 8) return rounds;
  return Math.min(rounds, Math.max(ours ? 2 : 1, Math.ceil(rounds / 3)));
}

async function openMethod(name: MethodName, lab: LabState, options: CutoverBenchOptions): Promise<Method> {
  const site = siteOf(lab, statusOf(lab));
  switch (name) {
    case 'direct':
      return directMethod(lab, site, options);
    case 'shunt':
      return shuntMethod(lab, site);
    default:
      return scriptMethod(name, site);
  }
}

async function streamsOf(
  lab: LabState,
  what: { readonly method: Method; readonly direction: 'in' | 'out' },
  options: CutoverBenchOptions,
): Promise<readonly StreamSample[]> {
  const guest: LabGuest | undefined = lab.topology.guests[0];
  if (guest === undefined || options.streamRounds === 0) return [];
  return measureStreams({
    lab,
    ...what,
    guest,
    rounds: Math.min(options.streamRounds, roundsFor(what.method.name, 1, options)),
  });
}

function told(method: Method, samples: readonly Sample[]): string {
  return [...new Set(method.round)]
    .map((op) => {
      const of = samples.filter((sample) => sample.op === op).map((sample) => sample.blackoutMs);
      return `${op} ${of
        .slice(0, 12)
        .map((ms) => ms.toFixed(0))
        .join(' ')}${of.length > 12 ? ' …' : ''} ms`;
    })
    .join(', ');
}
