import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, filterUuids } from './execute.ts';
import { executionVectorsOf } from './execution-vectors.ts';

/** Runs the transactions of OVS's `ovsdb-execution.at`, in the folder given, on a real ovsdb-server through this library's session. */
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: run-execution.ts FOLDER   (the tests folder of an Open vSwitch source tree)\n');
  process.exitCode = 2;
} else {
  let failed = 0;
  const vectors = executionVectorsOf(readFileSync(join(folder, 'ovsdb-execution.at')));
  for (const { title, line, schema, transactions, replies } of vectors) {
    const printed = filterUuids(await execute([schema, ...transactions]));
    if (printed === replies) continue;
    failed++;
    process.stdout.write(`FAILED ovsdb-execution.at:${line}: ${title}\n  expected:\n${replies}  got:\n${printed}`);
  }
  process.stdout.write(`${vectors.length - failed} passed ${failed} failed\n`);
  process.exitCode = failed === 0 && vectors.length > 0 ? 0 : 1;
}
