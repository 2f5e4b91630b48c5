import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { centralMachine, insideCoordinatorConfig } from '../../../lab/machine/central-machine.ts';
import type { Machine, MachineOptions } from '../../../lab/machine/machine.ts';
import type { LabState } from '../../../lab/state.ts';
import { projectRoot } from './made-release.ts';

/** Where machines find the release. */
export const releaseInside = '/srv/release';

/** A machine that has the release at hand, and neither this project nor another Node; and may start services as it likes. */
export function withoutProject(releases: string): Required<Pick<MachineOptions, 'binds' | 'files'>> {
  const nothing = join(releases, 'nothing');
  mkdirSync(nothing, { recursive: true });
  const nodes = ['/usr/bin/node', '/usr/local/bin/node'].filter((path) => existsSync(path));
  return {
    binds: [
      { from: releases, to: releaseInside },
      { from: nothing, to: projectRoot },
      ...nodes.map((path) => ({ from: '/dev/null', to: path })),
    ],
    files: { '/usr/sbin/policy-rc.d': { text: '#!/bin/sh\nexit 0\n', mode: 0o755 } },
  };
}

/** Central's machine with a configuration at hand, which the tests put where the package wants it. */
export async function centralWithConfig(
  lab: LabState,
  { files, ...options }: Pick<MachineOptions, 'binds' | 'files'>,
): Promise<Machine> {
  const config = stringify(insideCoordinatorConfig(lab.topology));
  return centralMachine(lab, { ...options, files: { ...files, '/root/coordinator.yaml': config } });
}

/** What dpkg says to a package that is put in. */
export async function install(
  machine: Machine,
  deb: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const path = join(releaseInside, deb);
  await machine.run(['rm', '-f', '/var/lib/man-db/auto-update']); // its index of all pages is made anew otherwise
  const { status, stdout, stderr } = await machine.exec(['dpkg', '--force-confold', '--install', path], {
    timeoutMs: 120_000,
    env,
  });
  if (status !== 0) throw new Error(`dpkg --install ended with ${status}: ${stderr}${stdout}`);
  return `${stdout}${stderr}`;
}

/** Files that a machine has made or changed since its disk was empty. */
export function changedFiles(machine: Machine): readonly string[] {
  const upper = join(machine.paths.disk, 'upper');
  return readdirSync(upper, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(upper.length));
}

/** Processes that run a file of the installation. */
export async function installedProcesses(machine: Machine): Promise<readonly string[]> {
  const { stdout } = await machine.exec(['pgrep', '--full', '--list-full', '^/usr/lib/shunt/']);
  return stdout.split('\n').filter((line) => line !== '');
}
