/** What `npm run faults -- --random N` starts. Progress on stderr; on stdout one JSON document at the end. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../../../lab/command.ts';
import { writeResults } from '../../long/fixture/results.ts';
import { againCommand, runMany } from './run-many.ts';
import { describeResult, summarize } from './summary.ts';

const root = join(import.meta.dirname, '../../..');
const { values } = parseArgs({
  options: {
    'runs': { type: 'string' },
    'seed': { type: 'string' },
    'at-once': { type: 'string' },
    /** Writes docs/results/faults-random.json. */
    'record': { type: 'boolean' },
  },
});
const [runs, seed, atOnce] = [Number(values.runs), Number(values.seed), Number(values['at-once'] ?? 1)];
const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());

const results = await runMany({
  runs,
  seed,
  atOnce,
  signal: stop.signal,
  onResult: (result, done) => {
    const again = result.violations.length === 0 ? '' : `  to see it again: ${againCommand(result.seed)}\n`;
    process.stderr.write(`run ${done} of ${runs}: ${describeResult(result)}\n${again}`);
  },
});
const summary = { seed, atOnce, ...summarize(results) };
if (values.record) {
  writeResults('faults-random', summary);
  await run([
    join(root, 'node_modules/.bin/biome'),
    'format',
    '--write',
    join(root, 'docs/results/faults-random.json'),
  ]);
}
process.stdout.write(`${JSON.stringify(summary)}\n`);
const whole = results.length === runs && results.every((result) => result.violations.length === 0);
process.exitCode = stop.signal.aborted ? 130 : whole ? 0 : 1;
