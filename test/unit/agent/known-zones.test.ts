import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { knownZones } from '../../../agent/connections/seed-step.ts';

describe('the zones that the legacy firewall gives', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'shunt-zones-'));
    vi.stubEnv('PATH', dir);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(dir, { recursive: true, force: true });
  });

  function iptablesSave(script: string): void {
    const path = join(dir, 'iptables-save');
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }
  const read = () => knownZones(AbortSignal.timeout(5_000));

  it('are none on a host without iptables', async () => {
    expect(await read()).toEqual(new Map());
  });

  it('are read where it is', async () => {
    iptablesSave("echo '-A neutron-linuxbri-PREROUTING -i brq11111111-11 -j CT --zone 4097'");
    expect(await read()).toEqual(new Map([['brq11111111-11', 4097]]));
  });

  it('are not taken for none when it fails', async () => {
    iptablesSave('exit 4');
    await expect(read()).rejects.toMatchObject({ code: 'child-failed' });
  });
});
