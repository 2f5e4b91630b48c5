import type { LabNetwork, Topology } from '../topology.ts';
import { networkOf } from '../topology.ts';
import { DEFAULT_BYTES_PER_SECOND, type FlowSpec, hzOf } from './flow.ts';
import type { PlaceOrder } from './place-protocol.ts';
import { type Stand, standOf } from './stand.ts';

/** A flow with every address and port decided: who listens, who speaks, in which namespaces. */
export interface PlannedFlow {
  readonly spec: FlowSpec;
  /** In the order in which they are to be given; receivers first. */
  readonly receivers: readonly PlannedEnd[];
  readonly sender: PlannedEnd;
}

export interface PlannedEnd {
  /** As the flow names it. */
  readonly name: string;
  readonly netns: string;
  readonly order: PlaceOrder;
}

/** Ports from `firstPort` up, one a flow, so that several sessions do not meet. Throws a RangeError for what is not there. */
export function planFlows(topology: Topology, specs: readonly FlowSpec[], firstPort: number): readonly PlannedFlow[] {
  if (new Set(specs.map((s) => s.id)).size !== specs.length) throw new RangeError('two flows have the same id');
  return specs.map((spec, i) => planFlow(topology, spec, firstPort + i));
}

function planFlow(topology: Topology, spec: FlowSpec, port: number): PlannedFlow {
  const names = typeof spec.to === 'string' ? [spec.to] : spec.to;
  if (names.includes(spec.from)) throw new RangeError(`flow ${spec.id} goes from ${spec.from} to itself`);
  const network = networkOfFlow(topology, [spec.from, ...names]);
  const family = spec.family ?? 4;
  const from = standOf(topology, network, spec.from);
  const to = names.map((name) => standOf(topology, network, name));
  const ipOf = (stand: Stand) => (family === 4 ? stand.ip4 : stand.ip6);
  const target = targetOf({ spec, network, port, family, unicast: to[0] ? ipOf(to[0]) : '' });
  const base = { flow: spec.id, family, port, remoteIp: target };
  return {
    spec,
    receivers: to.map((stand) => ({ ...stand, order: receiverOrder(spec, { ...base, localIp: ipOf(stand) }) })),
    sender: { ...from, order: senderOrder(spec, { ...base, localIp: ipOf(from) }) },
  };
}

type End = Extract<PlaceOrder, { readonly end: unknown }>['end'];

function receiverOrder(spec: FlowSpec, end: End): PlaceOrder {
  if (spec.kind === 'tcp' || spec.kind === 'idle') return { type: 'listen', end };
  return { type: 'receive-datagrams', end, group: spec.kind === 'multicast' };
}

function senderOrder(spec: FlowSpec, end: End): PlaceOrder {
  switch (spec.kind) {
    case 'tcp':
      return { type: 'connect', end, bytesPerSecond: spec.bytesPerSecond ?? DEFAULT_BYTES_PER_SECOND };
    case 'idle':
      return { type: 'connect', end };
    case 'udp':
      return { type: 'send-datagrams', end, hz: hzOf(spec), cast: 'uni' };
    case 'multicast':
      return { type: 'send-datagrams', end, hz: hzOf(spec), cast: 'multi' };
    case 'broadcast':
      return { type: 'send-datagrams', end, hz: hzOf(spec), cast: 'broad' };
  }
}

interface TargetQuestion {
  readonly spec: FlowSpec;
  readonly network: LabNetwork;
  readonly port: number;
  readonly family: 4 | 6;
  readonly unicast: string;
}

function targetOf({ spec, network, port, family, unicast }: TargetQuestion): string {
  if (spec.kind === 'multicast')
    return family === 4 ? `239.77.${port >> 8}.${port & 255}` : `ff15::${port.toString(16)}`;
  if (spec.kind !== 'broadcast') return unicast;
  if (family === 6) throw new RangeError(`flow ${spec.id}: IPv6 has no broadcast`);
  return broadcastOf(network);
}

/** The directed broadcast address: hosts without a default route can send to it too. */
export function broadcastOf(network: LabNetwork): string {
  const [base = '', prefix = '24'] = network.subnet4.cidr.split('/');
  const value = base.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0) + 2 ** (32 - Number(prefix)) - 1;
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}

/** `gw` and `ext` are those of the network of the flow's guests. */
function networkOfFlow(topology: Topology, names: readonly string[]): LabNetwork {
  const guests = names.flatMap((name) => topology.guests.filter((g) => g.name === name));
  const [first] = guests;
  if (!first) throw new RangeError(`one of ${names.join(', ')} must be a guest`);
  if (guests.some((g) => g.networkId !== first.networkId)) {
    throw new RangeError(`${guests.map((g) => g.name).join(', ')} are not on one network, and no router joins them`);
  }
  return networkOf(topology, first);
}
