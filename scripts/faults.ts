/** `npm run faults`: every row of the fault list on this machine, as root; see `--help`. */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { faultRows } from '../test/faults/rows.ts';
import { LabImpossible, labSession } from './faults/lab-session.ts';
import type { RowResult } from './faults/row-result.ts';
import { runRow } from './faults/run-row.ts';
import { selectRows } from './faults/select-rows.ts';
import { allGreen, rowsAsJson, rowsAsText } from './faults/show-rows.ts';

const root = join(import.meta.dirname, '..');
const rowLimitMs = 60 * 60_000;

interface Flags {
  readonly row?: readonly number[];
  readonly output: 'text' | 'json';
  readonly quick: boolean;
}

/** Progress is for people: stdout holds the result only. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function runRows({ row, output, quick }: Flags): Promise<number> {
  const chosen = faultRows.filter(({ number }) => row === undefined || row.includes(number));
  const session = await labSession(say);
  const results: RowResult[] = [];
  for (const candidate of chosen) {
    if (interrupted) break;
    say(`row ${candidate.number} (${results.length + 1} of ${chosen.length}): ${candidate.injected} …`);
    const result = await runRow(candidate, {
      root,
      everyMoment: !quick,
      env: session.env,
      console: 'stderr',
      limitMs: rowLimitMs,
    });
    say(`row ${result.row}: ${result.result} after ${result.seconds} s`);
    results.push(result);
  }
  const leftBehind = await session.leftBehind();
  process.stdout.write(`${(output === 'json' ? rowsAsJson : rowsAsText)(results, leftBehind)}\n`);
  if (interrupted) say('interrupted: what ran after the signal does not count');
  return interrupted ? 130 : allGreen(results, leftBehind) ? 0 : 1;
}

const program = new Command('faults')
  .description(
    'Runs the fault list: what may go wrong in a cutover is injected into real labs, and each host must come to rest.',
  )
  .addOption(
    new Option('--row <list>', 'only these rows, as 1,5-7').argParser((text) => selectRows(text, faultRows.length)),
  )
  .option('--quick', 'one moment of each row, as in npm test; else every moment', false)
  .addOption(
    new Option('--output <format>', 'on stdout; progress is on stderr').choices(['text', 'json']).default('text'),
  )
  .addHelpText(
    'after',
    `
Examples:
  npm run faults                          every row at every moment, and a table at the end; hours
  npm run faults -- --row 1,5-7           some rows
  npm run faults -- --quick               each row once, in minutes
  npm run faults -- --quick --output json

The rows, and what an operator sees and does: docs/failure-modes.md.
Exit status: 0 every row is green and nothing is left behind; 1 not so, or wrong use; 130 interrupted.`,
  )
  .action(async (flags: Flags) => {
    process.exitCode = await runRows(flags);
  });

let interrupted = false;
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => (interrupted = true));
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof LabImpossible || error instanceof RangeError)) throw error;
  say(`faults: ${error.message}`);
  process.exitCode = 1;
}
