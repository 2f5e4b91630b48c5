import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { processesOfRun, remaining, runVariable } from '../../../scripts/leftovers.ts';
import { runProgram } from '../../../scripts/run-program.ts';

const options = { cwd: '/', limitMs: 20_000 };

describe('a program run by a script', () => {
  it('gives back what it printed and how it ended', async () => {
    expect(await runProgram('sh', ['-c', 'echo out; echo err >&2; exit 3'], options)).toEqual({
      status: 3,
      output: 'out\nerr\n',
    });
    expect((await runProgram('sh', ['-c', 'kill -TERM $$'], options)).status).toBe(143);
    expect((await runProgram('/nowhere/at-all', [], options)).status).toBe(127);
  });

  it('is killed with all its children at its limit', async () => {
    const run = `limit-${process.pid}`;
    const env = { ...process.env, [runVariable]: run };
    const result = await runProgram('sh', ['-c', 'sleep 600 & sleep 600'], { cwd: '/', limitMs: 300, env });
    expect(result.status).toBe(124);
    expect(await remaining(() => processesOfRun(run), 5_000)).toEqual([]);
  });

  it('ends when its caller gives up', async () => {
    expect((await runProgram('sleep', ['600'], { ...options, signal: AbortSignal.timeout(50) })).status).toBe(143);
  });
});

describe('the processes of a test run', () => {
  it('are found by the mark that even a daemon of a daemon carries, and only those', async () => {
    const run = `mark-${process.pid}`;
    const env = { ...process.env, [runVariable]: run };
    const child = spawn('sh', ['-c', 'setsid sleep 600 & echo started; wait'], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    const found = await waitFor(
      () => processesOfRun(run),
      (all) => all.some(({ command }) => command === 'sleep 600'),
    );
    expect(found.some(({ pid }) => pid === child.pid)).toBe(true);
    expect(processesOfRun(`${run}0`)).toEqual([]);
    for (const { pid } of found) process.kill(pid, 'SIGKILL');
    expect(await remaining(() => processesOfRun(run), 5_000)).toEqual([]);
  });
});

async function waitFor<T>(look: () => T, enough: (seen: T) => boolean): Promise<T> {
  for (let turn = 0; turn < 500; turn++) {
    const seen = look();
    if (enough(seen)) return seen;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come to be within 5 s');
}
