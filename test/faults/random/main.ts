/** What `npm run faults -- --random N` starts. Progress on stderr; on stdout one JSON document at the end. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../../../lab/command.ts';
import { playedCommit } from '../../../scripts/faults/played-commit.ts';
import { writeResults } from '../../../scripts/write-results.ts';
import { readRecord, recordRun } from './record.ts';
import { describeRun, runMany } from './run-many.ts';
import type { RunResult } from './run-schedule.ts';
import { describeRecord, summarize } from './summary.ts';

const root = join(import.meta.dirname, '../../..');
const recordPath = join(root, 'docs/results/faults-random.json');
const { values } = parseArgs({
  options: {
    'runs': { type: 'string' },
    'seed': { type: 'string' },
    'at-once': { type: 'string' },
    /** Takes the results into docs/results/faults-random.json, each as it comes. */
    'record': { type: 'boolean' },
  },
});
const [runs, seed, atOnce] = [Number(values.runs), Number(values.seed), Number(values['at-once'] ?? 1)];
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());

let record = readRecord(recordPath);
const commit = playedCommit(root);
function keep(result: RunResult): void {
  record = recordRun(record, commit, result);
  writeResults('faults-random', describeRecord(record));
}

const results = await runMany({
  runs,
  seed,
  atOnce,
  signal: stop.signal,
  onResult: (result, done, evidence) => {
    if (values.record) keep(result);
    process.stderr.write(`run ${done} of ${runs}: ${describeRun(result, evidence)}\n`);
  },
});
if (values.record) await run([join(root, 'node_modules/.bin/biome'), 'format', '--write', recordPath]);
process.stdout.write(`${JSON.stringify({ seed, atOnce, ...summarize(results) })}\n`);
const whole = results.length === runs && results.every((result) => result.violations.length === 0);
process.exitCode = stop.signal.aborted ? 130 : whole ? 0 : 1;
