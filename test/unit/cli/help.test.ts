import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { adviceOf } from '../../../cli/advice.ts';
import { errorTable } from '../../../domain/errors.ts';
import { FakeWorld } from './fake-world.ts';

let world: FakeWorld;

beforeEach(async () => {
  world = await new FakeWorld().start();
});
afterEach(() => world[Symbol.asyncDispose]());

const commands = [
  'plan create',
  'plan show',
  'plan list',
  'plan approve',
  'wave start',
  'wave status',
  'pause',
  'resume',
  'abort',
  'retry',
  'watch',
  'host list',
  'host show',
  'host revert',
  'host unstage',
  'host finish',
  'host collapse',
  'host leave',
  'host resolve',
  'why',
  'events',
  'sweep',
  'status',
  'reconcile',
  'support-bundle',
  'completion',
];

it.each(commands)('%s --help has examples and the options that go everywhere', async (command) => {
  const { status, out } = await world.run([...command.split(' '), '--help']);
  expect(status).toBe(0);
  expect(out).toMatch(new RegExp(`Examples:\n  .*shunt ${command}`));
  expect(out).toContain('--coordinator <address>');
  expect(out).toContain('--output <format>');
});

it('--version says it', async () => {
  expect(await world.run(['--version'])).toEqual({
    status: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    err: '',
  });
});

it('completes commands, subcommands and options in bash', async () => {
  const { out } = await world.run(['completion', 'bash']);
  const complete = (...words: string[]): string[] => {
    const script = `${out}\nCOMP_WORDS=(shunt ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}
      _shunt; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return spawnSync('bash', ['-c', script], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((word) => word !== '');
  };
  expect(complete('w')).toEqual(expect.arrayContaining(['wave', 'why', 'watch']));
  expect(complete('wave', 's')).toEqual(['start', 'status']);
  expect(complete('wave', 'start', '--wa')).toEqual(['--wave', '--wait']);
  expect(complete('wave', 'start', 'p-1', '--al')).toEqual(['--all']);
  expect(complete('wave', 'start', '--output', '')).toEqual(['text', 'json']);
  expect(complete('completion', 'z')).toEqual(['zsh']);
});

it.each(['bash', 'zsh', 'fish'])('knows every command and option in %s', async (shell) => {
  const { status, out } = await world.run(['completion', shell]);
  expect(status).toBe(0);
  for (const command of commands) expect(out).toContain(command);
  for (const option of ['coordinator', 'output', 'wait', 'follow', 'hash']) expect(out).toContain(option);
});

it('refuses a shell that it has no completion for', async () => {
  expect(await world.run(['completion', 'csh'])).toMatchObject({ status: 1, out: '' });
});

it('has advice for every error code', () => {
  expect(Object.keys(adviceOf).toSorted()).toEqual(Object.keys(errorTable).toSorted());
});
