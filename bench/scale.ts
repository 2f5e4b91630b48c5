import { randomUUID } from 'node:crypto';
import { transactOnce } from '../lab/ovsdb-once.ts';
import { pathsOf } from '../lab/run-dir.ts';
import { macOf } from '../lab/stable-ids.ts';
import { type LabState, statusOf } from '../lab/state.ts';
import { textTable } from '../lab/text-table.ts';
import { directMethod } from './cutover/direct-method.ts';
import { siteOf } from './cutover/method.ts';
import { measureSeries, type Series as SeriesRequest } from './cutover/rounds.ts';
import { type Load, spread } from './cutover/rows.ts';
import { type BenchEnvironment, describeEnvironment, environmentOf } from './environment.ts';
import { benchFootprint, type FootprintReport } from './footprint.ts';
import { onOneHypervisor } from './one-hypervisor.ts';

export interface ScaleBenchOptions extends Load {
  readonly taps: readonly number[];
  /** Logical ports in OVN NB besides the guests', for 8 taps. */
  readonly ports: readonly number[];
  readonly rounds: number;
  readonly batchSize: number;
  /** After so long no series begins, and no further round of one. */
  readonly minutes: number;
  /** Cuts and ways back of the real agent, for its memory; 0: none. */
  readonly cycles: number;
}

export interface ScaleRow {
  readonly taps: number;
  readonly ports: number;
  /** Where the fake ports are: on the taps' own switch, or on another. */
  readonly where: 'none' | 'same' | 'other';
  readonly op: 'cut' | 'revert';
  readonly p50: number;
  readonly p99: number;
  /** From the first frame that any tap lost until the last tap was through; median. */
  readonly hostDarkMs: number;
  readonly commandMs: number;
  /** Rounds in which frames were lost with nothing done, or a command failed: they do not count. */
  readonly useless: number;
  readonly n: number;
}

export interface ScaleReport {
  readonly schema: 1;
  readonly rows: readonly ScaleRow[];
  readonly memory?: FootprintReport;
  /** What could not be measured, in words. */
  readonly troubles: readonly string[];
  readonly load: Load;
  readonly env: BenchEnvironment;
}

type Series = Pick<ScaleRow, 'taps' | 'ports' | 'where'>;

const tapsOfPorts = 8;
/** Of one transaction. */
const insertMax = 1_000;

/** Blackout and host time of the direct method against taps and against ports in OVN; the agent's memory against cuts. */
export async function benchScale(options: ScaleBenchOptions, say: (text: string) => void): Promise<ScaleReport> {
  const endsMs = performance.now() + options.minutes * 60_000;
  const series = options.taps.length + 2 * options.ports.length;
  say(
    `plan: ${series} series of ${options.rounds} rounds, about ${series * (8 + 7 * options.rounds)} s on a quiet machine; after ${options.minutes} minutes none begins`,
  );
  const name = `bns${process.pid % 100_000}`;
  const load = { fullRate: options.fullRate, restHz: options.restHz };
  const rows: ScaleRow[] = [];
  const troubles: string[] = [];
  const late = () => performance.now() > endsMs;
  const play = async (lab: LabState, what: Series) => {
    const head = `${what.taps} taps, ${what.ports} ports on ${what.where}`;
    try {
      if (late()) throw new Error('no time was left');
      for (const row of await measure(lab, what, { ...options, load, late })) {
        if (row.n === 0) throw new Error(`no ${row.op} counts: ${row.useless} rounds were void or failed`);
        rows.push(row);
        say(JSON.stringify(row));
      }
    } catch (error) {
      troubles.push(`${head}: not measured: ${error instanceof Error ? error.message : String(error)}`);
      say(troubles.at(-1) ?? '');
    }
  };
  // Each number of taps on a hypervisor that has as many: what a port costs Open vSwitch depends on how many there are.
  for (const taps of options.taps)
    await onOneHypervisor(name, taps, (lab) => play(lab, { taps, ports: 0, where: 'none' }));
  const env = await onOneHypervisor(name, tapsOfPorts, async (lab) => {
    for (const where of ['other', 'same'] as const) {
      let there = 0;
      for (const ports of options.ports.toSorted((a, b) => a - b)) {
        if (late()) {
          await play(lab, { taps: tapsOfPorts, ports, where });
          continue;
        }
        await addPorts(lab, { from: there, to: ports, where });
        there = ports;
        await play(lab, { taps: tapsOfPorts, ports, where });
      }
      await removePorts(lab, where);
    }
    return environmentOf(lab);
  });
  if (options.cycles === 0) return { schema: 1, rows, troubles, load, env };
  const soak = { taps: tapsOfPorts, starts: 1, idleSeconds: 8, soakSeconds: 0, soakCycles: options.cycles };
  return { schema: 1, rows, troubles, load, memory: await benchFootprint(soak, say), env };
}

async function measure(
  lab: LabState,
  what: Series,
  { rounds, batchSize, load, late }: Required<Pick<SeriesRequest, 'rounds' | 'load' | 'late'>> & { batchSize: number },
): Promise<readonly ScaleRow[]> {
  await using method = await directMethod(lab, siteOf(lab, statusOf(lab)), { batchSize });
  const guests = lab.topology.guests.slice(0, what.taps);
  const { samples, hosts, note } = await measureSeries({ lab, method, guests, direction: 'in', rounds, load, late });
  return (['cut', 'revert'] as const).map((op) => {
    const of = samples.filter((sample) => sample.op === op);
    const host = hosts.filter((sample) => sample.op === op);
    const { p50, p99 } = spread(of.map((sample) => sample.blackoutMs));
    const hostDarkMs = spread(host.map((sample) => sample.darkMs)).p50;
    return {
      ...what,
      op,
      p50,
      p99,
      hostDarkMs,
      commandMs: spread(host.map((sample) => sample.commandMs)).p50,
      useless: note.void + note.failed,
      n: of.length,
    };
  });
}

interface FakePorts {
  readonly from: number;
  readonly to: number;
  readonly where: 'same' | 'other';
}

const otherSwitch = 'bench-other';

function switchOf(lab: LabState, where: 'same' | 'other'): string {
  return where === 'other' ? otherSwitch : `neutron-${lab.topology.networks[0]?.id ?? ''}`;
}

/** Ports that no hypervisor has, as those of all the other hypervisors of a cloud. */
async function addPorts(lab: LabState, { from, to, where }: FakePorts): Promise<void> {
  const { nb } = pathsOf(lab.topology.name);
  const name = switchOf(lab, where);
  if (where === 'other' && from === 0)
    await transactOnce(nb, 'OVN_Northbound', [{ op: 'insert', table: 'Logical_Switch', row: { name } }]);
  for (let at = from; at < to; at += insertMax) {
    const numbers = Array.from({ length: Math.min(insertMax, to - at) }, (_, index) => at + index);
    const inserts = numbers.map((number) => ({
      op: 'insert',
      table: 'Logical_Switch_Port',
      'uuid-name': `fake${number}`,
      row: { name: randomUUID(), addresses: `${macOf(0xee, number)} 10.222.${number >> 8}.${number & 255}` },
    }));
    const refs = numbers.map((number) => ['named-uuid', `fake${number}`]);
    const join = { op: 'mutate', table: 'Logical_Switch', where: [['name', '==', name]] };
    await transactOnce(nb, 'OVN_Northbound', [
      ...inserts,
      { ...join, mutations: [['ports', 'insert', ['set', refs]]] },
    ]);
  }
}

/** Only from a switch of ours: those of the taps' own go with the lab. */
async function removePorts(lab: LabState, where: 'same' | 'other'): Promise<void> {
  if (where === 'same') return;
  const { nb } = pathsOf(lab.topology.name);
  await transactOnce(nb, 'OVN_Northbound', [
    { op: 'delete', table: 'Logical_Switch', where: [['name', '==', otherSwitch]] },
  ]);
}

/** For people. */
export function renderScale({ rows, memory, troubles, env }: ScaleReport): string {
  const heads = [
    'taps',
    'fake ports',
    'on switch',
    'op',
    'p50 ms',
    'p99 ms',
    'host dark ms',
    'command ms',
    'void',
    'n',
  ];
  const body = rows.map((r) =>
    [r.taps, r.ports, r.where, r.op, r.p50, r.p99, r.hostDarkMs, r.commandMs, r.useless, r.n].map(String),
  );
  const told =
    memory === undefined
      ? []
      : [
          `agent: ${memory.rssMiB} MiB at rest; after ${memory.soakCycles} cuts and ways back ${memory.afterSoakRssMiB}`,
        ];
  return [textTable(heads, body), ...told, ...troubles, '', describeEnvironment(env)].join('\n');
}
