import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { runChild } from '../../platform/child.ts';

const askMs = 5_000;

/** systemd is PID 1 here, and what it starts sees the network that we see. */
export async function systemdReachesUs(): Promise<boolean> {
  if (!existsSync('/run/systemd/system')) return false;
  return sharesNetworkWithInit() ?? (await unitIsWithoutNetworkOfItsOwn());
}

/** Undefined when /proc does not let us see: below the unit PID 1 is hidden, and CAP_SYS_PTRACE is taken away. */
function sharesNetworkWithInit(): boolean | undefined {
  try {
    return readlinkSync('/proc/1/ns/net') === readlinkSync('/proc/self/ns/net');
  } catch {
    return undefined;
  }
}

/** systemd started us, as the main process of a unit that it gave no other network: then ours is its own. */
async function unitIsWithoutNetworkOfItsOwn(): Promise<boolean> {
  const unit = serviceOf(readFileSync('/proc/self/cgroup', 'utf8'));
  if (unit === undefined) return false;
  const properties = ['MainPID', 'PrivateNetwork', 'NetworkNamespacePath'].map((name) => `--property=${name}`);
  const { stdout } = await runChild(['systemctl', 'show', ...properties, '--', unit], { timeoutMs: askMs });
  return isMainWithoutNetwork(stdout, process.pid);
}

/** The service whose control group a process is in, from its /proc/PID/cgroup (cgroups(7): version 2, or systemd's own of version 1). */
export function serviceOf(cgroups: string): string | undefined {
  const paths = cgroups.split('\n').flatMap((line) => /^(?:0:|\d+:name=systemd):(.*)$/.exec(line)?.[1] ?? []);
  return paths.map((path) => basename(path)).find((name) => name.endsWith('.service'));
}

/** What `systemctl show` prints of the unit: whether `pid` is its main process, and lives in the network of PID 1. */
export function isMainWithoutNetwork(shown: string, pid: number): boolean {
  const lines = new Set(shown.split('\n'));
  return lines.has(`MainPID=${pid}`) && lines.has('PrivateNetwork=no') && lines.has('NetworkNamespacePath=');
}
