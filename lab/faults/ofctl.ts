import { join } from 'node:path';
import { run } from '../command.ts';
import { inNetns } from '../netns.ts';
import { runDirEnv } from '../open-vswitch.ts';
import { hypervisorDir } from '../run-dir.ts';
import { hypervisorOf, type LabState } from '../state.ts';

/** `ovs-ofctl COMMAND BRIDGE …` on a hypervisor. */
export function ofctl(lab: LabState, hypervisor: string, args: readonly string[], input?: string): Promise<string> {
  const { netns } = hypervisorOf(lab, hypervisor);
  const dir = hypervisorDir(lab.topology.name, hypervisor);
  const [command = '', bridge = '', ...rest] = args;
  const socket = `unix:${join(dir, `${bridge}.mgmt`)}`;
  return run(inNetns(netns, ['ovs-ofctl', command, socket, ...rest]), {
    env: runDirEnv(dir),
    ...(input === undefined ? {} : { input }),
  });
}
