import { run } from '../command.ts';
import { hypervisorPlace } from '../hypervisor.ts';
import { vsctl } from '../open-vswitch.ts';
import { integrationBridgeOf } from '../sources/lab-source.ts';
import type { LabState } from '../state.ts';
import { textTable } from '../text-table.ts';
import type { LabHypervisor, Topology } from '../topology.ts';
import { extraOf, type GuestExtra } from './guest-extra.ts';

/** A guest as it is, not as it was planned. */
export interface GuestRow extends Pick<GuestExtra, 'nic' | 'xml' | 'addressing' | 'behaviour' | 'portSecurity'> {
  readonly egress: boolean;
  readonly name: string;
  readonly hypervisor: string;
  readonly network: string;
  readonly tap: string;
  readonly macs: readonly string[];
  readonly ips: readonly string[];
  readonly vlans: readonly number[];
  /** The bridges that hold the tap now: usually one; two is a fault, none an unplugged tap. */
  readonly bridges: readonly string[];
}

export async function guestRows(lab: LabState): Promise<readonly GuestRow[]> {
  const { topology } = lab;
  const located = await Promise.all(
    topology.hypervisors.map(async (h) => [h.name, await bridgesOf(topology, h)] as const),
  );
  const bridges = new Map(located);
  return topology.guests.map((g) => {
    const { nic, xml, addressing, behaviour, portSecurity, egress = true, moreNics, vlans } = extraOf(g, topology.tap);
    return {
      ...{ name: g.name, hypervisor: g.hypervisor, network: g.network, tap: g.tap },
      macs: [g.mac, ...moreNics.map((n) => n.mac)],
      ips: [g, ...moreNics].flatMap((n) => [n.ip4, n.ip6]),
      ...{ nic, xml, addressing, behaviour, portSecurity, egress, vlans },
      bridges: bridges.get(g.hypervisor)?.(g.tap) ?? [],
    };
  });
}

export function guestsText(rows: readonly GuestRow[]): string {
  return textTable(
    ['guest', 'host', 'network', 'tap', 'bridge', 'xml', 'nic', 'macs', 'addresses', 'is'],
    rows.map((r) => [
      ...[
        r.name,
        r.hypervisor,
        r.network,
        r.tap,
        r.bridges.join('+') || '-',
        r.xml,
        r.nic,
        r.macs.join(' '),
        r.ips.join(' '),
      ],
      [
        ...(r.behaviour === 'answers' ? [] : [r.behaviour]),
        ...(r.addressing === 'static' ? [] : [r.addressing]),
        ...(r.portSecurity ? [] : ['no-port-security']),
        ...(r.egress ? [] : ['no-egress']),
        ...r.vlans.map((v) => `vlan${v}`),
      ].join(' '),
    ]),
  );
}

type FindBridges = (tap: string) => readonly string[];

async function bridgesOf(topology: Topology, hypervisor: LabHypervisor): Promise<FindBridges> {
  const [text, ports] = await Promise.all([
    run(['ip', '-n', hypervisor.netns, '-j', 'link', 'show']),
    vsctl(hypervisorPlace(topology.name, hypervisor), ['list-ports', integrationBridgeOf(topology)]),
  ]);
  const links = JSON.parse(text) as readonly { readonly ifname: string; readonly master?: string }[]; // ip's own JSON
  const onOvs = new Set(ports.split('\n').filter(Boolean));
  return (tap) => [
    ...links.flatMap((l) =>
      l.ifname === tap && l.master !== undefined && !l.master.startsWith('ovs-') ? [l.master] : [],
    ),
    ...(onOvs.has(tap) ? [integrationBridgeOf(topology)] : []),
  ];
}
