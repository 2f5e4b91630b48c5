import type { TapPlace } from './places.ts';
import type { ShuntMove } from './plan-toward.ts';

/**
 * Commands that an operator can type when a shunt could not be brought back to its place: not the whole of it, but what makes the guest
 * reachable by the world that place leads to.
 */
export function shuntRepairCommands(place: TapPlace, moves: readonly ShuntMove[]): readonly string[] {
  return moves.map((move) => repairOf(place, move));
}

function repairOf(place: TapPlace, move: ShuntMove): string {
  const { tap, portId, legacy, target, shunt } = move;
  const o = shunt.targetLeg.outer;
  switch (place) {
    case 'legacy':
    case 'staged':
      // The legacy bridge itself is as good for the guest as its shunt, and needs nothing of ours.
      return [
        `ovs-vsctl --if-exists del-port ${target.bridge} ${o}`,
        ...(shunt.ownsBridge ? [`ip link set ${tap} master ${legacy.bridge}`, `ip link del ${shunt.bridge}`] : []),
        `ip link del ${o}`,
        ...(shunt.legacyLeg.owned ? [`ip link del ${shunt.legacyLeg.outer}`] : []),
      ].join('; ');
    case 'shunted':
    case 'hybrid':
    case 'direct':
      return [
        `ovs-vsctl --if-exists del-port ${target.bridge} ${o}`,
        `ip link set ${tap} nomaster`,
        `ovs-vsctl --may-exist add-port ${target.bridge} ${tap} -- set Interface ${tap} external_ids:iface-id=${portId}`,
      ].join('; ');
  }
}
