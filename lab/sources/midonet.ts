import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, until } from '../command.ts';
import { inNetns } from '../netns.ts';
import { startDaemon } from '../processes.ts';
import { hypervisorDir, pathsOf } from '../run-dir.ts';
import type { LabHypervisor, Topology } from '../topology.ts';
import { networkOf } from '../topology.ts';
import type { MidonetPort } from './midonet-datapath.ts';

/** Name of MidoNet's datapath, and of the device that is master of its ports. */
export const MIDONET_DATAPATH = 'midonet';
/** From a call's answer until the agent has heard of it: a watch on ZooKeeper. */
const APPLY_MS = 15;

/** What the stand-in of MidoNet's agent is started with. */
export interface MidonetConfig {
  readonly device: string;
  readonly socket: string;
  readonly nsdb: string;
  readonly faults: string;
  /** Underlay addresses of the other hypervisors. */
  readonly peers: readonly string[];
  readonly applyMs: number;
}

/** What MidoNet's network state database says of this hypervisor: every port there is, and which interface is bound to it here. */
export interface MidonetNsdb {
  readonly ports: Readonly<Record<string, MidonetPort>>;
  readonly bindings: Readonly<Record<string, string>>;
}

/** `fail`: an HTTP error; `hang`: no answer; `slow`: a late one; `ignore`: a good answer, of which nothing comes. */
export type MidonetFault = {
  readonly call: 'bind' | 'unbind';
  /** Calls that it still strikes. */
  readonly times: number;
} & ({ readonly kind: 'fail' | 'hang' | 'ignore' } | { readonly kind: 'slow'; readonly ms: number });

/** Overlays are MidoNet's: one datapath for all of them, and no bridge of their own. Pure. */
export function asMidonet(topology: Topology): Topology {
  const networks = topology.networks.map((n) => (n.kind === 'overlay' ? { ...n, bridge: MIDONET_DATAPATH } : n));
  return { ...topology, networks };
}

/** Starts MidoNet's agent on a hypervisor whose guests have their taps, and waits until they are all in its datapath. */
export async function startMidonet(topology: Topology, hypervisor: LabHypervisor): Promise<void> {
  const files = midonetFiles(topology.name, hypervisor.name);
  mkdirSync(files.dir, { recursive: true });
  const config: MidonetConfig = {
    device: MIDONET_DATAPATH,
    socket: files.socket,
    nsdb: files.nsdb,
    faults: files.faults,
    peers: topology.hypervisors.filter((h) => h !== hypervisor).map((h) => h.underlayIp),
    applyMs: APPLY_MS,
  };
  writeFileSync(files.config, JSON.stringify(config));
  const nsdb = nsdbOf(topology, hypervisor);
  writeFileSync(files.nsdb, JSON.stringify(nsdb));
  const script = join(import.meta.dirname, 'mm-ctl.ts');
  writeFileSync(files.mmCtl, `#!/bin/sh\nexec '${process.execPath}' '${script}' '${files.socket}' "$@"\n`, {
    mode: 0o755,
  });
  startMidolman(topology, hypervisor);
  await until(`MidoNet to have the taps of ${hypervisor.name}`, async () =>
    (await inDatapath(hypervisor)).length === Object.keys(nsdb.bindings).length ? true : undefined,
  );
}

/** Starts (or starts again) the agent itself; its bindings are in the NSDB. */
export function startMidolman(topology: Topology, hypervisor: Pick<LabHypervisor, 'name' | 'netns'>): void {
  const script = join(import.meta.dirname, 'midonet-process.ts');
  startDaemon(pathsOf(topology.name), topology.name, {
    name: `${hypervisor.name}-midolman`,
    argv: inNetns(hypervisor.netns, [process.execPath, script, midonetFiles(topology.name, hypervisor.name).config]),
  });
}

/** Taps that are in MidoNet's datapath, as the kernel says. */
export async function inDatapath({ netns }: Pick<LabHypervisor, 'netns'>): Promise<readonly string[]> {
  const links = await run(['ip', '-n', netns, '-j', 'link', 'show']);
  return (JSON.parse(links) as { readonly ifname: string; readonly master?: string }[]) // ip's own JSON
    .filter((link) => link.master === MIDONET_DATAPATH)
    .map((link) => link.ifname);
}

/** Ports bound on a hypervisor, with their interfaces. */
export function midonetBindings(lab: string, hypervisor: string): Readonly<Record<string, string>> {
  return (JSON.parse(readFileSync(midonetFiles(lab, hypervisor).nsdb, 'utf8')) as MidonetNsdb).bindings; // our own file
}

/** What goes wrong with the next calls of mm-ctl on a hypervisor; none: nothing any more. */
export function setMidonetFaults(lab: string, hypervisor: string, faults: readonly MidonetFault[]): void {
  writeFileSync(midonetFiles(lab, hypervisor).faults, JSON.stringify(faults));
}

export function midonetFiles(lab: string, hypervisor: string) {
  const dir = join(hypervisorDir(lab, hypervisor), 'midonet');
  const at = (name: string) => join(dir, name);
  return {
    dir,
    config: at('config.json'),
    socket: at('midolman.sock'),
    nsdb: at('nsdb.json'),
    faults: at('faults.json'),
    mmCtl: at('mm-ctl'),
  };
}

function nsdbOf(topology: Topology, hypervisor: LabHypervisor): MidonetNsdb {
  const guests = topology.guests.filter((guest) => networkOf(topology, guest).kind === 'overlay');
  const here = guests.filter((guest) => guest.hypervisor === hypervisor.name);
  return {
    ports: Object.fromEntries(
      guests.map((guest) => [guest.portId, { mac: guest.mac, vni: networkOf(topology, guest).vni ?? 0 }]),
    ),
    bindings: Object.fromEntries(here.map((guest) => [guest.portId, guest.tap])),
  };
}
