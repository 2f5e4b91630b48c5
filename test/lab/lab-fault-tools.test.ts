import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, tryRun, until } from '../../lab/command.ts';
import { downLab } from '../../lab/down.ts';
import { failCalls, withFailingCalls } from '../../lab/faults/failing-calls.ts';
import { type LinkPlace, loseFrames, loseLargePackets } from '../../lab/faults/lossy-link.ts';
import { cutManagement } from '../../lab/faults/management-cut.ts';
import { powerCutDisk } from '../../lab/faults/power-cut-disk.ts';
import { pauseProcess } from '../../lab/faults/process-pause.ts';
import { delayGuest, netem } from '../../lab/faults/slow-link.ts';
import { readOnly, smallDisk } from '../../lab/faults/small-disk.ts';
import { wrongClock } from '../../lab/faults/wrong-clock.ts';
import { hypervisorPlace } from '../../lab/hypervisor.ts';
import { execIn } from '../../lab/netns.ts';
import { vsctl } from '../../lab/open-vswitch.ts';
import { findProcess } from '../../lab/processes.ts';
import { findProgram, restartProgram } from '../../lab/programs.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import { guestOf, hypervisorOf, type LabState } from '../../lab/state.ts';
import { upLab } from '../../lab/up.ts';
import { freshLabName } from './fixture/own-lab.ts';
import { type OwnScratch, ownScratch } from './fixture/own-scratch.ts';

let own: OwnScratch;
let scratch: string;
beforeAll(() => {
  own = ownScratch();
  scratch = own.dir;
});
afterAll(() => own?.[Symbol.asyncDispose]());

describe('faults of disks, calls and clocks', () => {
  it('leaves of a disk whose power is cut what was synced, and not what was only written', async () => {
    await using disk = await powerCutDisk(join(scratch, 'power'));
    const fd = openSync(join(disk.dir, 'synced'), 'w');
    writeSync(fd, 'kept');
    fsyncSync(fd);
    closeSync(fd);
    writeFileSync(join(disk.dir, 'written'), 'lost');
    await using survivor = await disk.cut();
    expect(readFileSync(join(survivor.dir, 'synced'), 'utf8')).toBe('kept');
    expect(readdirSync(survivor.dir)).not.toContain('written');
    expect(readFileSync(join(disk.dir, 'written'), 'utf8')).toBe('lost'); // the disk itself goes on
  });

  it('fills a disk to the last byte, and frees it', async () => {
    await using disk = await smallDisk(join(scratch, 'small'), 64 * 1024);
    const write = () => writeFileSync(join(disk.dir, 'x'), 'y');
    disk.fill();
    expect(write).toThrow('ENOSPC');
    disk.free();
    expect(write).not.toThrow();
  });

  it('makes a folder read-only, for root too, and writable again', async () => {
    const write = () => writeFileSync(join(scratch, 'x'), 'y');
    const fault = await readOnly(scratch);
    expect(write).toThrow('EROFS');
    await fault.remove();
    await fault.remove(); // twice is as good as once
    expect(write).not.toThrow();
  });

  it('lets a call of a running process fail until it is removed, and leaves the process alive', async () => {
    const sync = `const fs = require('fs'); const fd = fs.openSync(${JSON.stringify(join(scratch, 'f'))}, 'w');
      const say = (e) => console.log(e ? e.code : 'ok');
      process.stdin.on('data', () => fs.fdatasync(fd, say)); console.log('ready')`;
    await using child = dialogue([process.execPath, '-e', sync]);
    expect(await child.line()).toBe('ready');
    expect(await child.ask()).toBe('ok');
    const fault = await failCalls(child.pid, { call: 'fdatasync' });
    expect(await child.ask()).toBe('EIO');
    await fault.remove();
    expect(await child.ask()).toBe('ok');
  });

  it('starts a command whose third call fails, and only that one', async () => {
    const script = `const fs = require('fs'); const fd = fs.openSync(${JSON.stringify(join(scratch, 'g'))}, 'w');
      for (let i = 0; i < 4; i += 1) try { fs.fdatasyncSync(fd); console.log('ok') } catch (e) { console.log(e.code) }`;
    const argv = withFailingCalls({ call: 'fdatasync', error: 'ENOSPC', when: '3' }, [process.execPath, '-e', script]);
    expect((await run(argv)).trim().split('\n')).toEqual(['ok', 'ok', 'ENOSPC', 'ok']);
  });

  it('moves the wall clock of a program, also while it runs, and leaves its monotonic clock alone', async () => {
    using clock = wrongClock(join(scratch, 'clock'), 86_400);
    const script = `process.stdin.on('data', () => console.log(Date.now() + ' ' + process.hrtime.bigint())); console.log('ready')`;
    await using child = dialogue([process.execPath, '-e', script], clock.env);
    expect(await child.line()).toBe('ready');
    const look = async () => {
      const [wallMs, monotonicNs] = (await child.ask()).split(' ').map(Number) as [number, number];
      return {
        wallDays: Math.round((wallMs - Date.now()) / 86_400_000),
        monotonicDays: Math.round(Math.abs(monotonicNs - Number(process.hrtime.bigint())) / 86_400e9),
      };
    };
    expect(await look()).toEqual({ wallDays: 1, monotonicDays: 0 });
    clock.setOffset(-2 * 86_400);
    expect(await look()).toEqual({ wallDays: -2, monotonicDays: 0 });
  });
});

describe('faults of a lab', () => {
  const name = freshLabName();
  let lab: LabState;
  let tap: LinkPlace;
  let ping: readonly string[];
  beforeAll(async () => {
    lab = await upLab({ name, hosts: 2, guests: 1, networks: 1, tap: 'tap', services: false, owner: 'process' });
    const guest = guestOf(lab, 'g1-1');
    tap = { netns: `${name}-hv1`, device: guest.tap, way: 'both' };
    ping = ['ping', '-n', '-q', '-W', '1', guestOf(lab, 'g2-1').ip4];
  });
  afterAll(() => downLab(name));

  /** How many of `count` pings from g1-1 to g2-1 are answered. */
  const answered = async (count: number, ...more: readonly string[]) => {
    const { stdout } = await execIn(guestOf(lab, 'g1-1').netns, [...ping, '-c', String(count), '-i', '0.02', ...more]);
    return Number(/(\d+) received/.exec(stdout)?.[1]);
  };

  /** No fault is there: a single frame that a busy machine loses is not what is looked for. */
  const unhurt = () => until('every one to be answered', async () => ((await answered(10)) === 10 ? true : undefined));

  it('loses a share of the frames at random', async () => {
    await unhurt(); // who asks for an address loses a second by each question that is lost
    const fault = await loseFrames(tap, 30);
    const some = await answered(50);
    await fault.remove();
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(50);
    await unhurt();
  });

  it('loses large packets only', async () => {
    await using _ = await loseLargePackets(tap, 1400);
    const fitting = () => answered(3, '-s', '1372', '-M', 'do');
    await until('what fits to be answered', async () => ((await fitting()) === 3 ? true : undefined));
    expect(await answered(3, '-s', '1373', '-M', 'do')).toBe(0);
  });

  it('delays what a guest sends and is sent', async () => {
    const rtt = async () => {
      const { stdout } = await execIn(guestOf(lab, 'g1-1').netns, [...ping, '-c', '5', '-i', '0.05']);
      return Number(/= ([\d.]+)\//.exec(stdout)?.[1]); // the shortest
    };
    const fault = await delayGuest(lab, 'g1-1', { delayMs: 60, jitterMs: 20 });
    expect(await rtt()).toBeGreaterThanOrEqual(120); // there and back
    await fault.remove();
    await until('the wire to be quick again', async () => ((await rtt()) < 60 ? true : undefined));
  });

  it("delays by netem where the kernel has it, and says so where it hasn't", async () => {
    const place = { netns: `${name}-hv1`, device: tap.device };
    const has = (await tryRun(['modprobe', '-n', 'sch_netem'])).exitCode === 0;
    const fault = await netem(place, { delayMs: 50, jitterMs: 1 }).catch((error: Error) => error);
    if (fault instanceof Error)
      expect([has, fault.message]).toEqual([false, expect.stringContaining('qdisc kind is unknown')]);
    else await fault.remove();
  });

  it('cuts the management network of one hypervisor, half-open, and leaves its guests alone', async () => {
    const reaches = async (hypervisor: string) =>
      (await execIn(`${name}-${hypervisor}`, ['ping', '-n', '-q', '-c', '1', '-W', '1', lab.topology.managementIp]))
        .exitCode === 0;
    const fault = await cutManagement(lab, 'hv1');
    expect([await reaches('hv1'), await reaches('hv2')]).toEqual([false, true]);
    expect(await run(['ip', '-n', `${name}-hv1`, 'link', 'show', 'eth0'])).toContain('state UP');
    await unhurt();
    expect(await reaches('hv1')).toBe(false);
    await fault.remove();
    expect(await reaches('hv1')).toBe(true);
  });

  it("starts a hypervisor's database again with what was in it, and its switch goes on", async () => {
    const place = hypervisorPlace(name, hypervisorOf(lab, 'hv1'));
    await vsctl(place, ['set', 'Open_vSwitch', '.', 'external_ids:kept=yes']);
    const before = findProgram(name, 'hv1-ovsdb') ?? expect.fail('no ovsdb-server');
    await restartProgram(name, 'hv1-ovsdb');
    expect(findProgram(name, 'hv1-ovsdb')?.pid).not.toBe(before.pid);
    expect((await vsctl(place, ['get', 'Open_vSwitch', '.', 'external_ids:kept'])).trim()).toBe('yes');
    await vsctl(place, ['set', 'Open_vSwitch', '.', 'external_ids:seen=yes']); // waits until vswitchd has acted
    await unhurt();
  });

  it('pauses a process: it is there, and does nothing until it goes on', async () => {
    const vswitchd = findProcess(pathsOf(name), 'hv1-vswitchd') ?? expect.fail('no vswitchd');
    const fault = await pauseProcess(vswitchd);
    const socket = join(pathsOf(name).dir, 'hv1', `ovs-vswitchd.${vswitchd.pid}.ctl`);
    const replies = () => run(['ovs-appctl', '-T', '1', '-t', socket, 'version']).then(Boolean, () => false);
    expect(await replies()).toBe(false);
    await fault.remove();
    expect(await replies()).toBe(true);
  });
});

interface Dialogue extends AsyncDisposable {
  readonly pid: number;
  line(): Promise<string>;
  ask(): Promise<string>;
}

/** A child that answers each line with a line. */
function dialogue(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Dialogue {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  const line = async () => String((await once(child.stdout, 'data'))[0]).trim();
  return {
    pid: child.pid as number, // it was spawned, or the first line never comes
    line,
    ask: () => {
      const answer = line();
      child.stdin.write('\n');
      return answer;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}
