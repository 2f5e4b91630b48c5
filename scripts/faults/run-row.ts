import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FaultRow } from '../../test/faults/rows.ts';
import { runProgram } from '../run-program.ts';
import { judgeRow, noTestYet, type RowResult, resultOf } from './row-result.ts';

export interface RowRun {
  /** The tree whose programs and tests are run: the checkout, or a copy of it with a fault of its own. */
  readonly root: string;
  /** All moments, not the one that stands for them. */
  readonly everyMoment: boolean;
  /** Ends with the first case that fails. */
  readonly bail?: boolean;
  /** By which all that the row starts can be found afterwards. */
  readonly env: NodeJS.ProcessEnv;
  /** Where vitest tells how far it is: our stderr, or nowhere. */
  readonly console: 'collect' | 'stderr';
  readonly limitMs: number;
}

/** Runs the test of one row to its end. Never rejects: what goes wrong is red. */
export async function runRow(row: FaultRow, run: RowRun): Promise<RowResult> {
  if (!existsSync(join(run.root, row.file))) return resultOf(row, noTestYet);
  const folder = mkdtempSync(join(tmpdir(), 'shunt-faults-'));
  const reportPath = join(folder, 'report.json');
  const startedMs = performance.now();
  try {
    const { status } = await runProgram(
      process.execPath,
      [
        join(run.root, 'node_modules/vitest/vitest.mjs'),
        'run',
        '--project=faults',
        '--reporter=verbose',
        '--reporter=json',
        `--outputFile.json=${reportPath}`,
        ...(run.bail === true ? ['--bail=1'] : []),
        row.file,
      ],
      {
        cwd: run.root,
        limitMs: run.limitMs,
        env: { ...run.env, ...(run.everyMoment ? { SHUNT_FAULTS: 'thorough' } : { SHUNT_FAULTS: '' }) },
        console: run.console,
      },
    );
    const report = existsSync(reportPath) ? readFileSync(reportPath, 'utf8') : undefined;
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    return resultOf(row, { ...judgeRow({ status, report }, run.everyMoment), seconds });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
