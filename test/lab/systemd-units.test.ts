import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const units = [
  'shunt-agent.service',
  'shunt-settle.service',
  'shunt-coordinator.service',
  'shunt-grace-sweep.service',
  'shunt-grace-sweep.timer',
] as const;
/** systemd's own scale, 0 (nothing left to take away) to 100. */
const exposureMax = {
  'shunt-agent.service': 35,
  'shunt-settle.service': 35,
  'shunt-coordinator.service': 20,
  'shunt-grace-sweep.service': 20,
} as const;

describe('the systemd units', () => {
  let dir: string;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'shunt-units-'));
    for (const unit of units) {
      const installed = readFileSync(new URL(`../../systemd/${unit}`, import.meta.url), 'utf8');
      // verify wants the program to be there; the release installs it, this checkout does not.
      writeFileSync(join(dir, unit), installed.replaceAll('/usr/lib/shunt/node', process.execPath));
    }
  });

  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each(units)('%s is understood by systemd without a word of complaint', (unit) => {
    const verify = spawnSync('systemd-analyze', ['verify', '--man=no', join(dir, unit)], { encoding: 'utf8' });
    expect(ours(verify.stderr)).toEqual([]);
    expect(verify.status).toBe(0);
  });

  it('none of those that are installed is left out', () => {
    const shipped = readdirSync(new URL('../../systemd/', import.meta.url));
    expect(shipped.filter((name) => /\.(service|timer|socket)$/.test(name)).toSorted()).toEqual([...units].toSorted());
  });

  it('a key that systemd does not know is caught', () => {
    const broken = join(dir, 'broken.service');
    writeFileSync(broken, `${readFileSync(join(dir, 'shunt-agent.service'), 'utf8')}\n[Service]\nNoSuchKey=yes\n`);
    const verify = spawnSync('systemd-analyze', ['verify', '--man=no', broken], { encoding: 'utf8' });
    expect(verify.stderr).toContain('NoSuchKey');
  });

  it.each(Object.entries(exposureMax))('%s stays below exposure %i', (unit, threshold) => {
    const argv = ['security', '--offline=true', `--threshold=${threshold}`, '--no-pager', join(dir, unit)];
    expect(() => execFileSync('systemd-analyze', argv, { stdio: 'pipe' })).not.toThrow();
  });
});

/** Complaints about units of the machine itself are not about ours. */
function ours(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !/^\/(usr\/)?lib\/systemd\//.test(line));
}
