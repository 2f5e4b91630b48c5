import { run } from '../command.ts';
import { hypervisorPlace } from '../hypervisor.ts';
import { ipBatch } from '../netns.ts';
import { vsctl } from '../open-vswitch.ts';
import { refreshOverlays } from '../overlay.ts';
import { integrationBridgeOf } from '../sources/lab-source.ts';
import { orderRelay } from '../tap-relay.ts';
import type { LabGuest, LabHypervisor, Topology } from '../topology.ts';
import { networkOf } from '../topology.ts';
import { announceGuest } from './announce.ts';
import { extraOf, type NicKind, type PlugWorld } from './guest-extra.ts';
import { refreshFirewalls } from './guest-firewall.ts';
import { requestChassis } from './guest-nb.ts';
import { deleteLink, plugTap, unplugTap } from './plug.ts';
import { findWorld } from './plug-world.ts';
import { changeLab } from './state-change.ts';
import { incomingSocket, type MachinePlace, sendMachine, startMachine, stopMachine } from './virtual-machine.ts';

/**
 * Moves a running guest to another hypervisor as libvirt's live migration does: its tap there is plugged before the guest runs there, then
 * the guest goes over with all its state, announces itself, the port is bound there, and the old tap vanishes. The guest lands in the world
 * in which the destination is.
 */
export function migrateGuest(lab: string, name: string, to: string): Promise<LabGuest> {
  return changeLab(lab, async (open) => {
    const { topology } = open;
    const old = open.guest(name);
    const [source, destination] = [open.hypervisor(old.hypervisor), open.hypervisor(to)];
    if (source === destination) throw new RangeError(`guest ${name} is on ${to} already`);
    const extra = extraOf(old, topology.tap);
    const world = await findWorld(topology, destination, networkOf(topology, old));
    const guest: LabGuest = { ...old, hypervisor: to, extra: { ...extra, xml: world } };
    const after = { ...topology, guests: topology.guests.map((g) => (g === old ? guest : g)) };
    await refreshFirewalls(after); // the destination's agent wires the port before the guest arrives; the source's chains stay
    if (world === 'target') await requestChassis(topology, guest, [source.hostname, destination.hostname]);
    const move = { topology, source, destination, guest, from: extra.xml, to: world };
    await MOVES[extra.nic](move);
    open.replaceGuest(guest);
    await refreshOverlays(open.topology);
    if (extra.nic !== 'qemu') await announceGuest(guest); // QEMU does it itself
    await requestChassis(topology, guest, [destination.hostname]);
    await refreshFirewalls(after, { guest: old, hypervisor: source.name });
    return guest;
  });
}

const MOVES: Readonly<Record<NicKind, (move: Move) => Promise<void>>> = {
  veth: moveVeth,
  tap: moveTap,
  qemu: moveMachine,
};

interface Move {
  readonly topology: Topology;
  readonly source: LabHypervisor;
  readonly destination: LabHypervisor;
  readonly guest: LabGuest;
  readonly from: PlugWorld;
  readonly to: PlugWorld;
}

/** Two real taps at the same time, as on two real hosts; the relay is the guest's machine and changes over between two frames. */
async function moveTap({ topology, source, destination, guest, from, to }: Move): Promise<void> {
  const relay = extraOf(guest, topology.tap).relay ?? source.name;
  const [oldTap, newTap, nic] = [
    `${source.netns}/${guest.tap}`,
    `${destination.netns}/${guest.tap}`,
    `${guest.netns}/eth0`,
  ];
  await orderRelay(topology.name, relay, { kind: 'open', taps: [newTap] });
  await plugTap(topology, destination, { guest, world: to });
  await orderRelay(topology.name, relay, { kind: 'wire', taps: [newTap, nic] });
  await unplugTap(topology, source, { guest, world: from });
  await orderRelay(topology.name, relay, { kind: 'close', taps: [oldTap] });
}

/** Two virtual machines, one of which waits; then QEMU's own live migration, and the end of the first. */
async function moveMachine({ topology, source, destination, guest, from, to }: Move): Promise<void> {
  const [old, next] = [source, destination].map((hypervisor) => ({ topology, hypervisor, guest })) as [
    MachinePlace,
    MachinePlace,
  ]; // two
  const socket = incomingSocket(next);
  await startMachine(next, socket);
  try {
    await plugTap(topology, destination, { guest, world: to });
    await sendMachine(old, socket);
  } catch (cause) {
    await stopMachine(next); // the guest is where it was
    throw cause;
  }
  await stopMachine(old);
  await unplugTap(topology, source, { guest, world: from });
}

/**
 * A veth has one host side: a tap without carrier is plugged in its place first, as libvirt's is until the guest arrives, and makes room when
 * the veth's end comes over. The guest sees its carrier go and come; addresses, routes, connections and memberships stay.
 */
async function moveVeth({ topology, source, destination, guest, from, to }: Move): Promise<void> {
  await run(['ip', '-n', destination.netns, 'tuntap', 'add', 'dev', guest.tap, 'mode', 'tap']);
  await plugTap(topology, destination, { guest, world: to });
  if (from === 'target') {
    await vsctl(hypervisorPlace(topology.name, source), [
      ...['--if-exists', 'del-port', integrationBridgeOf(topology), guest.tap],
    ]);
  }
  await deleteLink(destination.netns, guest.tap);
  await ipBatch(source.netns, [`link set ${guest.tap} netns ${destination.netns}`]);
  await plugTap(topology, destination, { guest, world: to });
}
