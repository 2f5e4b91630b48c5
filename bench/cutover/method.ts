import type { LabState, LabStatus } from '../../lab/state.ts';
import type { LabGuest } from '../../lab/topology.ts';

/** What is done to taps. `cut` and `revert` are the whole way; a shunt's way has more parts (domain/rewire/places.ts). */
export const ops = ['cut', 'revert', 'enter', 'flip', 'flip-back', 'finish', 'unfinish', 'exit'] as const;
export type Op = (typeof ops)[number];

/** Ways to move taps of hypervisor 1 that are measured beside each other. */
export const methodNames = ['shell', 'direct', 'shunt', 'one-transaction', 'novanet2neutron'] as const;
export type MethodName = (typeof methodNames)[number];

/** One way to move taps of hypervisor 1. */
export interface Method extends AsyncDisposable {
  readonly name: MethodName;
  /** What takes taps away and home again, in order. */
  readonly round: readonly Op[];
  /** Resolves when the command has come back, whatever guests see by then. */
  perform(op: Op, guests: readonly LabGuest[]): Promise<void>;
  /** After a command that failed: every tap to its legacy bridge, from wherever it is. */
  bringHome(guests: readonly LabGuest[]): Promise<void>;
}

/** Where a method works: hypervisor 1 of a lab. */
export interface Site {
  readonly netns: string;
  /** Path of the socket of its ovsdb-server. */
  readonly ovsdb: string;
  readonly runDir: string;
  /** `ovs-vsctl`, as one types it there. */
  readonly vsctl: string;
  bridgeOf(guest: LabGuest): string;
}

export function siteOf(lab: LabState, status: LabStatus): Site {
  const hypervisor = status.hypervisors[0];
  if (!hypervisor) throw new Error('the lab has no hypervisor');
  const { netns, ovsdb, ovnRundir } = hypervisor;
  const bridges = new Map(lab.topology.networks.map((network) => [network.id, network.bridge]));
  return {
    netns,
    ovsdb,
    runDir: ovnRundir,
    vsctl: `ovs-vsctl --db=unix:${ovsdb}`,
    bridgeOf: (guest) => bridges.get(guest.networkId) ?? '',
  };
}
