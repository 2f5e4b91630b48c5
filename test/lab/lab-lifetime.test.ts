import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { tryRun } from '../../lab/command.ts';
import { downLab, sweepLabs } from '../../lab/down.ts';
import { inNetns, listNamespaces } from '../../lab/netns.ts';
import { isAlive, LAB_MARK, startTimeOf } from '../../lab/processes.ts';
import { findProgram, restartProgram } from '../../lab/programs.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import { readLabState } from '../../lab/state.ts';
import { upLab } from '../../lab/up.ts';
import { freshLabName, ownLab, processesOf, traces } from './fixture/own-lab.ts';

const main = join(import.meta.dirname, '../../lab/main.ts');

it('leaves no namespace, process or file after down, children of its daemons included', async () => {
  await using own = await ownLab();
  const { name } = own;
  const processes = processesOf(name);
  expect(processes.every(isAlive)).toBe(true);
  const orphan = spawnOrphan(name, `${name}-hv1`); // as an agent's dead man: nobody recorded it
  await downLab(name);
  expect(traces(name, [...processes, orphan])).toEqual([]);
});

it('is removed by down after it failed half-way', async () => {
  const name = freshLabName();
  await using _ = brokenProgram('nats-server');
  await expect(
    upLab({ name, hosts: 2, guests: 2, services: false, owner: 'process', onFailure: 'leave' }),
  ).rejects.toThrow(/nats ended at once/);
  const processes = processesOf(name);
  expect(processes.some(isAlive)).toBe(true);
  expect(listNamespaces(name)).toContain(`${name}-g2-2`);
  expect(readLabState(name)?.phase).toBe('building');
  await downLab(name);
  expect(traces(name, processes)).toEqual([]);
});

it('removes by itself what it built when it fails', async () => {
  const name = freshLabName();
  await using _ = brokenProgram('nats-server');
  await expect(upLab({ name, hosts: 1, guests: 1, services: false, owner: 'process' })).rejects.toThrow();
  expect(traces(name, [])).toEqual([]);
});

it('is swept when its builder was killed half-way, and not while it lives', async () => {
  const name = freshLabName();
  const builder = spawn(process.execPath, [
    main,
    'up',
    '--name',
    name,
    '--hosts',
    '2',
    '--guests',
    '2',
    '--no-services',
  ]);
  let told = '';
  for await (const chunk of builder.stdout) {
    told += String(chunk);
    if (told.includes('legacy bridges')) break;
  }
  expect((await sweepLabs()).swept).not.toContain(name);
  builder.kill('SIGKILL');
  await once(builder, 'exit');
  const processes = processesOf(name);
  expect((await sweepLabs()).swept).toContain(name);
  expect(traces(name, processes)).toEqual([]);
});

it('stays when it is persistent, whoever built it has ended', async () => {
  const name = freshLabName();
  try {
    const builder = spawn(
      process.execPath,
      [main, 'up', '--name', name, '--hosts', '1', '--guests', '1', '--no-services'],
      {
        stdio: 'ignore',
      },
    );
    expect((await once(builder, 'exit'))[0]).toBe(0);
    expect((await sweepLabs()).swept).not.toContain(name);
    expect(readLabState(name)).toMatchObject({ phase: 'up', owner: { kind: 'persistent' } });
  } finally {
    await downLab(name);
  }
});

it('refuses to build over a lab of the same name, and leaves that one alone', async () => {
  await using own = await ownLab({ hosts: 1, guests: 1 });
  await expect(upLab({ name: own.name })).rejects.toThrow(/is there already/);
  expect(processesOf(own.name).every(isAlive)).toBe(true);
});

it('never ends a process that took over a recorded pid', async () => {
  await using own = await ownLab({ hosts: 1, guests: 1 });
  using stranger = strangerProcess();
  const paths = pathsOf(own.name);
  const stolen = { name: 'nats', pid: stranger.pid, start: '1' };
  writeFileSync(paths.pids, `${readFileSync(paths.pids, 'utf8')}${JSON.stringify(stolen)}\n`);
  await downLab(own.name);
  expect(startTimeOf(stranger.pid)).toBeDefined();
});

it.each([
  'down',
  'up --hosts 1 --guests 0 --no-services',
  'status',
  'check',
  'exec hv1 true',
  'guest-list',
  'guest-add',
  'guest-rm g1-1',
  'guest-traffic --from g1-1 --to gw --seconds 1',
])('refuses a name that leads out of its folder, and touches nothing there: %s', async (command) => {
  const outside = mkdtempSync('/run/shunt-outside-');
  try {
    writeFileSync(join(outside, 'state.json'), '{"topology":{"name":"x"}}');
    const [verb = '', ...rest] = command.split(' ');
    const argv = [process.execPath, main, ...verb.split('-'), '--name', `../${basename(outside)}`, ...rest];
    const { exitCode, stderr } = await tryRun(argv);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('lab name "../shunt-outside-'),
    });
    expect(readdirSync(outside)).toEqual(['state.json']);
  } finally {
    rmSync(outside, { recursive: true, force: true });
  }
});

it('starts a killed program again under a new pid', async () => {
  await using own = await ownLab({ hosts: 1, guests: 1 });
  const before = findProgram(own.name, 'nats');
  await restartProgram(own.name, 'nats');
  const after = findProgram(own.name, 'nats');
  expect(before && isAlive(before)).toBe(false);
  expect(after && isAlive(after)).toBe(true);
});

/** Puts a program of this name that fails first on the path. */
function brokenProgram(program: string): AsyncDisposable {
  const folder = mkdtempSync(join(tmpdir(), 'la-broken-'));
  const path = process.env.PATH;
  writeFileSync(join(folder, program), '#!/bin/sh\nexit 1\n');
  chmodSync(join(folder, program), 0o755);
  process.env.PATH = `${folder}:${path}`;
  return {
    [Symbol.asyncDispose]: async () => {
      process.env.PATH = path;
      rmSync(folder, { recursive: true });
    },
  };
}

function spawnOrphan(lab: string, netns: string): { name: string; pid: number; start: string } {
  const [file = '', ...args] = inNetns(netns, ['sleep', '600']);
  const child = spawn(file, args, { detached: true, stdio: 'ignore', env: { ...process.env, [LAB_MARK]: lab } });
  child.unref();
  const pid = child.pid ?? 0;
  return { name: 'orphan', pid, start: startTimeOf(pid) ?? '0' };
}

function strangerProcess(): Disposable & { readonly pid: number } {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  return { pid: child.pid ?? 0, [Symbol.dispose]: () => void child.kill('SIGKILL') };
}
