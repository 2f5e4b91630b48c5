import { setTimeout as delay } from 'node:timers/promises';
import { configureGuest } from '../guests.ts';
import { addNamespaces, deleteNamespaces } from '../netns.ts';
import { refreshOverlays } from '../overlay.ts';
import { endProcesses, findMarked } from '../processes.ts';
import { refreshDhcpHosts } from '../services/dhcp-hosts.ts';
import { type LabState, requireLabState } from '../state.ts';
import type { LabGuest, LabHypervisor, Topology } from '../topology.ts';
import { networkOf } from '../topology.ts';
import { extraOf, type PlugWorld } from './guest-extra.ts';
import { refreshFirewalls } from './guest-firewall.ts';
import { createPort, deletePort } from './guest-nb.ts';
import { dropNic, makeNic } from './guest-nic.ts';
import { type GuestRequest, hypervisorFor, planGuest } from './plan-guest.ts';
import { plugTap, unplugTap } from './plug.ts';
import { findWorld } from './plug-world.ts';
import { startDhcpClient, startSender } from './resident.ts';
import { changeLab, type OpenLab } from './state-change.ts';

/** Starts a new guest in a running lab, as Neutron and Nova would; it lands in the world in which its hypervisor is. */
export function addGuest(lab: string, request: GuestRequest = {}): Promise<LabGuest> {
  return changeLab(lab, async (open) => {
    const { topology } = open;
    const hypervisor = hypervisorFor(topology, request.hypervisor);
    const draft = planGuest(topology, request, 'legacy');
    const xml = await findWorld(topology, hypervisor, networkOf(topology, draft));
    const guest: LabGuest = { ...draft, extra: { ...extraOf(draft, topology.tap), xml } };
    open.addGuest(guest); // first: a builder that dies leaves what can be removed by name
    try {
      await createPort(topology, guest);
      await addNamespaces([guest.netns]);
      await refreshFirewalls(open.topology);
      await refreshOverlays(open.topology);
      refreshDhcpHosts(open.topology);
      await powerOn(open.topology, hypervisor, { guest, world: xml });
    } catch (cause) {
      await takeDown(open, guest).catch(() => undefined); // the first failure is the one to tell
      throw cause;
    }
    return guest;
  });
}

/** Deletes a guest as Nova and Neutron would, one of which only a part is there too. */
export function removeGuest(lab: string, name: string): Promise<void> {
  return changeLab(lab, async (open) => {
    await takeDown(open, open.guest(name));
  });
}

export interface RebootOptions {
  /** Where the tap is plugged: what the guest's `xml` says (default), or the world in which its hypervisor is by now. */
  readonly plug?: 'xml' | 'current';
  /** How long the guest boots, silent, with its tap back already. Default 300 ms. */
  readonly bootMs?: number;
}

const BOOT_MS = 300;

/** A hard reboot: the tap vanishes and comes back, plugged as its XML says; MAC and port stay. */
export function rebootGuest(lab: string, name: string, options: RebootOptions = {}): Promise<LabGuest> {
  return changeLab(lab, async (open) => {
    const old = open.guest(name);
    const hypervisor = open.hypervisor(old.hypervisor);
    const extra = extraOf(old, open.topology.tap);
    const current = options.plug === 'current';
    const world = current ? await findWorld(open.topology, hypervisor, networkOf(open.topology, old)) : extra.xml;
    await powerOff(open, old);
    const guest: LabGuest = { ...old, extra: { ...extra, xml: world } };
    open.replaceGuest(guest);
    await powerOn(open.topology, hypervisor, { guest, world, bootMs: options.bootMs ?? BOOT_MS });
    return guest;
  });
}

/** What there is now, also to be asked by tests after a change: a LabState does not change by itself. */
export function currentLab(lab: string): LabState {
  return requireLabState(lab);
}

interface PowerOn {
  readonly guest: LabGuest;
  readonly world: PlugWorld;
  readonly bootMs?: number;
}

async function powerOn(topology: Topology, hypervisor: LabHypervisor, start: PowerOn): Promise<void> {
  const { guest, world, bootMs = 0 } = start;
  const extra = extraOf(guest, topology.tap);
  await makeNic(topology, hypervisor, guest);
  await plugTap(topology, hypervisor, { guest, world });
  if (extra.nic === 'qemu') return; // boots and configures itself
  await delay(bootMs);
  await configureGuest(topology, guest);
  if (extra.addressing === 'dynamic') startDhcpClient(topology, guest);
  if (extra.behaviour === 'send-only') startSender(topology, guest);
}

async function takeDown(open: OpenLab, guest: LabGuest): Promise<void> {
  await powerOff(open, guest);
  await endProcesses(findMarked(open.topology.name, [guest.netns]));
  await deletePort(open.topology, guest);
  await deleteNamespaces([guest.netns]);
  open.removeGuest(guest.name);
  await refreshFirewalls(open.topology, { guest, hypervisor: guest.hypervisor });
  refreshDhcpHosts(open.topology);
}

async function powerOff(open: OpenLab, guest: LabGuest): Promise<void> {
  const { topology } = open;
  const hypervisor = open.hypervisor(guest.hypervisor);
  const { xml } = extraOf(guest, topology.tap);
  await unplugTap(topology, hypervisor, { guest, world: xml });
  await dropNic(topology, hypervisor, guest);
}
