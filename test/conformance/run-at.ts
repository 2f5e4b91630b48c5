import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Vector, vectorsOf } from './at-vectors.ts';
import { runTestJson, runTestOvsdb } from './commands.ts';
import type { Outcome } from './outcome.ts';

/** Runs the vectors of OVS's autotest files, in the folder given, against this library; prints each that fails, and how many passed. */
const FILES = [
  'json',
  ...['data', 'types', 'column', 'table', 'row', 'schema', 'condition', 'mutation', 'query'].map(
    (name) => `ovsdb-${name}`,
  ),
];

const [folder, ...only] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: run-at.ts FOLDER [NAME.at…]   (the tests folder of an Open vSwitch source tree)\n');
  process.exitCode = 2;
} else {
  process.exitCode = runFolder(folder, only.length > 0 ? only : FILES.map((name) => `${name}.at`));
}

function runFolder(path: string, files: readonly string[]): number {
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    if (!existsSync(join(path, file))) {
      process.stdout.write(`${file}: not there\n`);
      continue;
    }
    const vectors = vectorsOf(readFileSync(join(path, file)));
    const faults = vectors.flatMap((vector) => {
      const fault = check(vector);
      return fault === undefined ? [] : [`${file}:${vector.line}: ${vector.title}\n${indent(fault)}\n`];
    });
    passed += vectors.length - faults.length;
    failed += faults.length;
    for (const fault of faults) process.stdout.write(`FAILED ${fault}`);
    process.stdout.write(`${file}: ${vectors.length - faults.length} passed ${faults.length} failed\n`);
  }
  process.stdout.write(`${passed} passed ${failed} failed\n`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

/** undefined when all is as expected. */
function check({ run, expect }: Vector): string | undefined {
  const outcome = run.program === 'test-json' ? runTestJson(run.input, run) : runTestOvsdb(run.args);
  if (outcome === undefined) return `there is no command ${run.program === 'test-ovsdb' ? run.args[0] : ''}`;
  const trailer = run.program === 'test-ovsdb' ? run.trailer : '';
  const wanted = (text: string | undefined) =>
    text === undefined ? undefined : Buffer.from(text, 'latin1').toString();
  return mismatch(
    { ...outcome, stdout: outcome.stdout + trailer },
    { ...expect, stdout: wanted(expect.stdout), stderr: wanted(expect.stderr) },
  );
}

interface Wanted {
  readonly status: number;
  readonly stdout: string | undefined;
  readonly stderr: string | undefined;
  readonly stderrHas?: string;
  readonly withoutPlace?: boolean;
}

function mismatch(outcome: Outcome, wanted: Wanted): string | undefined {
  const stdout =
    wanted.withoutPlace === true ? outcome.stdout.replaceAll(/^error: [^:]*:/gm, 'error:') : outcome.stdout;
  const shown = `status ${outcome.status}\nstdout:\n${stdout}stderr:\n${outcome.stderr}`;
  if (outcome.status !== wanted.status) return `expected status ${wanted.status}\n${shown}`;
  if (wanted.stdout !== undefined && stdout !== wanted.stdout) return `expected stdout:\n${wanted.stdout}${shown}`;
  if (wanted.stderr !== undefined && outcome.stderr !== wanted.stderr)
    return `expected stderr:\n${wanted.stderr}${shown}`;
  if (wanted.stderrHas !== undefined && !outcome.stderr.includes(wanted.stderrHas)) {
    return `expected in stderr: ${wanted.stderrHas}\n${shown}`;
  }
  return undefined;
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, '  ');
}
