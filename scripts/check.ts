/** `npm run check`: types, lint and format, and the direction of imports. Exit status 1 when any of them objects. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './run-program.ts';

export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  readonly output: string;
  readonly durationMs: number;
}

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Judges what a tool printed; by default its exit status alone decides. */
  readonly objection?: (output: string) => string | undefined;
}

const root = join(import.meta.dirname, '..');

/** The folders that hold sources; those that are not there yet are left out. */
export const sourceFolders = [
  'agent',
  'bench',
  'cli',
  'coordinator',
  'domain',
  'lab',
  'openflow',
  'ovsdb',
  'platform',
  'scripts',
  'test',
  'wire',
] as const;

/** Runs all checks side by side and prints each one's findings in one piece. Never throws for what a check finds. */
export async function runChecks(signal?: AbortSignal): Promise<readonly CheckResult[]> {
  return Promise.all(
    checks().map(async (check) => {
      const result = await runCheck(check, signal);
      process.stdout.write(describeResult(result));
      return result;
    }),
  );
}

function checks(): readonly Check[] {
  const present = sourceFolders.filter((folder) => existsSync(join(root, folder)));
  return [
    { name: 'types (tsc)', command: 'tsc', args: ['-p', 'tsconfig.json', '--pretty', 'false'] },
    {
      name: 'lint and format (biome)',
      command: 'biome',
      args: ['check', '--error-on-warnings', '--max-diagnostics=40'],
    },
    {
      name: 'import directions (dependency-cruiser)',
      command: 'depcruise',
      args: ['--config', '.dependency-cruiser.cjs', '--output-type', 'err', ...present],
      objection: sawTooFewModules,
    },
  ];
}

/** dependency-cruiser that cannot read TypeScript sees no module and is content: that must not pass. */
export function sawTooFewModules(output: string): string | undefined {
  const seen = Number(/(\d+) modules/.exec(output)?.[1] ?? 0);
  return seen >= 10 ? undefined : `dependency-cruiser saw ${seen} modules only: it does not read this tree`;
}

async function runCheck(check: Check, signal?: AbortSignal): Promise<CheckResult> {
  const startedMs = performance.now();
  const { status, output } = await runProgram(join(root, 'node_modules/.bin', check.command), check.args, {
    cwd: root,
    limitMs: 180_000,
    ...(signal ? { signal } : {}),
  });
  const objection = status === 0 ? check.objection?.(output) : undefined;
  return {
    name: check.name,
    passed: status === 0 && objection === undefined,
    output: [output.trimEnd(), objection].filter(Boolean).join('\n'),
    durationMs: performance.now() - startedMs,
  };
}

function describeResult({ name, passed, output, durationMs }: CheckResult): string {
  const headline = `${passed ? 'ok  ' : 'FAIL'} ${name} (${(durationMs / 1000).toFixed(1)} s)\n`;
  return passed ? headline : `${headline}${output.replace(/^/gm, '     ')}\n`;
}

if (import.meta.main) {
  const results = await runChecks();
  process.exitCode = results.every((result) => result.passed) ? 0 : 1;
}
