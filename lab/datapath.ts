import { existsSync } from 'node:fs';
import { tryRun } from './command.ts';

/**
 * Who forwards the frames of a lab: `netdev`, vswitchd itself, on any kernel; `system`, the kernel's openvswitch module, as
 * on a real hypervisor. OVS's names of `Bridge.datapath_type` (ovs-vswitchd.conf.db(5)).
 */
export type Datapath = 'netdev' | 'system';

export const datapaths = ['netdev', 'system'] as const;

/** What `SHUNT_LAB_DATAPATH` says; `netdev` without it. Throws for a word that is none. */
export function defaultDatapath(env: NodeJS.ProcessEnv = process.env): Datapath {
  const word = env['SHUNT_LAB_DATAPATH'] ?? '';
  if (word === '') return 'netdev';
  const found = datapaths.find((datapath) => datapath === word);
  if (!found) throw new Error(`SHUNT_LAB_DATAPATH is '${word}': ${datapaths.join(' or ')}`);
  return found;
}

/** Fails, with the way out, where the kernel cannot be what is asked for. */
export async function requireDatapath(datapath: Datapath): Promise<void> {
  if (datapath === 'netdev' || existsSync('/sys/module/openvswitch')) return;
  const { exitCode } = await tryRun(['modprobe', 'openvswitch']).catch(() => ({ exitCode: 127 }));
  if (exitCode === 0) return;
  throw new Error(
    "this kernel has no openvswitch module: leave out --datapath system, or run it on Debian's kernel: npm run lab -- vm -- …",
  );
}
