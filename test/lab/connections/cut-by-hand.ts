import { join } from 'node:path';
import type { SeedReport } from '../../../agent/connections/seed-report.ts';
import type { TapMove } from '../../../domain/rewire/moves.ts';
import { type ShuntPlug, shuntNames } from '../../../domain/rewire/shunt-plug.ts';
import { run, tryRun, until } from '../../../lab/command.ts';
import { inNetns } from '../../../lab/netns.ts';
import { hypervisorDir, pathsOf } from '../../../lab/run-dir.ts';
import type { LabGuest, Topology } from '../../../lab/topology.ts';
import { networkOf } from '../../../lab/topology.ts';
import type { SeedOrder } from './seed-process.ts';

/** The move of a guest's tap as an attempt would plan it, direct. */
export function moveOf(topology: Topology, guest: LabGuest): TapMove {
  const { tap, portId, networkId, mac, ip4, ip6 } = guest;
  const rows = { external_ids: { 'iface-id': portId }, other_config: {} };
  const legacy = { bridge: networkOf(topology, guest).bridge };
  const target = { bridge: 'br-int', rows: { port: { external_ids: {}, other_config: {} }, iface: rows } };
  return { tap, portId, networkId, mac, ips: [ip4, ip6], legacy, target };
}

/** Takes taps to br-int, waits until OVN has installed them and they are reached from outside. */
export async function cutByHand(topology: Topology, guests: readonly LabGuest[]): Promise<void> {
  for (const guest of guests) {
    const [hv, dir] = [`${topology.name}-${guest.hypervisor}`, hypervisorDir(topology.name, guest.hypervisor)];
    await run(inNetns(hv, ['ip', 'link', 'set', guest.tap, 'nomaster']));
    const vsctl = ['ovs-vsctl', `--db=unix:${join(dir, 'db.sock')}`];
    const row = ['--', 'set', 'Interface', guest.tap, `external_ids:iface-id=${guest.portId}`];
    await run(inNetns(hv, [...vsctl, 'add-port', 'br-int', guest.tap, ...row]));
    await run(inNetns(hv, [...vsctl, 'wait-until', 'Interface', guest.tap, 'external_ids:ovn-installed=true']));
  }
  for (const guest of guests) await reached(topology, guest);
}

/** ICMP is allowed in by every group here: it says that the forwarding tables are right, and nothing of connections. */
export async function reached(topology: Topology, guest: LabGuest): Promise<void> {
  const from = networkOf(topology, guest).ext.netns;
  const answers = async () =>
    (await tryRun(inNetns(from, ['ping', '-c', '1', '-W', '1', guest.ip4]))).exitCode === 0 ? true : undefined;
  await until(`${guest.name} to be reached from outside`, answers, { timeoutMs: 30_000 });
}

export interface SeedWishes {
  readonly toward?: SeedOrder['toward'];
  /** As for taps on shunts of an overlay: both worlds may be on the guests' path already. */
  readonly overlay?: boolean;
  /** As after a cut. */
  readonly onPath?: boolean;
}

/** Copies connections in the hypervisor's namespace, as its agent would. */
export async function seed(
  topology: Topology,
  guests: readonly LabGuest[],
  { toward = 'target', overlay = false, onPath = false }: SeedWishes = {},
): Promise<SeedReport> {
  const [first] = guests;
  if (first === undefined) throw new RangeError('no guests');
  const order: SeedOrder = {
    runDir: hypervisorDir(topology.name, first.hypervisor),
    toward,
    moves: guests.map((guest) => ({
      ...moveOf(topology, guest),
      ...(overlay ? { shunt: overlayShunt(guest) } : {}),
    })),
    legacyZone: networkOf(topology, first).zone,
    onPath,
  };
  const script = join(import.meta.dirname, 'seed-process.ts');
  const argv = inNetns(`${topology.name}-${first.hypervisor}`, [process.execPath, script]);
  return JSON.parse(await run(argv, { input: JSON.stringify(order) })) as SeedReport; // its own type, printed
}

function overlayShunt({ portId, mac }: LabGuest): ShuntPlug {
  const { ownLeg, ...names } = shuntNames(portId);
  return {
    ...names,
    ownsBridge: true,
    legacyLeg: { ...ownLeg, owned: true },
    mtu: 1500,
    disjoint: true,
    ownMacs: [mac],
  };
}

/** OVN's northbound by hand; waits until every hypervisor has it. */
export function nbctl(topology: Topology, ...args: readonly string[]): Promise<string> {
  return run(['ovn-nbctl', `--db=unix:${pathsOf(topology.name).nb}`, '--wait=hv', '--timeout=30', ...args]);
}
