/**
 * `npm run test:long`: the tests that prove more than `npm test` has time for; the last line is `N passed, N failed`.
 *
 *   npm run test:long                       all of test/long, as root; hours
 *   npm run test:long -- ovsdb -t 'cuts'    files whose path holds "ovsdb", tests whose name holds "cuts"
 *
 * Tests that measure write what they found to docs/results/.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endLeftovers, labTraces, runVariable } from './leftovers.ts';
import { runProgram } from './run-program.ts';
import { closingLine, countVitest, nothing, sum, type Tally } from './test-tally.ts';

const root = join(import.meta.dirname, '..');
const minute = 60_000;
const limits = { packagesMs: 10 * minute, sweepMs: 2 * minute, buildMs: 2 * minute, testsMs: 8 * 60 * minute };
const one = { passed: { ...nothing, passed: 1 }, failed: { ...nothing, failed: 1 } };

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function run(command: string, args: readonly string[], limitMs: number, env: NodeJS.ProcessEnv = process.env) {
  return runProgram(command, args, { cwd: root, limitMs, env, console: 'show' });
}

/** A step that the tests need; says and counts how it went. */
async function step(what: string, command: string, args: readonly string[], limitMs: number): Promise<Tally> {
  const { status } = await run(command, args, limitMs);
  say(status === 0 ? `ok   ${what}` : `FAIL ${what} (status ${status})`);
  return status === 0 ? one.passed : one.failed;
}

async function vitest(args: readonly string[], mark: string): Promise<Tally> {
  const folder = mkdtempSync(join(tmpdir(), 'shunt-test-long-'));
  const reportPath = join(folder, 'report.json');
  const own = ['run', '--project=long', '--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
  try {
    const env = { ...process.env, [runVariable]: mark };
    const program = join(root, 'node_modules/vitest/vitest.mjs');
    const { status } = await run(process.execPath, [program, ...own, ...args], limits.testsMs, env);
    const report = existsSync(reportPath) ? readFileSync(reportPath, 'utf8') : undefined;
    const { tally, complaint } = countVitest({ status, report });
    if (complaint) say(`FAIL long tests: ${complaint}`);
    return tally.passed + tally.failed > 0 ? tally : sum(tally, one.failed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the tests started and did not end is named, ended, and a failure. */
async function nothingIsLeft(mark: string, before: ReadonlySet<string>): Promise<Tally> {
  const left = await endLeftovers(mark, before);
  for (const what of left) say(`FAIL left behind: ${what}`);
  return left.length === 0 ? one.passed : one.failed;
}

async function testLong(args: readonly string[]): Promise<Tally> {
  if (process.getuid?.() !== 0) {
    say('NOT RUN: the long tests start real servers in network namespaces: run them as root');
    return one.failed;
  }
  const node = process.execPath;
  const ready = [
    await step('Debian packages', 'sh', [join(root, 'scripts/packages.sh'), 'install', 'all'], limits.packagesMs),
    await step('build', node, [join(root, 'scripts/build.ts')], limits.buildMs),
  ];
  if (sum(...ready).failed > 0 || interrupted) return sum(...ready);
  // One that cannot be swept counts, and is in nobody's way.
  const swept = await step(
    'labs without an owner are swept',
    node,
    [join(root, 'lab/main.ts'), 'sweep'],
    limits.sweepMs,
  );
  const prepared = sum(...ready, swept);
  const mark = `${process.pid}-${Date.now()}`;
  const before = new Set(labTraces(mark));
  const tests = await vitest(args, mark);
  return sum(prepared, tests, await nothingIsLeft(mark, before));
}

let interrupted = false;
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => (interrupted = true));
const total = await testLong(process.argv.slice(2));
if (interrupted) say('interrupted: what ran after the signal does not count');
say(closingLine(total));
process.exitCode = interrupted ? 130 : total.failed > 0 ? 1 : 0;
