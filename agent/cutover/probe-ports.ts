import { createHash } from 'node:crypto';
import type { NetworkTarget, ProbePort } from '../../domain/network-model.ts';
import { markKeys } from '../../domain/rewire/moves.ts';
import { deadVlan, parseSegment } from '../../domain/sources/ovs-segments.ts';
import type { Netlink } from '../../platform/native/netlink.ts';
import { disableIpv6 } from '../../platform/native/sysctl.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { type OpenVSwitch, requireBridge } from '../host/open-vswitch.ts';
import { asShuntError } from '../host/ovsdb-failure.ts';
import { legacyBridges } from '../sources/ovs-observe.ts';
import type { PreparedNetwork } from './ports.ts';

const claimTimeoutMs = 30_000;
const actedTimeoutMs = 30_000;

/** One of our own internal ports, as it should be. */
interface OwnPort {
  readonly name: string;
  readonly bridge: string;
  readonly mtu: number;
  readonly tag?: number;
  readonly probe?: ProbePort;
}

interface WantedPorts {
  readonly probe?: OwnPort;
  readonly wire?: OwnPort;
  /** In a legacy bridge of Open vSwitch; a Linux bridge gets a veth. */
  readonly legacy?: OwnPort;
}

/** Our own ports in the worlds of a network: no guest's frame touches them. Made again at will, it finds what stands. */
export class ProbePorts {
  readonly #ovs: OpenVSwitch;
  readonly #netlink: Netlink;
  readonly #systemId: string;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ovs: OpenVSwitch, netlink: Netlink, systemId: string) {
    this.#ovs = ovs;
    this.#netlink = netlink;
    this.#systemId = systemId;
  }

  /** Makes what is missing for these networks, and waits until OVN has claimed the probe ports: the cut then finds its switches warm. */
  ensure(networks: readonly NetworkTarget[], signal: AbortSignal): Promise<readonly PreparedNetwork[]> {
    const mine = this.#turn.then(() => this.#ensure(networks, signal));
    this.#turn = mine.catch(() => undefined); // the next one's turn comes whatever became of this one
    return mine;
  }

  async #ensure(networks: readonly NetworkTarget[], signal: AbortSignal): Promise<readonly PreparedNetwork[]> {
    const wanted = networks.map((network) => ({ network, ...this.#wantedFor(network) }));
    const ports = wanted.flatMap(({ probe, wire, legacy }) =>
      [probe, wire, legacy].filter((port) => port !== undefined),
    );
    await this.#makePorts(ports, signal);
    for (const { network } of wanted) this.#makeLegacyLeg(network);
    for (const port of ports) this.#bringUp(port.name);
    await this.#claimed(
      ports.filter((port) => port.probe !== undefined),
      signal,
    );
    return wanted.map(({ network, probe, wire }) => this.#prepared(network, probe, wire));
  }

  #wantedFor(network: NetworkTarget): WantedPorts {
    const suffix = network.networkId.slice(0, 11);
    const { mtu, probe } = network;
    const provider = this.#legacyBridge(network)?.provider;
    const tag = provider?.tag === undefined ? {} : { tag: provider.tag };
    const segment = parseSegment(network.legacyBridge ?? '');
    return {
      ...(probe === undefined
        ? {}
        : { probe: { name: `shp${suffix}`, bridge: this.#ovs.integrationBridge, mtu, probe } }),
      ...(provider === undefined ? {} : { wire: { name: `shw${suffix}`, bridge: provider.bridge, mtu, ...tag } }),
      ...(segment?.tag === undefined || segment.tag === deadVlan || this.#ovs.bridge(segment.bridge) === undefined
        ? {}
        : { legacy: { name: `shm${suffix}`, bridge: segment.bridge, mtu, tag: segment.tag } }),
    };
  }

  #legacyBridge(network: NetworkTarget) {
    if (network.legacyBridge === undefined) return undefined;
    const { integrationBridge, bridgeMappings } = this.#ovs;
    const bridges = legacyBridges({
      links: this.#netlink.links(),
      ports: this.#ovs.ports(),
      integrationBridge,
      bridgeMappings,
    });
    return bridges.find((bridge) => bridge.bridge === network.legacyBridge);
  }

  async #makePorts(wanted: readonly OwnPort[], signal: AbortSignal): Promise<void> {
    const standing = this.#ovs.ports();
    const tx = this.#ovs.transaction();
    let changed = false;
    for (const port of wanted) {
      const found = standing.get(port.name);
      if (found !== undefined && found.port.external_ids.get(markKeys.owner) !== 'agent') {
        throw new ShuntError(
          'preimage-changed',
          `${port.name} in ${found.bridge.name} is not ours, and its name is in our way`,
        );
      }
      if (found !== undefined && isAsWanted(port, found)) continue;
      if (found !== undefined)
        tx.mutate('Bridge', [['_uuid', '==', found.bridge._uuid]], [['ports', 'delete', [found.port._uuid]]]);
      const bridge = requireBridge(this.#ovs, port.bridge);
      tx.requireRow('Bridge', bridge._uuid, { name: port.bridge });
      tx.mutate('Bridge', [['_uuid', '==', bridge._uuid]], [['ports', 'insert', [insertOwnPort(tx, port)]]]);
      changed = true;
    }
    if (!changed) return;
    this.#ovs.bump(tx);
    await this.#ovs.transact(tx, 'making probe ports', signal);
    await this.#bounded('vswitchd to make the probe ports', actedTimeoutMs, signal, (wait) =>
      this.#ovs.acted(this.#ovs.nextCfg, wait),
    );
  }

  /** A veth with one end in the legacy bridge: with an `fe:` address and the network's MTU before it joins, or the bridge takes its own. */
  #makeLegacyLeg(network: NetworkTarget): void {
    if (this.#legacyBridge(network) === undefined || network.legacyBridge === undefined) return;
    if (parseSegment(network.legacyBridge) !== undefined) return; // a port of its own, made with the others
    const { leg, raw } = legNames(network.networkId);
    const macs = { mac: ownMac(this.#systemId, leg), peerMac: ownMac(this.#systemId, raw) };
    if (this.#netlink.link(leg) === undefined) {
      this.#netlink.applyAll([{ kind: 'create-veth', name: leg, peer: raw, mtu: network.mtu, ...macs }]);
    }
    disableIpv6(leg);
    disableIpv6(raw);
    const bridge = this.#netlink.link(network.legacyBridge);
    if (this.#netlink.link(leg)?.master !== bridge?.ifindex) {
      this.#netlink.applyAll([{ kind: 'set-master', link: leg, master: network.legacyBridge }]);
    }
    this.#netlink.applyAll([
      { kind: 'set-up', link: leg },
      { kind: 'set-up', link: raw },
    ]);
  }

  #bringUp(name: string): void {
    disableIpv6(name);
    this.#netlink.applyAll([{ kind: 'set-up', link: name }]);
  }

  async #claimed(ports: readonly OwnPort[], signal: AbortSignal): Promise<void> {
    const unclaimed = () =>
      ports
        .filter(({ name }) => this.#ovs.interface(name)?.external_ids.get('ovn-installed') !== 'true')
        .map(({ name }) => name);
    const what = () => `OVN to claim ${unclaimed().join(', ')}: is ovn-controller running here?`;
    await this.#bounded(what, claimTimeoutMs, signal, (wait) =>
      this.#ovs.replica.waitFor(() => unclaimed().length === 0, { signal: wait }),
    );
  }

  async #bounded(
    what: string | (() => string),
    timeoutMs: number,
    signal: AbortSignal,
    wait: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<void> {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      await wait(AbortSignal.any([signal, timeout]));
    } catch (error) {
      const text = typeof what === 'string' ? what : what();
      if (!timeout.aborted || signal.aborted) throw asShuntError(error, `waiting for ${text}`);
      throw new ShuntError('timed-out', `waited ${timeoutMs / 1_000} s in vain for ${text}`, { cause: error });
    }
  }

  #prepared(network: NetworkTarget, probe: OwnPort | undefined, wire: OwnPort | undefined): PreparedNetwork {
    const { raw } = legNames(network.networkId);
    return {
      networkId: network.networkId,
      mtu: network.mtu,
      ...(network.class === 'overlay' ? { disjoint: true } : {}),
      ...(network.legacyBridge === undefined ? {} : { legacyBridge: network.legacyBridge }),
      ...(network.probe === undefined ? {} : { probe: network.probe }),
      ...(probe === undefined ? {} : { probeIf: probe.name }),
      ...(wire === undefined ? {} : { wireIf: wire.name }),
      ...(this.#netlink.link(raw) === undefined ? {} : { legacyIf: raw }),
    };
  }
}

function legNames(networkId: string): { readonly leg: string; readonly raw: string } {
  const suffix = networkId.slice(0, 11);
  return { leg: `shl${suffix}`, raw: `shm${suffix}` };
}

/**
 * A stable MAC of ours, above every guest's and NIC's, so that no bridge takes it as its own. Each hypervisor has another: several of them ask
 * in one network at the same time, and its switches must not see one address wander between their ports.
 */
export function ownMac(systemId: string, name: string): string {
  const digest = createHash('sha256').update(`${systemId} ${name}`).digest();
  return ['fe', ...[...digest.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

function isAsWanted(
  wanted: OwnPort,
  found: ReturnType<OpenVSwitch['ports']> extends ReadonlyMap<string, infer P> ? P : never,
): boolean {
  const { iface, port, bridge } = found;
  if (bridge.name !== wanted.bridge || (port.tag ?? undefined) !== wanted.tag) return false;
  if (wanted.probe === undefined) return true;
  return iface.external_ids.get('iface-id') === wanted.probe.name && iface.mac === wanted.probe.mac;
}

function insertOwnPort(tx: ReturnType<OpenVSwitch['transaction']>, wanted: OwnPort) {
  const { probe } = wanted;
  const ids =
    probe === undefined ? {} : { 'iface-id': probe.name, 'iface-status': 'active', 'attached-mac': probe.mac };
  const iface = tx.insert('Interface', {
    name: wanted.name,
    type: 'internal',
    mtu_request: wanted.mtu,
    external_ids: { ...ids, [markKeys.owner]: 'agent' },
    ...(probe === undefined ? {} : { mac: probe.mac }),
  });
  return tx.insert('Port', {
    name: wanted.name,
    interfaces: [iface],
    external_ids: { [markKeys.owner]: 'agent' },
    ...(wanted.tag === undefined ? {} : { tag: wanted.tag }),
  });
}
