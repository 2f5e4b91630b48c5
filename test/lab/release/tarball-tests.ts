import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, startMachine } from '../../../lab/machine/machine.ts';
import { freshLabName } from '../fixture/own-lab.ts';
import { installedProcesses, releaseInside, withoutProject } from './installed.ts';
import { projectRoot, thisArch, type Versions, versions } from './made-release.ts';

const files = ['/etc/shunt/agent.yaml', '/etc/shunt/coordinator.yaml'];
const modes = ['stat', '-c', '%a %U:%G %n', '/etc/shunt', ...files];
const expectedModes = ['750 root:shunt /etc/shunt', ...files.map((path) => `640 root:shunt ${path}`), ''].join('\n');

/** What docs/packaging.md says of it; for `test/lab/release.test.ts`. */
export function tarballTests(releases: () => Versions): void {
  describe('the tarball', () => {
    let machine: Machine;

    beforeAll(async () => {
      const bare = withoutProject(releases().folder.path);
      machine = await startMachine({
        ...bare,
        name: freshLabName(),
        enable: ['openvswitch-switch.service'],
        files: {
          ...bare.files,
          '/etc/default/openvswitch-switch': "OVS_CTL_OPTS='--no-mlockall --ovs-vswitchd-options=--disable-system'\n",
          '/usr/sbin/modprobe': { text: '#!/bin/sh\nexit 0\n', mode: 0o755 },
        },
      });
    });

    afterAll(async () => {
      await machine?.[Symbol.asyncDispose]();
    });

    it('runs from /opt, installed as docs/packaging.md says', async () => {
      await machine.run(['sh', '-e', '-c', documentedCommands('older')]);
      for (const program of ['shunt', 'shunt-agent', 'shunt-coordinator']) {
        expect(await machine.run([program, '--version'])).toContain(`${versions.older} (`);
      }
      expect(await machine.run(['shunt-agent', 'check-config'])).toContain('mode: "passive"  # default');
      expect(await machine.run(modes)).toBe(expectedModes);
      await machine.run(['shunt-coordinator', 'check-config']);
      expect(await installedProcesses(machine)).toEqual([]);
    });

    it('has units that start', async () => {
      await machine.run(['systemctl', 'start', 'shunt-agent.service']);
      expect(await machine.unit('shunt-agent.service')).toMatchObject({ ActiveState: 'active', SubState: 'running' });
      expect(await machine.run(['shunt-agent', 'status'])).toMatch(/shunt-agent 7\.0\.9 on .*passive/);
    });

    it('is followed by another version with the same commands; edits stay, what runs is restarted', async () => {
      const config = '/etc/shunt/agent.yaml';
      await machine.run(['sh', '-c', `printf '# edited\n' >>${config}; rm /etc/shunt/coordinator.yaml`]);
      const edited = await machine.run(['cat', config]);
      const { MainPID: before } = await machine.unit('shunt-agent.service');
      await machine.run(['shunt-agent', 'at-rest', '--wait', '300']);
      await machine.run(['sh', '-e', '-c', documentedCommands('newer')]);
      for (const program of ['shunt', 'shunt-agent', 'shunt-coordinator']) {
        expect(await machine.run([program, '--version'])).toContain(`${versions.newer} (`);
      }
      expect(await machine.run(['cat', config])).toBe(edited);
      expect(await machine.run(modes)).toBe(expectedModes);
      expect((await machine.waitFor('shunt-agent.service', 'running'))['MainPID']).not.toBe(before);
      expect(await machine.run(['shunt-agent', 'status'])).toMatch(/shunt-agent 7\.0\.10 on .*passive/);
      expect(await machine.run(['readlink', '/usr/lib/shunt'])).toContain(`shunt-${versions.newer}-linux-`);
    });

    /** The commands of the page, with the names of a release. */
    function documentedCommands(which: keyof typeof versions): string {
      const page = readFileSync(join(projectRoot, 'docs/packaging.md'), 'utf8');
      const block = /## The tarball\n[\s\S]*?```\n([\s\S]*?)```/.exec(page)?.[1];
      if (block === undefined) throw new Error('docs/packaging.md does not tell how a tarball is installed');
      const { tarball } = releases()[which];
      const named = block.replaceAll('<version>', versions[which]).replaceAll('linux-amd64', `linux-${thisArch()}`);
      return named.replace(`${basename(tarball)}.xz`, join(releaseInside, releases().path(tarball)));
    }
  });
}
