import { existsSync, readdirSync } from 'node:fs';
import type { ChildResult } from '../platform/child.ts';
import type { RunOptions } from './command.ts';
import { run, tryRun } from './command.ts';
import { isNamespaceOf } from './lab-name.ts';

const NETNS_DIR = '/run/netns';

/** Puts a command into a network namespace. The process stays the same one (`nsenter` execs), so its pid is the command's. */
export function inNetns(netns: string, argv: readonly string[]): readonly string[] {
  return ['nsenter', `--net=${NETNS_DIR}/${netns}`, '--', ...argv];
}

/** As {@link inNetns}, with a /sys that shows the namespace's own interfaces; for programs that read it. */
export function inNetnsWithSys(netns: string, argv: readonly string[]): readonly string[] {
  return ['ip', 'netns', 'exec', netns, ...argv];
}

/** Runs a command inside a namespace; any exit code is a result. */
export function execIn(netns: string, argv: readonly string[], options: RunOptions = {}): Promise<ChildResult> {
  return tryRun(inNetns(netns, argv), options);
}

/** Runs a shell script inside a namespace; stops at its first error. */
export function scriptIn(netns: string, lines: readonly string[]): Promise<string> {
  return run(inNetns(netns, ['sh', '-e']), { input: `${lines.join('\n')}\n` });
}

/** Applies many `ip` commands in one process. */
export function ipBatch(netns: string, lines: readonly string[]): Promise<string> {
  return run(['ip', '-n', netns, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}

/** Creates namespaces, each with its loopback up left to whoever furnishes it. */
export async function addNamespaces(names: readonly string[]): Promise<void> {
  await run(['ip', '-batch', '-'], { input: names.map((n) => `netns add ${n}\n`).join('') });
}

/** Namespaces that exist now and belong to the lab of this name. */
export function listNamespaces(lab: string): readonly string[] {
  if (!existsSync(NETNS_DIR)) return [];
  return readdirSync(NETNS_DIR).filter((n) => isNamespaceOf(lab, n));
}

/** Removes namespaces, going on past those that are gone already. */
export async function deleteNamespaces(names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await tryRun(['ip', '-force', '-batch', '-'], { input: names.map((n) => `netns del ${n}\n`).join('') });
}
