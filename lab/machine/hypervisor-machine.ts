import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { underlayMtu } from '../fabric.ts';
import { agentConfig } from '../program-config.ts';
import { hypervisorDir } from '../run-dir.ts';
import type { LabState } from '../state.ts';
import type { LabHypervisor, Topology } from '../topology.ts';
import { checkoutBinds, checkoutFiles } from './checkout.ts';
import { endOutside } from './end-outside.ts';
import { type Machine, type MachineOptions, startMachine } from './machine.ts';

export interface HypervisorMachineOptions
  extends Pick<MachineOptions, 'disk' | 'binds' | 'files' | 'enable' | 'signal'> {
  /** Added to the agent's configuration. */
  readonly agent?: Readonly<Record<string, unknown>>;
  /** `false`: without this checkout's programs and units; something else installs them. Default true. */
  readonly checkout?: boolean;
}

/**
 * Puts a hypervisor of a lab onto a machine: ovsdb-server, ovs-vswitchd and ovn-controller end outside and run on, with the same
 * database, as Debian's units inside. The agent's unit is installed, not enabled. Sockets stay reachable where they were:
 * `<folder of the hypervisor>/db.sock`, `br-int.mgmt`, `agent.sock`. Links, taps and guests live in the network namespace and
 * outlive a power cut.
 */
export async function moveHypervisor(
  lab: LabState,
  name: string,
  options: HypervisorMachineOptions = {},
): Promise<Machine> {
  const { topology } = lab;
  const hypervisor = topology.hypervisors.find((h) => h.name === name);
  if (!hypervisor) throw new Error(`lab ${topology.name} has no hypervisor '${name}'`);
  const dir = hypervisorDir(topology.name, name);
  await endOutside(topology.name, [`agent-${name}`, `${name}-controller`, `${name}-vswitchd`, `${name}-ovsdb`]);
  const files = {
    '/var/lib/openvswitch/conf.db': readFileSync(join(dir, 'ovsdb.db'), 'utf8'),
    ...switchFiles(topology, hypervisor),
    ...(options.checkout === false ? {} : checkoutFiles()),
    '/etc/shunt/agent.yaml': stringify({ ...insideConfig(topology, hypervisor), ...options.agent }),
    ...options.files,
  };
  return startMachine({
    name: `${topology.name}-${name}`,
    lab: topology.name,
    netns: hypervisor.netns,
    hostname: hypervisor.hostname,
    disk: options.disk ?? 'memory',
    binds: [...runFolders(dir), ...(options.checkout === false ? [] : checkoutBinds()), ...(options.binds ?? [])],
    files,
    enable: ['openvswitch-switch.service', 'ovn-host.service', 'lab-underlay.service', ...(options.enable ?? [])],
    ...(options.signal ? { signal: options.signal } : {}),
  });
}

/** Sockets lie in folders that both sides see; the names at which the lab knows them become links. */
function runFolders(dir: string): MachineOptions['binds'] & object {
  const links = {
    'db.sock': 'openvswitch/db.sock',
    'br-int.mgmt': 'openvswitch/br-int.mgmt',
    'br-ex.mgmt': 'openvswitch/br-ex.mgmt',
    'br-phy.mgmt': 'openvswitch/br-phy.mgmt',
    'agent.sock': 'shunt/agent/agent.sock',
  };
  for (const [link, target] of Object.entries(links)) {
    rmSync(join(dir, link), { force: true });
    symlinkSync(target, join(dir, link));
  }
  return ['openvswitch', 'ovn', 'shunt'].map((folder) => {
    mkdirSync(join(dir, folder), { recursive: true });
    return { from: join(dir, folder), to: `/run/${folder}`, volatile: true };
  });
}

/** Debian's units do the rest. The kernel is the host's: no module is loaded from inside. */
function switchFiles(topology: Topology, hypervisor: LabHypervisor): NonNullable<MachineOptions['files']> {
  const underlay = [
    '[Unit]',
    'Description=Underlay address of the lab (a distribution would have it in its network configuration)',
    'DefaultDependencies=no',
    'After=ovs-vswitchd.service',
    'Before=ovn-controller.service network.target',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    `ExecStart=ip address replace ${hypervisor.underlayIp}/24 dev br-phy`,
    `ExecStart=ip link set br-phy mtu ${underlayMtu(topology)} up`,
    'ExecStart=ip link set br-ex up',
    '',
  ].join('\n');
  const userspace = topology.datapath === 'netdev' ? ['--ovs-vswitchd-options=--disable-system'] : [];
  const options = [`--system-id=${hypervisor.systemId}`, '--no-mlockall', ...userspace];
  return {
    '/etc/default/openvswitch-switch': `OVS_CTL_OPTS='${options.join(' ')}'\n`,
    '/usr/lib/systemd/system/lab-underlay.service': underlay,
    '/usr/sbin/modprobe': { text: '#!/bin/sh\nexit 0\n', mode: 0o755 },
  };
}

/** The lab's configuration of an agent, with every path at its default. */
function insideConfig(topology: Topology, hypervisor: LabHypervisor): object {
  const {
    stateDir: _state,
    socket: _socket,
    ovs: _ovs,
    ...rest
  } = agentConfig(topology, hypervisor) as Record<string, unknown>;
  return rest;
}
