import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../../../scripts/run-program.ts';

const root = join(import.meta.dirname, '../../..');

function npmTest(...args: readonly string[]) {
  return runProgram(process.execPath, [join(root, 'scripts/test.ts'), ...args], { cwd: root, limitMs: 60_000 });
}

describe('npm test', () => {
  it('fails when no test was found, and ends with its closing line', async () => {
    const { status, output } = await npmTest('--unit', 'no-file-is-called-so');
    expect(status).toBe(1);
    expect(output).toMatch(/no test for "no-file-is-called-so" was found\n0 passed, 1 failed\n$/);
  }, 70_000);

  it('counts what a filter finds, and nothing else', async () => {
    const { status, output } = await npmTest('--unit', 'test/unit/scripts/test-tally', '-t', 'closing line');
    expect(status).toBe(0);
    expect(output).toMatch(/\n1 passed, 0 failed, \d+ skipped\n$/);
  }, 70_000);
});
