import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, startMachine } from '../../lab/machine/machine.ts';
import { freshLabName } from './fixture/own-lab.ts';
import { installedProcesses, releaseInside, withoutProject } from './release/installed.ts';
import { projectRoot, ReleaseFolder, thisArch } from './release/made-release.ts';

describe('the tarball', () => {
  let folder: ReleaseFolder;
  let machine: Machine;
  let tarball: string;

  beforeAll(async () => {
    folder = new ReleaseFolder();
    const made = await folder.make('made', ['--no-deb', '--arch', thisArch(), '--version', '7.0.9']);
    tarball = `made/${basename(made.tarball)}`;
    const bare = withoutProject(folder.path);
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
    folder?.[Symbol.dispose]();
  });

  it('runs from /opt, installed as docs/packaging.md says', async () => {
    await machine.run(['sh', '-e', '-c', documentedCommands()]);
    for (const program of ['shunt', 'shunt-agent', 'shunt-coordinator']) {
      expect(await machine.run([program, '--version'])).toContain('7.0.9 (');
    }
    expect(await machine.run(['shunt-agent', 'check-config'])).toContain('mode: "passive"  # default');
    expect(await machine.run(['stat', '-c', '%a %U:%G', '/etc/shunt/agent.yaml'])).toBe('640 root:shunt\n');
    await machine.run(['shunt-coordinator', 'check-config']);
    expect(await installedProcesses(machine)).toEqual([]);
  });

  it('has units that start', async () => {
    await machine.run(['systemctl', 'start', 'shunt-agent.service']);
    expect(await machine.unit('shunt-agent.service')).toMatchObject({ ActiveState: 'active', SubState: 'running' });
    expect(await machine.run(['shunt-agent', 'status'])).toMatch(/shunt-agent 7\.0\.9 on .*passive/);
    await machine.run(['systemctl', 'stop', 'shunt-agent.service']);
  });

  /** The commands of the page, with the names of this release. */
  function documentedCommands(): string {
    const page = readFileSync(join(projectRoot, 'docs/packaging.md'), 'utf8');
    const block = /## The tarball\n```\n([\s\S]*?)```/.exec(page)?.[1];
    if (block === undefined) throw new Error('docs/packaging.md does not tell how a tarball is installed');
    const named = block.replaceAll('<version>', '7.0.9').replaceAll('linux-amd64', `linux-${thisArch()}`);
    return named.replace(`${basename(tarball)}.xz`, join(releaseInside, tarball));
  }
});
