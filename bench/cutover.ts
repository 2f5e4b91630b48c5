import { type LabState, statusOf } from '../lab/state.ts';
import { directMethod } from './cutover/direct-method.ts';
import { type Method, type MethodName, siteOf } from './cutover/method.ts';
import { measureSeries, type SeriesResult } from './cutover/rounds.ts';
import { type BenchReport, type Load, type Sample, type StreamSample, summarise } from './cutover/rows.ts';
import {
  type Amount,
  describeSchedule,
  directions,
  type SeriesPlan,
  seriesOf,
  streamRoundsFor,
} from './cutover/schedule.ts';
import { scriptMethod } from './cutover/script-methods.ts';
import { shuntMethod } from './cutover/shunt-method.ts';
import { measureStreams } from './cutover/streams.ts';
import { type BenchEnvironment, environmentOf } from './environment.ts';
import { onOneHypervisor } from './one-hypervisor.ts';

export interface CutoverBenchOptions extends Amount, Load {
  readonly batchSize: number;
  /** After so long no round begins any more; what is left is told. */
  readonly minutes: number;
}

type Say = (text: string) => void;

/** One run of the benchmark. */
interface Run {
  readonly options: CutoverBenchOptions;
  readonly late: () => boolean;
  readonly say: Say;
  readonly done: SeriesResult[];
  readonly streams: StreamSample[];
  readonly troubles: string[];
}

/** The part of a run on one hypervisor. */
interface LabRun extends Run {
  readonly lab: LabState;
  readonly taps: number;
  /** Streams are measured once, where the fewest guests are. */
  readonly streamed: boolean;
}

/**
 * Measures all methods beside each other, for each number of taps on a hypervisor that has as many: what a port costs Open vSwitch depends on how
 * many there are.
 */
export async function benchCutover(options: CutoverBenchOptions, say: Say): Promise<BenchReport> {
  const endsMs = performance.now() + options.minutes * 60_000;
  say(describeSchedule(options, options.minutes));
  const late = () => performance.now() > endsMs;
  const run: Run = { options, late, say, done: [], streams: [], troubles: [] };
  const [fewest = 1] = options.taps.toSorted((a, b) => a - b);
  let env: BenchEnvironment | undefined;
  for (const taps of options.taps) env = await inOneLab(run, taps, taps === fewest);
  if (env === undefined) throw new Error('no number of taps was asked for');
  return summarise({
    samples: run.done.flatMap((one) => one.samples),
    hosts: run.done.flatMap((one) => one.hosts),
    streams: run.streams,
    series: run.done.map((one) => one.note),
    troubles: run.troubles,
    load: loadOf(options),
    env,
  });
}

function inOneLab(run: Run, taps: number, streamed: boolean): Promise<BenchEnvironment> {
  const name = `bn${process.pid % 100_000}`;
  run.say(`building lab ${name}: 1 hypervisor, ${taps + 1} guests, one VLAN network`);
  return onOneHypervisor(name, taps, async (lab) => {
    for (const method of run.options.methods) await withMethod({ ...run, lab, taps, streamed }, method);
    return environmentOf(lab);
  });
}

/** A method that breaks altogether is told; the others are measured all the same. */
async function withMethod(run: LabRun, name: MethodName): Promise<void> {
  try {
    await using method = await openMethod(name, run.lab, run.options); // one after the other: ours hold the agent's lock
    for (const plan of seriesOf(name, { ...run.options, taps: [run.taps] })) await oneSeries(run, method, plan);
    if (run.streamed) for (const direction of directions) await oneStream(run, method, direction);
  } catch (error) {
    trouble(run, `${name}: ${wordsOf(error)}`);
  }
}

async function oneSeries(run: LabRun, method: Method, { taps, direction, rounds }: SeriesPlan): Promise<void> {
  const { lab, late } = run;
  const head = `${method.name}, ${taps} taps, traffic ${direction}`;
  if (late()) return trouble(run, `${head}: not measured, no time was left`);
  const guests = lab.topology.guests.slice(0, taps);
  const series = await measureSeries({ lab, method, guests, direction, rounds, load: loadOf(run.options), late });
  run.done.push(series);
  const { valid, failed, failures } = series.note;
  run.say(
    `${head}: ${told(method, series.samples)}; ${valid} of ${rounds} valid, void: ${series.note.void}, failed: ${failed}`,
  );
  for (const words of failures) run.say(`  failed: ${words}`);
}

async function oneStream(run: LabRun, method: Method, direction: 'in' | 'out'): Promise<void> {
  const { lab, late, options } = run;
  const [guest] = lab.topology.guests;
  const rounds = streamRoundsFor(method.name, options);
  if (guest === undefined || rounds === 0) return;
  const head = `${method.name}, stream ${direction}`;
  if (late()) return trouble(run, `${head}: not measured, no time was left`);
  try {
    run.streams.push(...(await measureStreams({ lab, method, direction, guest, rounds, late })));
    run.say(`${head}: done`);
  } catch (error) {
    trouble(run, `${head}: ${wordsOf(error)}`);
    await method.bringHome([guest]);
  }
}

function loadOf({ fullRate, restHz }: Load): Load {
  return { fullRate, restHz };
}

function trouble(run: Run, text: string): void {
  run.troubles.push(text);
  run.say(text);
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

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
