/** `npm run bench -- cutover`: figures, with their baseline in the same run. */
import { Command, InvalidArgumentError } from 'commander';
import { benchCutover, type CutoverBenchOptions } from './cutover.ts';
import { benchFootprint, type FootprintOptions, renderFootprint } from './footprint.ts';
import { renderOvsdb } from './ovsdb/report.ts';
import { benchOvsdb, type OvsdbBenchOptions } from './ovsdb.ts';
import { renderReport } from './rows.ts';

const program = new Command('bench')
  .description('Measures in a lab of its own, beside the baseline, in one run.')
  .addHelpText('after', '\nExamples:\n  npm run bench -- cutover\n  npm run bench -- cutover --output json --runs 9');

program
  .command('cutover')
  .description(
    'Blackout of a cut and of its revert: shell script and direct, 1 and 8 taps, traffic in both directions.',
  )
  .option('--runs <n>', 'valid runs of each row', positive, 5)
  .option('--baseline-runs <n>', 'valid runs of the shell script, which takes seconds each', positive, 3)
  .option('--taps <list>', 'comma-separated numbers of taps', (text) => text.split(',').map(positive), [1, 8])
  .option('--output <format>', 'text or json', 'text')
  .action(async (options: CutoverBenchOptions & { output: string }) => {
    const report = await benchCutover(options, (text) => process.stderr.write(`${text}\n`));
    process.stdout.write(options.output === 'json' ? `${JSON.stringify(report)}\n` : `${renderReport(report)}\n`);
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
    const report = await benchOvsdb(options, (text) => process.stderr.write(`${text}\n`));
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
    const report = await benchFootprint(options, (text) => process.stderr.write(`${text}\n`));
    process.stdout.write(options.output === 'json' ? `${JSON.stringify(report)}\n` : `${renderFootprint(report)}\n`);
  });

function positive(text: string): number {
  const value = Number.parseInt(text, 10);
  if (!(value > 0)) throw new InvalidArgumentError('a whole number above 0');
  return value;
}

await program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`bench failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
