/**
 * `npm test`: checks, unit tests, lab tests; the last line is `N passed, N failed`.
 *
 *   npm test                         everything (lab tests as root only)
 *   npm test -- --unit               checks and unit tests
 *   npm test -- --lab                lab tests
 *   npm test -- journal -t 'torn'    files whose path holds "journal", tests whose name holds "torn"; no checks
 */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChecks } from './check.ts';
import { endLeftovers, labTraces, runVariable } from './leftovers.ts';
import { runProgram } from './run-program.ts';
import { closingLine, countVitest, nothing, sum, type Tally } from './test-tally.ts';

const root = join(import.meta.dirname, '..');
const minute = 60_000;
/** In the emulated machine of `npm run test:vm` all takes longer. */
const patience = process.env['SHUNT_LAB_VM'] === 'tcg' ? 15 : 1;
const limits = {
  packagesMs: 10 * minute,
  sweepMs: 2 * minute * patience,
  buildMs: 2 * minute * patience,
  unitMs: 5 * minute * patience,
  labMs: 20 * minute * patience,
};
const one = { passed: { ...nothing, passed: 1 }, failed: { ...nothing, failed: 1 } };

interface Wanted {
  readonly unit: boolean;
  readonly lab: boolean;
  /** Checks and build are for whole runs; a filter asks for single tests. */
  readonly checks: boolean;
  readonly vitestArgs: readonly string[];
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function wanted(argv: readonly string[]): Wanted {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { unit: { type: 'boolean' }, lab: { type: 'boolean' }, testNamePattern: { type: 'string', short: 't' } },
  });
  const both = values.unit === values.lab; // both or neither
  const filter = [...positionals, ...(values.testNamePattern ? ['-t', values.testNamePattern] : [])];
  return {
    unit: both || values.unit === true,
    lab: both || values.lab === true,
    checks: filter.length === 0 && (both || values.unit === true),
    vitestArgs: filter,
  };
}

/** Runs one of this project's scripts on our Node, its output on the console. */
function runScript(script: string, args: readonly string[], limitMs: number) {
  return runProgram(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, script), ...args], {
    cwd: root,
    limitMs,
    console: 'show',
  });
}

async function vitest(
  project: 'unit' | 'lab' | 'vm' | 'faults' | 'machine' | 'patient',
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Tally> {
  if (interrupted) return nothing;
  const folder = mkdtempSync(join(tmpdir(), 'shunt-test-'));
  const reportPath = join(folder, 'report.json');
  try {
    const { status } = await runProgram(
      process.execPath,
      [
        join(root, 'node_modules/vitest/vitest.mjs'),
        'run',
        `--project=${project}`,
        '--passWithNoTests',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${reportPath}`,
        ...args,
      ],
      { cwd: root, limitMs: project === 'unit' ? limits.unitMs : limits.labMs, env, console: 'show' },
    );
    const report = existsSync(reportPath) ? readFileSync(reportPath, 'utf8') : undefined;
    const { tally, complaint, failures } = countVitest({ status, report });
    if (complaint) say(`FAIL ${project} tests: ${complaint}`);
    toRepeat.push(...failures, ...(complaint ? [`${project} tests: ${complaint}`] : []));
    return tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Installs what the lab lacks; false when lab tests cannot run here. packages.sh says what and why before it does. */
async function labIsPossible(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  const { status } = await runProgram('sh', [join(root, 'scripts/packages.sh'), 'install', 'all'], {
    cwd: root,
    limitMs: limits.packagesMs,
    console: 'show',
  });
  return status === 0;
}

/** Tests and the check after them apart: the check must not pass for a test that was found. */
async function labTests(args: readonly string[]): Promise<{ readonly tests: Tally; readonly after: Tally }> {
  let swept = nothing;
  if (existsSync(join(root, 'lab/main.ts'))) {
    const { status } = await runScript('lab/main.ts', ['sweep'], limits.sweepMs);
    if (status !== 0) {
      say(`FAIL labs without an owner could not be swept (status ${status})`);
      swept = one.failed;
    }
  }
  const run = `${process.pid}-${Date.now()}`;
  const before = new Set(labTraces(run));
  const env = { ...process.env, [runVariable]: run };
  // No kind beside itself. Virtual machines keep one processor; hosts below a systemd of their own, and programs that are killed, mostly wait.
  const oneAfterTheOther = async (...projects: readonly Parameters<typeof vitest>[0][]) => {
    let tally = nothing;
    for (const project of projects) tally = sum(tally, await vitest(project, args, env));
    return tally;
  };
  const lanes = [['lab'], ['vm', 'faults'], ['machine', 'patient']] as const;
  const tests = sum(...(await Promise.all(lanes.map((lane) => oneAfterTheOther(...lane)))));
  return { tests, after: sum(swept, await nothingIsLeft(run, before)) };
}

/** A check of its own: whatever the lab tests started has ended. What has not is named, then ended. */
async function nothingIsLeft(run: string, before: ReadonlySet<string>): Promise<Tally> {
  const left = await endLeftovers(run, before);
  if (left.length === 0) {
    say('ok   the lab tests left no process, namespace, mount, loop device or control group');
    return one.passed;
  }
  say('FAIL the lab tests left something behind:');
  for (const what of left) say(`     ${what}`);
  toRepeat.push(`left behind:${left.map((what) => `\n     ${what}`).join('')}`);
  if (existsSync(join(root, 'lab/main.ts'))) await runScript('lab/main.ts', ['sweep'], limits.sweepMs);
  return one.failed;
}

async function build(): Promise<Tally> {
  if (interrupted) return nothing;
  const { status } = await runScript('scripts/build.ts', [], limits.buildMs);
  say(status === 0 ? 'ok   build' : `FAIL build (status ${status})`);
  return status === 0 ? one.passed : one.failed;
}

/** An ordinary user gets what can run without root; root asked for all of it, and not getting it is a failure. */
function labNotRun(): Tally {
  const asRoot = process.getuid?.() === 0;
  const files = globSync('test/{lab,faults}/**/*.test.ts', { cwd: root }).length;
  const bar = '!'.repeat(100);
  const why = asRoot ? 'Debian packages are missing (see above)' : 'they need root';
  say(`\n${bar}\n!! NOT RUN: ${files} lab test file(s): ${why}.`);
  say(`!! Nothing below says that Shunt moves guests. ${asRoot ? '' : 'Run "npm test" as root to know.'}\n${bar}\n`);
  return { passed: 0, failed: asRoot ? 1 : 0, skipped: files };
}

function demandTests(kind: string, tally: Tally): Tally {
  if (interrupted || tally.passed + tally.failed > 0) return tally;
  say(`FAIL no ${kind} was found`);
  return sum(tally, one.failed);
}

async function runAll({ unit, lab, checks, vitestArgs }: Wanted): Promise<Tally> {
  const filtered = vitestArgs.length > 0;
  const labReady = lab && (await labIsPossible());
  let checked = nothing;
  if (checks) {
    const results = await runChecks();
    checked = sum(...results.map((check) => (check.passed ? one.passed : one.failed)));
    toRepeat.push(...results.filter((check) => !check.passed).map((check) => `${check.name}: see above`));
  }
  if (checks || labReady) checked = sum(checked, await build());
  let tests = nothing;
  if (unit) {
    const tally = await vitest('unit', vitestArgs, process.env);
    tests = sum(tests, filtered ? tally : demandTests('unit test', tally));
  }
  if (lab && labReady) {
    const { tests: tally, after } = await labTests(vitestArgs);
    tests = sum(tests, filtered ? tally : demandTests('lab test', tally));
    checked = sum(checked, after);
  } else if (lab) {
    checked = sum(checked, labNotRun());
  }
  return sum(checked, filtered ? demandTests(`test for "${vitestArgs.join(' ')}"`, tests) : tests);
}

/** What failed, said once more at the end: whoever has only the end of a long log finds it there. */
const toRepeat: string[] = [];
let interrupted = false;
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => (interrupted = true));
const total = await runAll(wanted(process.argv.slice(2)));
if (interrupted) say('interrupted: what ran after the signal does not count');
for (const failure of toRepeat) say(`FAIL ${failure}`);
say(closingLine(total));
process.exitCode = interrupted ? 130 : total.failed > 0 ? 1 : 0;
