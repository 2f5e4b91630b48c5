import { downLab } from '../lab/down.ts';
import { type LabState, statusOf } from '../lab/state.ts';
import type { LabGuest } from '../lab/topology.ts';
import { upLab } from '../lab/up.ts';
import { directMethod } from './cutover/direct-method.ts';
import { type Method, type MethodName, siteOf } from './cutover/method.ts';
import { measureSeries } from './cutover/rounds.ts';
import { type BenchReport, type HostSample, type Sample, type StreamSample, summarise } from './cutover/rows.ts';
import { scriptMethods } from './cutover/script-methods.ts';
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
  const guests = Math.max(...options.taps);
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
  await using stack = new AsyncDisposableStack();
  const samples: Sample[] = [];
  const hosts: HostSample[] = [];
  const streams: StreamSample[] = [];
  let voidRuns = 0;
  const all = lab.topology.guests;
  for (const method of await methodsOf(lab, options, stack)) {
    for (const taps of options.taps) {
      for (const direction of directions) {
        const rounds = roundsFor(method.name, taps, options);
        const done = await measureSeries({ lab, method, guests: all.slice(0, taps), direction, rounds });
        samples.push(...done.samples);
        hosts.push(...done.hosts);
        voidRuns += done.voidRounds;
        say(
          `${method.name}, ${taps} taps, traffic ${direction}: ${told(method, done.samples)}; void: ${done.voidRounds}`,
        );
      }
    }
    for (const direction of directions) streams.push(...(await streamsOf(lab, { method, direction }, options)));
  }
  return summarise({ samples, hosts, streams, voidRuns, env: await environmentOf(lab) });
}

/** 64 taps are 64 samples a round: a third of the rounds, two at least of our own. */
export function roundsFor(method: MethodName, taps: number, options: CutoverBenchOptions): number {
  const ours = method === 'direct' || method === 'shunt';
  const rounds = ours ? options.rounds : options.baselineRounds;
  if (taps < 8) return rounds;
  return Math.min(rounds, Math.max(ours ? 2 : 1, Math.ceil(rounds / 3)));
}

async function methodsOf(
  lab: LabState,
  options: CutoverBenchOptions,
  stack: AsyncDisposableStack,
): Promise<readonly Method[]> {
  const site = siteOf(lab, statusOf(lab));
  const methods = [...scriptMethods(site)].filter((method) => options.methods.includes(method.name));
  if (options.methods.includes('direct')) methods.push(stack.use(await directMethod(lab, site, options)));
  return methods;
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
  return method.round
    .map((op) => {
      const of = samples.filter((sample) => sample.op === op).map((sample) => sample.blackoutMs);
      return `${op} ${of
        .slice(0, 12)
        .map((ms) => ms.toFixed(0))
        .join(' ')}${of.length > 12 ? ' …' : ''} ms`;
    })
    .join(', ');
}
