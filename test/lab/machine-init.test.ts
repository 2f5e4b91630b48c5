import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { run, until } from '../../lab/command.ts';
import { type Machine, type MachineOptions, startMachine } from '../../lab/machine/machine.ts';
import { listMachines, machinePaths } from '../../lab/machine/machine-place.ts';
import { sweepMachines } from '../../lab/machine/remove-machine.ts';
import { startTimeOf } from '../../lab/processes.ts';

let made = 0;

function freshName(): string {
  made += 1;
  return `mi${process.pid.toString(36)}${made}`;
}

/** Logs its orderly end; a power cut leaves it no time for that. */
const witness = [
  '[Unit]',
  'Description=Witness',
  '[Service]',
  'Type=oneshot',
  'RemainAfterExit=yes',
  'ExecStart=/bin/true',
  'ExecStop=/bin/sh -c "echo ended in order; echo yes > /var/lib/ended; sync -f /var/lib"',
  '[Install]',
  'WantedBy=multi-user.target',
  '',
].join('\n');

describe('a machine with systemd as PID 1', () => {
  const machines: Machine[] = [];

  async function machineOf(options: Partial<MachineOptions> = {}): Promise<Machine> {
    const machine = await startMachine({ name: freshName(), ...options });
    machines.push(machine);
    return machine;
  }

  afterEach(async () => {
    for (const machine of machines.splice(0)) await machine[Symbol.asyncDispose]();
  });

  it('has processes, names, files and network of its own, and nothing in it has failed', async () => {
    const machine = await machineOf({ hostname: 'inside' });
    expect(await machine.run(['cat', '/proc/1/comm'])).toBe('systemd\n');
    expect(await machine.run(['hostname'])).toBe('inside\n');
    expect(await machine.run(['cat', '/proc/sys/kernel/random/boot_id'])).toBe(`${machine.bootId}\n`);
    expect(JSON.parse(await machine.run(['ip', '-j', 'link'])).map((link: { ifname: string }) => link.ifname)).toEqual([
      'lo',
    ]);
    expect((await machine.systemctl('--failed', '--plain', '--no-legend')).stdout).toBe('');
    expect(await machine.exec(['sh', '-c', 'cat; exit 7'], { input: 'told' })).toMatchObject({
      status: 7,
      stdout: 'told',
    });
    await machine.run(['sh', '-c', 'echo 1 > /root/only-here; echo 1 > /etc/only-here']);
    expect([existsSync('/root/only-here'), existsSync('/etc/only-here')]).toEqual([false, false]);
  });

  it('cannot set what the kernel has only once', async () => {
    const machine = await machineOf();
    for (const path of ['/proc/sys/kernel/panic', '/proc/sys/fs/file-max', '/sys/kernel/uevent_seqnum']) {
      const { status, stderr } = await machine.exec(['sh', '-c', `echo 1 > ${path}`]);
      expect({ path, status, stderr: stderr.trim() }).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/Read-only|denied/),
      });
    }
    await machine.run(['sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/lo/disable_ipv6']);
  });

  it('sees files of the host, whatever their names, and empties none of them at a boot unless that was asked for', async () => {
    const outside = mkdtempSync(join(tmpdir(), "shunt with a space and a 'quote' "));
    const mine = join('/run/shunt-lab', freshName());
    try {
      for (const folder of ['read', 'written']) mkdirSync(join(outside, folder));
      mkdirSync(join(mine, 'sockets'), { recursive: true });
      writeFileSync(join(outside, 'read', 'a file'), 'as on the host');
      writeFileSync(join(outside, 'written', 'before'), 'kept');
      writeFileSync(join(mine, 'sockets', 'before'), 'of the boot before');
      const machine = await machineOf({
        binds: [
          { from: join(outside, 'read') },
          { from: join(outside, 'read', 'a file'), to: '/usr/lib/with a space' },
          { from: join(outside, 'written'), to: '/run/written', writable: true },
          { from: join(mine, 'sockets'), to: '/run/sockets', volatile: true },
        ],
      });
      expect(await machine.run(['cat', join(outside, 'read', 'a file'), '/usr/lib/with a space'])).toBe(
        'as on the hostas on the host',
      );
      expect((await machine.exec(['touch', join(outside, 'read', 'x')])).stderr).toContain('Read-only');
      expect(await machine.run(['cat', '/run/written/before'])).toBe('kept');
      expect(await machine.run(['ls', '-A', '/run/sockets'])).toBe('');
      await machine.run(['touch', '/run/written/after', '/run/sockets/after']);
      await machine.powerCut();
      await machine.boot();
      expect(readdirSync(join(outside, 'written')).toSorted()).toEqual(['after', 'before']);
      expect(readdirSync(join(mine, 'sockets'))).toEqual([]);
    } finally {
      for (const machine of machines.splice(0)) await machine[Symbol.asyncDispose]();
      for (const folder of [outside, mine]) rmSync(folder, { recursive: true, force: true });
    }
  });

  it('keeps its disk over an orderly shutdown, which stops every unit', async () => {
    const machine = await machineOf({ files: { '/etc/systemd/system/witness.service': witness } });
    await machine.systemctl('enable', '--now', 'witness');
    const before = machine.bootId;
    const machineId = await machine.run(['cat', '/etc/machine-id']);
    await machine.shutdown();
    expect(machine.pid).toBeUndefined();
    await machine.boot();
    expect(machine.bootId).not.toBe(before);
    expect(await machine.run(['cat', '/var/lib/ended'])).toBe('yes\n');
    expect(await machine.run(['cat', '/etc/machine-id'])).toBe(machineId);
    expect(await machine.journal('witness')).toContain('ended in order');
    await machine.waitFor('witness', 'active');
  });

  it('loses at a power cut what had not reached a disk image, and nothing else', async () => {
    const machine = await machineOf({ disk: 'image', files: { '/etc/systemd/system/witness.service': witness } });
    await machine.systemctl('enable', '--now', 'witness');
    await machine.run(['sh', '-c', 'sync -f /; echo kept > /root/kept; sync /root/kept; echo lost > /root/lost']);
    const pid = machine.pid as number; // it runs
    await machine.powerCut();
    expect(startTimeOf(pid)).toBeUndefined();
    await machine.boot();
    expect(await machine.run(['cat', '/root/kept'])).toBe('kept\n');
    expect((await machine.exec(['ls', '/root/lost', '/var/lib/ended'])).status).toBe(2);
    expect(await machine.run(['cat', '/proc/sys/kernel/random/boot_id'])).toBe(`${machine.bootId}\n`);
  });

  it('waits for a unit no longer than told, and stops waiting when told', async () => {
    const machine = await machineOf();
    await expect(machine.waitFor('systemd-journald.service', 'failed', { timeoutMs: 100 })).rejects.toThrow(
      'active/running',
    );
    const stop = new AbortController();
    const waiting = machine.waitFor('systemd-journald.service', 'failed', { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toMatchObject({ cause: { message: 'enough' } });
  });

  it('leaves nothing: no process, mount, control group, loop device or folder', async () => {
    const machine = await machineOf({ disk: 'image' });
    const pid = machine.pid as number; // it runs
    await machine[Symbol.asyncDispose]();
    expect(startTimeOf(pid)).toBeUndefined();
    await nothingOf(machine.name);
  });

  it('is swept when its owner died without a word', async () => {
    const name = freshName();
    const source = join(import.meta.dirname, '../../lab/machine/machine.ts');
    const script = `import { startMachine } from ${JSON.stringify(source)};
      await startMachine({ name: ${JSON.stringify(name)}, disk: 'image' });
      process.kill(process.pid, 'SIGKILL');`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    await new Promise((resolve) => owner.once('exit', resolve));
    expect(listMachines()).toContain(name);
    const pid = Number(readFileSync(machinePaths(name).pid, 'utf8'));
    expect(startTimeOf(pid)).toBeDefined();
    expect((await sweepMachines()).swept).toContain(name);
    expect(startTimeOf(pid)).toBeUndefined();
    await nothingOf(name);
  });
});

async function nothingOf(name: string): Promise<void> {
  const { dir } = machinePaths(name);
  expect(existsSync(dir)).toBe(false);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(dir);
  // A loop device in use by a mount that just went is given back by the kernel a moment later.
  await until('loop devices to go', async () => ((await run(['losetup', '--list'])).includes(dir) ? undefined : true));
  const groups = 'mount -t cgroup2 none /mnt && ls /mnt';
  expect(await run(['unshare', '--mount', '--propagation', 'private', 'sh', '-c', groups])).not.toContain(
    `shunt-machine-${name}`,
  );
}
