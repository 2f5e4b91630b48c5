import { setTimeout as delay } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { textTable } from './text-table.ts';
import type { FlowFigures, FlowKind, FlowSpec, TrafficReport } from './traffic/flow.ts';
import { startTraffic } from './traffic/traffic.ts';

const KINDS: readonly FlowKind[] = ['tcp', 'udp', 'multicast', 'broadcast', 'idle'];

interface TrafficFlags {
  readonly name: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly kind: readonly FlowKind[];
  readonly ipv6?: boolean;
  readonly hz: number;
  readonly rate: number;
  readonly seconds: number;
  readonly output: 'text' | 'json';
}

/** `lab guest traffic`: flows for a while (or until SIGINT), then their figures. */
export function addTrafficCommand(guest: Command): void {
  guest
    .command('traffic')
    .description('flows between guests, gw and ext; figures at the end')
    .option('--name <name>', 'name of the lab', 'shunt')
    .requiredOption('--from <place>', 'a guest, gw or ext')
    .requiredOption('--to <places>', 'one, or several for multicast and broadcast, e.g. g2-1,g3-1', (text) =>
      text.split(','),
    )
    .option('--kind <kinds>', KINDS.join(','), kinds, ['tcp', 'udp'] as const)
    .option('--ipv6', 'by IPv6')
    .option('--hz <n>', 'datagrams a second', positive, 100)
    .option('--rate <bytes>', 'bytes a second of a TCP stream', positive, 1_000_000)
    .option('--seconds <n>', 'how long', positive, 5)
    .addOption(new Option('--output <format>').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExample:\n  npm run lab -- guest traffic --name one --from g1-1 --to g2-1 --kind tcp,udp --seconds 10',
    )
    .action(runTraffic);
}

async function runTraffic(flags: TrafficFlags): Promise<void> {
  await using session = await startTraffic(flags.name, flowsOf(flags));
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  await delay(flags.seconds * 1000, undefined, { signal: interrupted.signal }).catch(() => undefined); // SIGINT: figures now
  for (const flow of flowsOf(flags)) if (flow.kind === 'idle') await session.speak(flow.id);
  const report = await session.report();
  process.stdout.write(`${flags.output === 'json' ? JSON.stringify(report, null, 2) : trafficText(report)}\n`);
}

/** Kinds to one receiver make a flow for each; multicast and broadcast one for all. IPv6 has no broadcast. */
export function flowsOf(flags: FlowFlags): readonly FlowSpec[] {
  return flags.kind.flatMap((kind) => flowsOfKind(flags, kind));
}

type FlowFlags = Pick<TrafficFlags, 'from' | 'to' | 'kind' | 'ipv6' | 'hz' | 'rate'>;

function flowsOfKind(flags: FlowFlags, kind: FlowKind): readonly FlowSpec[] {
  const base = { from: flags.from, family: flags.ipv6 ? 6 : 4 } as const;
  switch (kind) {
    case 'multicast':
    case 'broadcast':
      return [{ ...base, kind, id: kind, to: flags.to, hz: flags.hz }];
    case 'udp':
      return flags.to.map((to) => ({ ...base, kind, id: `udp ${to}`, to, hz: flags.hz }));
    case 'tcp':
      return flags.to.map((to) => ({ ...base, kind, id: `tcp ${to}`, to, bytesPerSecond: flags.rate }));
    case 'idle':
      return flags.to.map((to) => ({ ...base, kind, id: `idle ${to}`, to }));
  }
}

/** Figures for people. */
export function trafficText(report: TrafficReport): string {
  const rows = report.flows.map((f) => [f.kind, f.from, f.to, figuresText(f)]);
  return `${textTable(['flow', 'from', 'to', `in ${report.seconds.toFixed(1)} s`], rows)}`;
}

function figuresText(f: FlowFigures): string {
  switch (f.kind) {
    case 'tcp':
      return (
        `${(f.bytes / 1e6).toFixed(2)} MB, longest stall ${f.longestStallMs.toFixed(0)} ms, ` +
        `${f.retransmissions} retransmissions${f.connected ? '' : ', connection lost'}`
      );
    case 'idle':
      return `far side spoke ${f.spoken} times, heard ${f.heard}${f.connected ? '' : ', connection lost'}`;
    default:
      return (
        `${f.received} of ${f.sent} came, ${f.duplicates} twice, ${f.reordered} late, ` +
        `longest gap ${f.longestGapMs.toFixed(0)} ms`
      );
  }
}

function kinds(text: string): readonly FlowKind[] {
  return text.split(',').map((kind) => {
    const known = KINDS.find((k) => k === kind);
    if (!known) throw new InvalidArgumentError(`One or more of ${KINDS.join(',')}.`);
    return known;
  });
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('A number above 0.');
  return value;
}
