import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { run, tryRun, until } from '../../lab/command.ts';
import { downLab, sweepLabs } from '../../lab/down.ts';
import { powerCutDisk } from '../../lab/faults/power-cut-disk.ts';
import { smallDisk } from '../../lab/faults/small-disk.ts';
import { cgroupOf } from '../../lab/machine/machine-place.ts';
import { mountsBelow } from '../../lab/mounts.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import { labTraces, remaining } from '../../scripts/leftovers.ts';
import { freshLabName } from './fixture/own-lab.ts';
import { ownScratch } from './fixture/own-scratch.ts';

const main = join(import.meta.dirname, '../../lab/main.ts');
const loops = async (dir: string) => (await run(['losetup', '--list', '--noheadings'])).includes(dir);

it('takes down what faults have mounted in its folder, busy or not, and nothing of what was bound there', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'shunt-elsewhere-'));
  await using own = ownScratch();
  writeFileSync(join(elsewhere, 'file'), 'somebody else has it');
  await smallDisk(join(own.dir, 'small disk'), 64 * 1024);
  await powerCutDisk(join(own.dir, 'power'));
  mkdirSync(join(own.dir, 'bound'));
  await run(['mount', '--bind', elsewhere, join(own.dir, 'bound')]);
  const busy = spawn('sleep', ['600'], { cwd: join(own.dir, 'small disk'), stdio: 'ignore' });
  try {
    expect(mountsBelow(own.dir)).toHaveLength(3);
    await downLab(own.name);
    expect(existsSync(pathsOf(own.name).dir)).toBe(false);
    expect(mountsBelow(own.dir)).toEqual([]);
    await until('loop devices to go', async () => ((await loops(own.dir)) ? undefined : true));
    expect(readdirSync(elsewhere)).toEqual(['file']);
  } finally {
    busy.kill('SIGKILL');
    await tryRun(['umount', '--lazy', join(own.dir, 'bound')]);
    rmSync(elsewhere, { recursive: true });
  }
});

it('is swept with its mounts when its test was killed, and one that cannot be is told and keeps none of the others', async () => {
  const [first, killed] = [freshLabName(), freshLabName()];
  const broken = [`a${first}`, `z${first}`].map((name) => name.slice(0, 10)); // before and after the other, by name
  try {
    for (const name of broken) {
      mkdirSync(pathsOf(name).dir, { recursive: true });
      mkdirSync(pathsOf(name).state); // not to be read
    }
    const fixture = (file: string) => JSON.stringify(join(import.meta.dirname, file));
    const script = `import { ownScratch } from ${fixture('fixture/own-scratch.ts')};
      import { smallDisk } from ${fixture('../../lab/faults/small-disk.ts')};
      await smallDisk(ownScratch(${JSON.stringify(killed)}).dir, 65536);
      process.kill(process.pid, 'SIGKILL');`;
    const test = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    await once(test, 'exit');
    expect(mountsBelow(pathsOf(killed).dir)).toHaveLength(1);
    const { swept, failed } = await sweepLabs();
    expect(swept).toContain(killed);
    expect(mountsBelow(pathsOf(killed).dir)).toEqual([]);
    for (const name of broken) expect(failed).toContainEqual(expect.stringMatching(`^lab ${name}: EISDIR`));
    const command = await tryRun([process.execPath, main, 'sweep']);
    expect(command.exitCode).toBe(1);
    for (const name of broken) expect(command.stderr).toContain(`not swept: lab ${name}: `);
  } finally {
    for (const name of broken) rmSync(pathsOf(name).dir, { recursive: true, force: true });
    await downLab(killed);
  }
});

it('is seen by the check after the tests: mount, loop device and control group, until they are gone', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'shunt-left-'));
  const machine = freshLabName();
  const group = (verb: string) =>
    run([
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      `mount -t cgroup2 none /mnt && ${verb} /mnt/${cgroupOf(machine)}`,
    ]);
  const disk = await powerCutDisk(join(scratch, 'power'));
  await group('mkdir');
  const ours = () => labTraces('no run').filter((trace) => trace.includes(scratch) || trace.includes(machine));
  try {
    expect(ours()).toEqual([
      `mount ${disk.dir}`,
      expect.stringMatching(`^loop device loop\\d+ of ${scratch}/power/disk.img$`),
      `control group ${cgroupOf(machine)}`,
    ]);
  } finally {
    await disk.remove();
    await group('rmdir');
    rmSync(scratch, { recursive: true });
  }
  expect(await remaining(ours, 5_000)).toEqual([]);
});
