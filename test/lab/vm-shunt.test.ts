import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Walked } from './shunt-plane/walk-process.ts';

const root = join(import.meta.dirname, '../..');
const script = join(import.meta.dirname, 'shunt-plane/walk-process.ts');

/** SIGTRAP and SIGSEGV: Node itself, now and then, on an emulated processor (docs/facts.md). Nothing of ours ends so. */
const crashes = [128 + 5, 128 + 11];

function inMachine() {
  return spawnSync(
    'npm',
    ['run', '--silent', 'lab', '--', 'vm', '--no-build', '--timeout', '500', '--', process.execPath, script],
    { cwd: root, encoding: 'utf8', timeout: 520_000 },
  );
}

/**
 * The agent's own steps on the kernel's datapath, without the programs around them: these are in test/long/vm-smoke, and an emulated processor is slow.
 */
it.skipIf(process.env['SHUNT_LAB_VM'] !== undefined)(
  "keeps connections alive on the kernel's datapath: staged, flipped, flipped back, flipped, finished",
  () => {
    let machine = inMachine();
    if (crashes.includes(machine.status ?? 0)) machine = inMachine();
    const { status, stdout, stderr } = machine;
    expect(status, `${stdout}\n${stderr}`).toBe(0);
    const [, walked = '{}'] = /^walked (\{.*\})$/m.exec(stdout) ?? [];
    const { datapath, steps, lostByItself } = JSON.parse(walked) as Walked; // written by the script of the same source tree
    expect(datapath).toBe('system');
    expect(steps).toEqual(
      ['staged', 'shunted', 'staged', 'shunted', 'hybrid'].map((place) => ({
        ...{ place, silent: [], broken: [] },
        lost: expect.any(Number) as number,
      })),
    );
    // Of guests that are asked at 50 Hz; where the emulated machine loses frames while nothing is done, this says nothing. To change a tap's bridge
    // takes an emulated kernel some 40 ms.
    const aims = steps.map(({ lost }, at) => lost <= (at === 0 ? 5 : 0));
    if (lostByItself === 0) expect(aims, JSON.stringify(steps)).not.toContain(false);
  },
  1_060_000,
);
