/** `npm run faults`: the fault list on this machine, as root; see `--help`. */
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { type FaultRow, faultRows } from '../test/faults/rows.ts';
import { LabImpossible, labSession } from './faults/lab-session.ts';
import { playedCommit } from './faults/played-commit.ts';
import { mutantTree } from './faults/prove/mutant-tree.ts';
import { allProved, proofAsText, prove } from './faults/prove/prove.ts';
import { readRows, recordRows } from './faults/record-rows.ts';
import type { RowResult } from './faults/row-result.ts';
import { randomAsText, runRandom } from './faults/run-random.ts';
import { runRow } from './faults/run-row.ts';
import { selectRows } from './faults/select-rows.ts';
import { allGreen, rowsAsJson, rowsAsText } from './faults/show-rows.ts';
import { sideBySide } from './faults/side-by-side.ts';
import { runProgram } from './run-program.ts';
import { writeResults } from './write-results.ts';

const root = join(import.meta.dirname, '..');
const recordPath = join(root, 'docs/results/faults.json');
const inRoot = { cwd: root, limitMs: 60_000 };
const rowLimitMs = 100 * 60_000;

interface Flags {
  readonly row?: readonly number[];
  readonly output: 'text' | 'json';
  readonly quick: boolean;
  readonly random?: number;
  readonly seed?: number;
  readonly atOnce: number;
  readonly record: boolean;
  readonly prove: boolean;
}

/** Progress is for people: stdout holds the result only. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function chosen({ row }: Flags) {
  return faultRows.filter(({ number }) => row === undefined || row.includes(number));
}

async function runRows(flags: Flags): Promise<boolean> {
  const rows = chosen(flags);
  const session = await labSession(say);
  const commit = playedCommit(root);
  const how = {
    root,
    everyMoment: !flags.quick,
    env: session.env,
    console: flags.atOnce === 1 ? 'stderr' : 'collect', // of several at once nobody could follow each
    limitMs: rowLimitMs,
  } as const;
  const run = async (row: FaultRow): Promise<RowResult> => {
    say(`row ${row.number} (${rows.indexOf(row) + 1} of ${rows.length}): ${row.injected} …`);
    const result = await runRow(row, how);
    const said = flags.atOnce === 1 ? [] : result.failures.map((failure) => `\n  ${failure}`);
    say(`row ${result.row}: ${result.result} after ${result.seconds} s${said.join('')}`);
    if (flags.record && !interrupted) record([result], { commit, everyMoment: how.everyMoment });
    return result;
  };
  const results = await sideBySide(rows, flags.atOnce, run, () => interrupted);
  if (flags.record) await runProgram(join(root, 'node_modules/.bin/biome'), ['format', '--write', recordPath], inRoot);
  const leftBehind = await session.leftBehind();
  print((flags.output === 'json' ? rowsAsJson : rowsAsText)(results, leftBehind));
  return allGreen(results, leftBehind);
}

/** Takes rows into the record as they end: what ran so far stays when the next hour is cut short. */
function record(results: readonly RowResult[], how: Parameters<typeof recordRows>[2]): void {
  writeResults('faults', { format: 1, rows: recordRows(readRows(recordPath), results, how) });
}

async function runSchedules(flags: Flags & { readonly random: number }): Promise<boolean> {
  const session = await labSession(say);
  const seed = flags.seed ?? Math.floor(Math.random() * 1e9);
  say(`${flags.random} random run(s) from seed ${seed}, ${flags.atOnce} at once`);
  const outcome = await runRandom({ ...flags, seed }, session);
  const leftBehind = await session.leftBehind();
  print(flags.output === 'json' ? outcome.json : randomAsText(outcome, leftBehind));
  for (const what of flags.output === 'json' ? leftBehind : []) say(`left behind: ${what}`);
  return outcome.status === 0 && leftBehind.length === 0;
}

async function runProofs(flags: Flags): Promise<boolean> {
  const session = await labSession(say);
  const how = { everyMoment: false, bail: true, env: session.env, console: 'collect', limitMs: rowLimitMs } as const;
  const proofs = await prove({
    rows: chosen(flags),
    tree: mutantTree,
    runRow: (folder, row) => runRow(row, { ...how, root: folder }),
    onRow: ({ mutant, row, result, seconds }) =>
      say(
        `${mutant === undefined ? 'untouched' : `without its ${mutant.guarantee}`}, row ${row}: ${result} after ${seconds} s`,
      ),
    isOver: () => interrupted,
  });
  const leftBehind = await session.leftBehind();
  print(
    flags.output === 'json'
      ? JSON.stringify({ schema: 1, proofs, leftBehind }, undefined, 2)
      : proofAsText(proofs, leftBehind),
  );
  return allProved(proofs, leftBehind);
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least)
      throw new RangeError(`'${text}': a whole number from ${least} on`);
    return value;
  };
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
    new Option('--random <n>', 'instead of rows: so many random schedules of 1 to 3 faults').argParser(wholeNumber(1)),
  )
  .addOption(
    new Option('--seed <n>', 'with --random: of the first one; each next one is one more').argParser(wholeNumber(0)),
  )
  .addOption(
    new Option('--at-once <n>', 'rows or random runs side by side, each in a lab of its own; not with --prove')
      .argParser(wholeNumber(1))
      .default(1),
  )
  .option(
    '--record',
    'take the results into docs/results/faults.json; with --random, into faults-random.json by seed',
    false,
  )
  .option('--prove', 'instead: stub parts of the product out, in copies of this tree, and see rows turn red', false)
  .addOption(
    new Option('--output <format>', 'on stdout; progress is on stderr').choices(['text', 'json']).default('text'),
  )
  .addHelpText(
    'after',
    `
Examples:
  npm run faults                            every row at every moment, and a table at the end; hours
  npm run faults -- --at-once 2 --record    two at once, kept in docs/results/faults.json
  npm run faults -- --row 1,5-7             some rows
  npm run faults -- --quick                 each row once, in minutes
  npm run faults -- --quick --output json
  npm run faults -- --random 200 --seed 1 --at-once 2
  npm run faults -- --random 1 --seed 45    one of them again
  npm run faults -- --prove                 without revert, dead man, fencing, guard, probes: rows must turn red

The rows, and what an operator sees and does: docs/failure-modes.md.
Exit status: 0 all is green (or proved) and nothing is left behind; 1 not so, or wrong use; 130 interrupted.`,
  )
  .action(async (flags: Flags) => {
    const { random } = flags;
    if (flags.prove && (flags.record || flags.atOnce > 1 || random !== undefined))
      throw new RangeError('--prove goes without --random, --at-once and --record');
    const good = await (random !== undefined
      ? runSchedules({ ...flags, random })
      : flags.prove
        ? runProofs(flags)
        : runRows(flags));
    if (interrupted) say('interrupted: what ran after the signal does not count');
    process.exitCode = interrupted ? 130 : good ? 0 : 1;
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
