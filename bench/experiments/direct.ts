/** Which way of the direct cut is the shortest: see README.md. `node bench/experiments/direct.ts [--rounds n]`. */
import { Command } from 'commander';
import { downLab } from '../../lab/down.ts';
import { type LabState, statusOf } from '../../lab/state.ts';
import { textTable } from '../../lab/text-table.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { upLab } from '../../lab/up.ts';
import { CutterProcess } from '../cutover/cutter-process.ts';
import { targetOf } from '../cutover/direct-method.ts';
import { type Method, siteOf } from '../cutover/method.ts';
import { measureSeries } from '../cutover/rounds.ts';
import { fullLoad, spread } from '../cutover/rows.ts';
import { type Repair, repairs, type VariantRequest } from './repair.ts';

interface Variant {
  readonly repair: Repair;
  readonly taps: number;
  readonly batchSize: number;
  /** Another port of the switch is on the hypervisor already. */
  readonly warm: boolean;
}

const flags = new Command('direct')
  .option('--rounds <n>', 'valid rounds of each', Number, 5)
  .option('--only <part>', 'repair, warmth or batch')
  .option('--taps <n>', 'taps of the part batch', Number, 32)
  .parse()
  .opts<{ rounds: number; only?: string; taps: number }>();

const parts: Readonly<Record<string, readonly Variant[]>> = {
  repair: repairs.map((repair) => ({ repair, taps: 1, batchSize: 1, warm: true })),
  warmth: [true, false].map((warm) => ({ repair: 'product', taps: 1, batchSize: 1, warm })),
  batch: [1, 2, 4, 8, 16].map((batchSize) => ({ repair: 'product', taps: flags.taps, batchSize, warm: true })),
};

const name = `bnx${process.pid % 100_000}`;
const lab = await upLab({
  name,
  hosts: 1,
  guests: flags.taps + 1,
  networks: 1,
  programs: false,
  prometheus: false,
  owner: 'process',
});
try {
  for (const [part, variants] of Object.entries(parts)) {
    if (flags.only === undefined || flags.only === part) await measure(part, variants);
  }
} finally {
  await downLab(name);
}

async function measure(part: string, variants: readonly Variant[]): Promise<void> {
  const rows: string[][] = [];
  for (const variant of variants) {
    await using cutter = await CutterProcess.start(siteOf(lab, statusOf(lab)), 'experiments/variant-cutter.ts');
    const stages = new Map<string, number[]>();
    const method = methodOf(cutter, variant, stages);
    const keeper = lab.topology.guests.slice(-1);
    if (variant.warm) await method.perform('cut', keeper);
    const guests = lab.topology.guests.slice(0, variant.taps);
    const { samples, hosts, note } = await measureSeries({
      lab,
      method,
      guests,
      direction: 'in',
      rounds: flags.rounds,
      load: fullLoad,
    });
    if (variant.warm) await method.perform('revert', keeper);
    for (const op of ['cut', 'revert'] as const) {
      const blackout = spread(samples.filter((s) => s.op === op).map((s) => s.blackoutMs));
      const dark = spread(hosts.filter((h) => h.op === op).map((h) => h.darkMs)).p50;
      const { repair, batchSize, warm } = variant;
      const told = op === 'cut' ? [...stages].map(([stage, ms]) => `${stage} +${spread(ms).p50}`).join(' ') : '';
      rows.push([
        repair,
        String(batchSize),
        warm ? 'warm' : 'cold',
        op,
        String(blackout.p50),
        String(blackout.p99),
        String(dark),
        String(note.void + note.failed),
        told,
      ]);
    }
    process.stderr.write(`${part}: ${JSON.stringify(variant)} done\n`);
  }
  process.stdout.write(
    `${textTable([part, 'batch', 'switch', 'op', 'p50 ms', 'p99 ms', 'host dark', 'void', 'medians since the tap left'], rows)}\n\n`,
  );
}

function methodOf(cutter: CutterProcess, variant: Variant, stages: Map<string, number[]>): Method {
  return {
    name: 'direct',
    round: ['cut', 'revert'],
    perform: async (op, guests) => {
      const { stages: told } = await cutter.ask(requestOf(lab, guests, op === 'cut' ? 'cut' : 'revert', variant));
      if (op !== 'cut') return;
      const left = new Map(told.filter((s) => s.name === 'left').map((s) => [s.tap, s.atMs]));
      for (const { tap, name, atMs } of told) {
        if (name !== 'left') stages.set(name, [...(stages.get(name) ?? []), atMs - (left.get(tap) ?? atMs)]);
      }
    },
    bringHome: async (guests) => {
      await cutter.ask(requestOf(lab, guests, 'revert', variant));
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function requestOf(of: LabState, guests: readonly LabGuest[], op: 'cut' | 'revert', variant: Variant): VariantRequest {
  const [network] = of.topology.networks;
  const { batchSize, repair } = variant;
  const localnet = `provnet-${network?.segmentId ?? ''}`;
  return {
    op,
    taps: guests.map((guest) => targetOf(of, guest)),
    batchSize,
    repair,
    localnet,
    vlan: network?.vlan ?? 0,
  };
}
