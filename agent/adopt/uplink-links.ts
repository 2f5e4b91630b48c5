import type { Adoption, UplinkMove } from '../../domain/adopt/facts.ts';
import { sleep } from '../../platform/clock.ts';
import type { Netlink, OperationResult } from '../../platform/native/netlink.ts';
import type { NetlinkOperation } from '../../platform/native/netlink-operations.ts';
import { disableIpv6 } from '../../platform/native/sysctl.ts';
import { ShuntError } from '../../platform/shunt-error.ts';

const forwardsTimeoutMs = 5_000;
const lookEveryMs = 5;
/** Entries of a bridge's table that go over to the new way; the rest is learnt anew. */
const entriesMax = 4_096;
const heldRetriesMax = 3_000;

const mute = { learning: false, flood: false, multicastFlood: false, broadcastFlood: false } as const;

/** Veth pairs, up and in no bridge; resolves once they would forward. The end in the legacy bridge has its uplink's MAC and MTU. */
export async function makeLegs({ moves }: Adoption, netlink: Netlink, signal: AbortSignal): Promise<void> {
  for (const { leg, uplink } of moves) {
    const { legacy, provider, providerMac } = leg;
    if (netlink.link(legacy) === undefined) {
      const macs = { mac: uplink.mac, peerMac: providerMac };
      netlink.applyAll([{ kind: 'create-veth', name: legacy, peer: provider, mtu: uplink.mtu, ...macs }]);
    }
    for (const end of [legacy, provider]) disableIpv6(end);
    netlink.applyAll([legacy, provider].map((link) => ({ kind: 'set-up', link })));
  }
  const endMs = performance.now() + forwardsTimeoutMs;
  const waiting = () => moves.some(({ leg }) => netlink.link(leg.legacy)?.operstate !== 'up');
  while (waiting()) {
    if (performance.now() > endMs) throw new ShuntError('timed-out', 'waiting for new veth pairs to come up');
    await sleep(lookEveryMs, signal);
  }
}

export function removeLegs({ moves }: Adoption, netlink: Netlink): void {
  const there = moves.map(({ leg }) => leg.legacy).filter((name) => netlink.link(name) !== undefined);
  netlink.applyAll(there.map((link) => ({ kind: 'delete-link', link })));
}

/**
 * The legacy bridge gets its leg and loses its uplink. A VLAN's subinterface and its leg overlap: both lead to guests until the subinterface is
 * deleted, and the kernel gives the VLAN's frames to Open vSwitch from that very moment. They are kept apart by isolation; a broadcast that
 * comes in within the microseconds before that is set goes out again once.
 */
export function swap({ bridge, uplink, leg }: UplinkMove, netlink: Netlink): void {
  const table = learnt(uplink.name, bridge, netlink);
  const known = table.map((mac): NetlinkOperation => ({ kind: 'fdb-replace', link: leg.legacy, mac }));
  const joins: NetlinkOperation = { kind: 'set-master', link: leg.legacy, master: bridge };
  if (uplink.kind === 'flat') {
    must(netlink.apply([{ kind: 'no-master', link: uplink.name }]), 0, `taking ${uplink.name} out of ${bridge}`);
    must(netlink.apply([joins, ...known]), 0, `putting ${leg.legacy} into ${bridge}`);
    return;
  }
  const entered = netlink.apply([
    { kind: 'set-bridge-port', link: uplink.name, isolated: true, ...mute },
    joins,
    { kind: 'set-bridge-port', link: leg.legacy, isolated: true },
    ...known,
  ]);
  must(entered, 1, `putting ${leg.legacy} into ${bridge}`);
  must(netlink.apply([{ kind: 'delete-link', link: uplink.name }]), 0, `deleting ${uplink.name}`);
  netlink.apply([{ kind: 'set-bridge-port', link: leg.legacy, isolated: false }]);
}

/** The uplink is in its bridge again, made anew where it is a VLAN's, before the leg goes. */
export async function swapBack(move: UplinkMove, nic: string, netlink: Netlink, signal: AbortSignal): Promise<void> {
  const { bridge, uplink, leg } = move;
  const known = learnt(leg.legacy, bridge, netlink).map(
    (mac): NetlinkOperation => ({ kind: 'fdb-replace', link: uplink.name, mac }),
  );
  const inBridge = () => netlink.link(leg.legacy)?.master === netlink.link(bridge)?.ifindex;
  const leaves: NetlinkOperation[] = inBridge() ? [{ kind: 'no-master', link: leg.legacy }] : [];
  if (uplink.kind === 'flat') {
    netlink.applyAll(leaves);
    await joinWhenFree(move, netlink, signal);
    netlink.apply(known);
    return;
  }
  const { name, vlan, mac, mtu } = uplink;
  if (leaves.length > 0)
    netlink.apply([{ kind: 'set-bridge-port', link: leg.legacy, isolated: true, learning: false }]);
  if (netlink.link(name) === undefined)
    netlink.applyAll([{ kind: 'create-vlan', name, parent: nic, vlan, mac, mtu, master: bridge }]);
  else
    netlink.applyAll([
      { kind: 'set-master', link: name, master: bridge },
      { kind: 'set-up', link: name },
    ]);
  netlink.apply([
    { kind: 'set-bridge-port', link: name, isolated: true },
    ...(leaves.length > 0 ? [{ kind: 'set-bridge-port', link: leg.legacy, ...mute } as const] : []),
    ...known,
  ]);
  netlink.applyAll(leaves);
  const asBefore = { isolated: false, learning: true, flood: true, multicastFlood: true, broadcastFlood: true };
  netlink.applyAll([{ kind: 'set-bridge-port', link: name, ...asBefore }]);
}

/** The kernel's switch lets go of a NIC some time after its row is gone. */
async function joinWhenFree({ bridge, uplink }: UplinkMove, netlink: Netlink, signal: AbortSignal): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const [result] = netlink.apply([{ kind: 'set-master', link: uplink.name, master: bridge }]);
    if (result?.kind === 'done') return;
    const held = result?.errno === 'ENOTSUP' || result?.errno === 'EBUSY';
    if (!held || tries >= heldRetriesMax)
      must(result === undefined ? [] : [result], 0, `putting ${uplink.name} back into ${bridge}`);
    await sleep(1, signal);
  }
}

/** What the bridge has learnt behind one of its ports. */
function learnt(port: string, bridge: string, netlink: Netlink): readonly string[] {
  const ifindex = netlink.link(port)?.ifindex;
  return netlink
    .fdb(bridge)
    .filter((entry) => entry.ifindex === ifindex && (entry.state === 'reachable' || entry.state === 'stale'))
    .slice(0, entriesMax)
    .map(({ mac }) => mac);
}

function must(results: readonly OperationResult[], index: number, doing: string): void {
  const result = results[index];
  if (result?.kind === 'done') return;
  const errno = result === undefined ? 'no answer from the kernel' : `${result.errno} ${result.message}`.trim();
  throw new ShuntError('netlink-failed', `${doing}: ${errno}`);
}
