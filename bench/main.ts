/** `npm run bench -- cutover`: figures, with their baseline in the same run. */
import { Command, InvalidArgumentError } from 'commander';
import { benchConnections, type ConnectionsBenchOptions, renderConnections } from './connections.ts';
import { type MethodName, methodNames } from './cutover/method.ts';
import { renderReport } from './cutover/render.ts';
import { fullLoad } from './cutover/rows.ts';
import { benchCutover, type CutoverBenchOptions } from './cutover.ts';
import { benchFootprint, type FootprintOptions, renderFootprint } from './footprint.ts';
import { renderOvsdb } from './ovsdb/report.ts';
import { benchOvsdb, type OvsdbBenchOptions } from './ovsdb.ts';
import { benchScale, renderScale, type ScaleBenchOptions } from './scale.ts';

const program = new Command('bench')
  .description('Measures in a lab of its own, beside the baseline, in one run.')
  .addHelpText('after', '\nExamples:\n  npm run bench -- cutover\n  npm run bench -- cutover --output json --runs 9');

program
  .command('cutover')
  .description('Blackout, host time and TCP stall of every way to move taps, there and back, beside each other.')
  .option('--methods <list>', methodNames.join(','), methods, methodNames)
  .option('--taps <list>', 'comma-separated numbers of taps', numbers, [1, 8, 64])
  .option('--rounds <n>', 'valid rounds of our own methods at 1 tap; fewer of more taps', positive, 3)
  .option('--baseline-rounds <n>', 'the same of the others, which take seconds each', positive, 1)
  .option('--stream-rounds <n>', 'rounds with a TCP stream of 16 MB/s, 0: none', whole, 2)
  .option('--batch-size <n>', 'taps of a micro-batch of direct', positive, 8)
  .option('--full-rate <n>', 'taps that are asked a thousand times a second', whole, fullLoad.fullRate)
  .option('--rest-hz <n>', 'questions a second of every other tap', positive, fullLoad.restHz)
  .option('--minutes <n>', 'after so long no round begins, and what is left is told', positive, 9)
  .option('--quick', 'for CI: 1 and 8 taps, one round of each')
  .option('--output <format>', 'text or json', 'text')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run bench -- cutover\n  npm run bench -- cutover --quick\n' +
      '  npm run bench -- cutover --methods shell,direct --taps 64 --output json',
  )
  .action(async (options: CutoverBenchOptions & { quick?: boolean; output: string }) => {
    const quick = { taps: [1, 8], rounds: 1, baselineRounds: 1, streamRounds: 1 };
    const report = await benchCutover(options.quick ? { ...options, ...quick } : options, say);
    process.stdout.write(options.output === 'json' ? `${JSON.stringify(report)}\n` : `${renderReport(report)}\n`);
  });

program
  .command('scale')
  .description('The direct method against taps and against logical ports in OVN; memory of the agent against cuts.')
  .option('--taps <list>', 'numbers of taps', numbers, [1, 2, 4, 8, 16, 32, 64, 128])
  .option('--ports <list>', 'logical ports that no hypervisor has, besides 8 taps', numbers, [100, 1_000, 10_000])
  .option('--rounds <n>', 'valid rounds of each', positive, 2)
  .option('--batch-size <n>', 'taps of a micro-batch', positive, 8)
  .option('--full-rate <n>', 'taps that are asked a thousand times a second', whole, fullLoad.fullRate)
  .option('--rest-hz <n>', 'questions a second of every other tap', positive, fullLoad.restHz)
  .option('--minutes <n>', 'after so long no series begins, and what is left is told', positive, 9)
  .option('--cycles <n>', 'cuts and ways back of the real agent, 0: none (1000 take hours; build first)', whole, 0)
  .option('--quick', 'for CI: 1 and 8 taps, 100 ports, one round')
  .option('--output <format>', 'text or json', 'text')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run bench -- scale\n  npm run bench -- scale --taps 1 --ports 100 --cycles 1000',
  )
  .action(async (options: ScaleBenchOptions & { quick?: boolean; output: string }) => {
    const quick = { taps: [1, 8], ports: [100], rounds: 1, cycles: 0 };
    const report = await benchScale(options.quick ? { ...options, ...quick } : options, say);
    process.stdout.write(options.output === 'json' ? `${JSON.stringify(report)}\n` : `${renderScale(report)}\n`);
  });

program
  .command('connections')
  .description('Idle TCP connections of a guest over a flip: how long seeding takes, how many are alive after it.')
  .option('--flows <list>', 'numbers of connections', numbers, [1, 100, 1_000, 10_000])
  .option('--quick', 'for CI: 1 and 100 connections')
  .option('--output <format>', 'text or json', 'text')
  .addHelpText('after', '\nExample:\n  npm run bench -- connections --flows 1,1000 --output json')
  .action(async (options: ConnectionsBenchOptions & { quick?: boolean; output: string }) => {
    const report = await benchConnections(options.quick ? { flows: [1, 100] } : options, say);
    process.stdout.write(options.output === 'json' ? `${JSON.stringify(report)}\n` : `${renderConnections(report)}\n`);
  });

program
  .command('ovsdb')
  .description(
    'First copy, memory, updates and transactions of the OVSDB client, beside ovsdb-client and the Python IDL.',
  )
  .option('--rows <list>', 'comma-separated sizes', (text) => text.split(',').map(positive), [1000, 10_000, 100_000])
  .option('--runs <n>', 'runs of each client at each size', positive, 3)
  .option('--output <format>', 'text or json', 'text')
  .action(async (options: OvsdbBenchOptions & { output: string }) => {
    const report = await benchOvsdb(options, say);
    process.stdout.write(options.output === 'json' ? `${JSON.stringify(report)}\n` : `${renderOvsdb(report)}\n`);
  });

program
  .command('footprint')
  .description(
    'Memory, idle CPU and start of the agent as it is installed, on a hypervisor with many taps. Build first.',
  )
  .option('--taps <n>', 'taps of the hypervisor', positive, 64)
  .option('--starts <n>', 'starts of which the median is told', positive, 7)
  .option('--idle-seconds <n>', 'how long it is watched at rest', positive, 60)
  .option('--soak-seconds <n>', 'how long it cuts and goes back; at least once', positive, 120)
  .option('--output <format>', 'text or json', 'text')
  .action(async (options: FootprintOptions & { output: string }) => {
    const report = await benchFootprint(options, say);
    process.stdout.write(options.output === 'json' ? `${JSON.stringify(report)}\n` : `${renderFootprint(report)}\n`);
  });

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function methods(text: string): readonly MethodName[] {
  return text.split(',').map((name) => {
    const known = methodNames.find((method) => method === name);
    if (known === undefined) throw new InvalidArgumentError(`one or more of ${methodNames.join(',')}`);
    return known;
  });
}

function numbers(text: string): readonly number[] {
  return text.split(',').map(positive);
}

function whole(text: string): number {
  return text === '0' ? 0 : positive(text);
}

function positive(text: string): number {
  const value = Number.parseInt(text, 10);
  if (!(value > 0)) throw new InvalidArgumentError('a whole number above 0');
  return value;
}

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`bench failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
