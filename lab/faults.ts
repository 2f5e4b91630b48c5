import { join } from 'node:path';
import { run } from './command.ts';
import { defaultRoutes } from './guests.ts';
import { inNetns, scriptIn } from './netns.ts';
import { runDirEnv } from './open-vswitch.ts';
import { hypervisorDir } from './run-dir.ts';
import type { LabState } from './state.ts';
import type { LabGuest, LabHypervisor } from './topology.ts';

/** Cookie of all flows that the lab puts into a switch, so that it removes its own and no other's. */
const FAULT_COOKIE = '0x5b0f4017';

/** A fault that stands until it is removed. */
export interface Fault {
  readonly what: string;
  remove(): Promise<void>;
}

/**
 * Lets a hypervisor's `br-int` drop every frame from and to a MAC: above all of OVN's flows, in its first table. ovn-controller
 * leaves flows alone that it has not made, unless it is started again. Harmless while the guest is on its legacy plug.
 */
export async function dropByMac(lab: LabState, hypervisor: string, mac: string): Promise<Fault> {
  const flows = ['dl_src', 'dl_dst'].map(
    (field) => `cookie=${FAULT_COOKIE},table=0,priority=65535,${field}=${mac},actions=drop`,
  );
  await ofctl(lab, hypervisor, ['add-flows', 'br-int', '-'], `${flows.join('\n')}\n`);
  return {
    what: `frames of ${mac} are dropped in br-int of ${hypervisor}`,
    remove: async () => {
      for (const field of ['dl_src', 'dl_dst']) {
        await ofctl(lab, hypervisor, ['del-flows', 'br-int', `cookie=${FAULT_COOKIE}/-1,${field}=${mac}`]);
      }
    },
  };
}

/** Takes a guest's NIC down inside the guest: tap, port and flows stay as they are. */
export async function guestNicDown(lab: LabState, guest: string): Promise<Fault> {
  const found = guestOf(lab, guest);
  await scriptIn(found.netns, ['ip link set eth0 down']);
  return { what: `the NIC of guest ${guest} is down`, remove: () => guestNicUp(lab, guest) };
}

/** Brings a guest's NIC up again, with the routes that went with it. */
export async function guestNicUp(lab: LabState, guest: string): Promise<void> {
  const found = guestOf(lab, guest);
  const routes = defaultRoutes(lab.topology, found);
  await scriptIn(found.netns, ['ip link set eth0 up', ...routes.map((route) => `ip route replace ${route}`)]);
}

export function guestOf(lab: LabState, name: string): LabGuest {
  const guest = lab.topology.guests.find((g) => g.name === name);
  if (!guest) throw new Error(`lab ${lab.topology.name} has no guest '${name}'`);
  return guest;
}

export function hypervisorOf(lab: LabState, name: string): LabHypervisor {
  const hypervisor = lab.topology.hypervisors.find((h) => h.name === name);
  if (!hypervisor) throw new Error(`lab ${lab.topology.name} has no hypervisor '${name}'`);
  return hypervisor;
}

function ofctl(lab: LabState, hypervisor: string, args: readonly string[], input?: string): Promise<string> {
  const { netns } = hypervisorOf(lab, hypervisor);
  const dir = hypervisorDir(lab.topology.name, hypervisor);
  const [command = '', bridge = '', ...rest] = args;
  const socket = `unix:${join(dir, `${bridge}.mgmt`)}`;
  return run(inNetns(netns, ['ovs-ofctl', command, socket, ...rest]), {
    env: runDirEnv(dir),
    ...(input === undefined ? {} : { input }),
  });
}
