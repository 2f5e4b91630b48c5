import { downLab } from '../lab/down.ts';
import { execIn } from '../lab/netns.ts';
import type { PingReport } from '../lab/ping-record.ts';
import { type PingerSession, startPinger } from '../lab/pinger.ts';
import { type LabState, statusOf } from '../lab/state.ts';
import type { LabGuest } from '../lab/topology.ts';
import { upLab } from '../lab/up.ts';
import { directMethod } from './direct-method.ts';
import { environmentOf } from './environment.ts';
import { type BenchReport, type Op, type Sample, summarise, type TrafficDirection } from './rows.ts';
import { type Method, shellMethod } from './shell-method.ts';

export interface CutoverBenchOptions {
  readonly runs: number;
  readonly baselineRuns: number;
  readonly taps: readonly number[];
}

/** Sequence numbers a second: a lost one is one millisecond. */
const hz = 1000;
/** Senders at full rate in one direction; more starve two cores, and a starved run says nothing. */
const fullRateMax = 8;
const restHz = 100;
const nullMs = 500;
/** Measured until this long after the command has ended: the shell script's way back leaves guests dark for seconds. */
const settleMs = { shell: { cut: 2500, revert: 12_000 }, direct: { cut: 700, revert: 700 } } as const;
const triesMax = 4;

/** Measures all rows in one lab. Runs whose null run lost a frame are void and are done again, at most {@link triesMax} times as often. */
export async function benchCutover(options: CutoverBenchOptions, say: (text: string) => void): Promise<BenchReport> {
  const name = `bench${process.pid % 10_000}`;
  const guests = Math.max(...options.taps);
  say(`building lab ${name}: 2 hypervisors, ${guests} guests each, one VLAN network`);
  const lab = await upLab({ name, hosts: 2, guests, networks: 1, programs: false, owner: 'process' });
  try {
    return await measure(lab, options, say);
  } finally {
    await downLab(name);
  }
}

async function measure(lab: LabState, options: CutoverBenchOptions, say: (text: string) => void): Promise<BenchReport> {
  await using shell = shellMethod(lab, statusOf(lab));
  await using direct = await directMethod(lab, statusOf(lab));
  const samples: Sample[] = [];
  let voidRuns = 0;
  for (const taps of options.taps) {
    for (const direction of ['in', 'out'] as const) {
      for (const [method, runs] of [
        [shell, options.baselineRuns],
        [direct, options.runs],
      ] as const) {
        const done = await repeat({ lab, method, taps, direction, runs, say });
        samples.push(...done.samples);
        voidRuns += done.voidRuns;
      }
    }
  }
  return summarise(samples, { voidRuns, env: await environmentOf(lab) });
}

interface Series {
  readonly lab: LabState;
  readonly method: Method;
  readonly taps: number;
  readonly direction: TrafficDirection;
  readonly runs: number;
  readonly say: (text: string) => void;
}

/** Cut and revert in turn, until there are enough valid runs. */
async function repeat(series: Series): Promise<{ readonly samples: readonly Sample[]; readonly voidRuns: number }> {
  const { lab, method, taps, direction, runs, say } = series;
  const guests = lab.topology.guests.filter((guest) => guest.hypervisor === 'hv1').slice(0, taps);
  await using senders = startSenders(lab, guests, direction);
  await senders.ready;
  const samples: Sample[] = [];
  let valid = 0;
  let voidRuns = 0;
  while (valid < runs && voidRuns < runs * triesMax) {
    const pair = [
      await measureOne(senders, { ...series, guests }, 'cut'),
      await measureOne(senders, { ...series, guests }, 'revert'),
    ];
    await letGuestsSpeak(lab, guests);
    if (pair.some((run) => run === undefined)) voidRuns += 1;
    else valid += 1;
    if (pair.every((run) => run !== undefined)) samples.push(...pair.flat());
  }
  const told = samples.filter((sample) => sample.op === 'cut').map((sample) => sample.blackoutMs.toFixed(0));
  say(
    `${method.name}, ${taps} taps, traffic ${direction}: ${valid} valid runs, ${voidRuns} void; cut ${told.join(' ')} ms`,
  );
  if (valid < runs)
    throw new Error(
      `only ${valid} of ${runs} runs of ${method.name} had a clean null run: the machine is too busy for figures`,
    );
  return { samples, voidRuns };
}

async function measureOne(
  senders: Senders,
  series: Series & { readonly guests: readonly LabGuest[] },
  op: Op,
): Promise<readonly Sample[] | undefined> {
  const { method, guests, taps, direction } = series;
  const nullRun = await senders.window(() => new Promise((resolve) => setTimeout(resolve, nullMs)));
  const run = await senders.window(async () => {
    await (op === 'cut' ? method.cut(guests) : method.revert(guests));
    await new Promise((resolve) => setTimeout(resolve, settleMs[method.name === 'shell' ? 'shell' : 'direct'][op]));
  });
  if (nullRun.some((report) => report.lost > 0)) return undefined;
  return run
    .flatMap((report) => report.targets)
    .map((target) => ({
      method: method.name,
      op,
      taps,
      direction,
      blackoutMs: target.longestLostMs,
      lost: target.lost,
    }));
}

/**
 * A frame of each guest's own repairs every table: the shell script's way back may leave a guest that is only spoken to dark for longer
 * than anybody waits here, and the next run has to begin with guests that answer.
 */
async function letGuestsSpeak(lab: LabState, guests: readonly LabGuest[]): Promise<void> {
  const ext = lab.topology.networks[0]?.ext.ip4 ?? '';
  await Promise.all(
    guests.map((guest) => execIn(guest.netns, ['ping', '-n', '-q', '-c', '2', '-i', '0.2', '-W', '2', ext])),
  );
}

interface Senders extends AsyncDisposable {
  readonly ready: Promise<void>;
  window(body: () => Promise<void>): Promise<readonly PingReport[]>;
}

/** `in`: one sender beyond the wire asks all guests. `out`: each guest asks that host itself. */
function startSenders(lab: LabState, guests: readonly LabGuest[], direction: TrafficDirection): Senders {
  const [network] = lab.topology.networks;
  if (!network) throw new Error('the lab has no network');
  const rate = (index: number) => (index < fullRateMax ? hz : restHz);
  const sessions: readonly PingerSession[] =
    direction === 'in'
      ? [
          startPinger({
            netns: network.ext.netns,
            targets: guests.map((guest, index) => ({ id: guest.name, ip: guest.ip4, hz: rate(index) })),
          }),
        ]
      : guests.map((guest, index) =>
          // Eight processes at full rate starve two cores: eight senders share what one may send.
          startPinger({
            netns: guest.netns,
            targets: [{ id: guest.name, ip: network.ext.ip4, hz: guests.length === 1 ? hz : rate(index) / 4 }],
          }),
        );
  return {
    ready: Promise.all(sessions.map((session) => session.ready)).then(() => undefined),
    window: async (body) => {
      const marks = sessions.map((session) => session.mark());
      await body();
      return Promise.all(
        sessions.map((session, index) => session.report({ fromNs: marks[index] ?? 0, toNs: session.mark() })),
      );
    },
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()))),
  };
}
