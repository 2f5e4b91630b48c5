import { run } from '../command.ts';
import { hypervisorPlace } from '../hypervisor.ts';
import { ipBatch } from '../netns.ts';
import { vsctl } from '../open-vswitch.ts';
import { integrationBridgeOf, isOpenVSwitchSource } from '../sources/lab-source.ts';
import { plugIntoOpenVSwitch, unplugFromOpenVSwitch } from '../sources/ml2-ovs-plug.ts';
import type { LabGuest, LabHypervisor, Topology } from '../topology.ts';
import { networkOf } from '../topology.ts';
import type { PlugWorld } from './guest-extra.ts';

/** Puts a guest's tap, which is there, into its bridge, as libvirt does it for either kind of XML. */
export async function plugTap(topology: Topology, hypervisor: LabHypervisor, plug: Plug): Promise<void> {
  const { guest, world } = plug;
  const network = networkOf(topology, guest);
  const place = hypervisorPlace(topology.name, hypervisor);
  const dressed = `link set ${guest.tap} address ${guest.tapMac} mtu ${network.mtu}`;
  switch (world) {
    case 'legacy':
      if (isOpenVSwitchSource(topology)) {
        await ipBatch(hypervisor.netns, [dressed]);
        await plugIntoOpenVSwitch(topology, hypervisor, [guest]);
        return;
      }
      await ipBatch(hypervisor.netns, [dressed, `link set ${guest.tap} master ${network.bridge} up`]);
      return;
    case 'target':
      await ipBatch(hypervisor.netns, [dressed, `link set ${guest.tap} up`]);
      // libvirt deletes a row of that name too. In a transaction of its own here: a userspace datapath would go on with the device of before.
      await vsctl(place, ['--if-exists', 'del-port', integrationBridgeOf(topology), guest.tap]);
      await vsctl(place, portArguments(topology, guest));
      return;
  }
}

export interface Plug {
  readonly guest: LabGuest;
  readonly world: PlugWorld;
}

/**
 * What libvirt does on a hypervisor when a guest ends there: the port of an Open vSwitch plug is removed, the tap vanishes. Where the XML
 * says Linux bridge but somebody has moved the tap to br-int, the row stays behind without its device: libvirt knows nothing of it.
 */
export async function unplugTap(topology: Topology, hypervisor: LabHypervisor, plug: Plug): Promise<void> {
  if (plug.world === 'target') {
    await vsctl(hypervisorPlace(topology.name, hypervisor), [
      ...['--if-exists', 'del-port', integrationBridgeOf(topology), plug.guest.tap],
    ]);
  }
  if (isOpenVSwitchSource(topology)) await unplugFromOpenVSwitch(topology, hypervisor, plug.guest);
  await deleteLink(hypervisor.netns, plug.guest.tap);
}

/** Removes an interface; one that is gone is no error. */
export async function deleteLink(netns: string, name: string): Promise<void> {
  if (await linkExists(netns, name)) await run(['ip', '-n', netns, 'link', 'del', name]);
}

export async function linkExists(netns: string, name: string): Promise<boolean> {
  const links = JSON.parse(await run(['ip', '-n', netns, '-j', 'link', 'show'])) as { readonly ifname: string }[]; // ip's JSON
  return links.some((link) => link.ifname === name);
}

/** In the words of os-vif and libvirt; both write some of these. */
function portArguments(topology: Topology, guest: LabGuest): readonly string[] {
  const ids = {
    'iface-id': guest.portId,
    'iface-status': 'active',
    'attached-mac': guest.mac,
    'vm-id': guest.deviceId,
    'vm-uuid': guest.deviceId,
  };
  const columns = Object.entries(ids).map(([key, value]) => `external_ids:${key}="${value}"`);
  return ['add-port', integrationBridgeOf(topology), guest.tap, '--', 'set', 'Interface', guest.tap, ...columns];
}
