import type { Link } from '../../platform/native/netlink-links.ts';
import type { OvsPort } from '../host/open-vswitch.ts';
import type { Claim } from '../journal/claims.ts';

export interface ClaimFacts {
  readonly link: Link | undefined;
  readonly port: OvsPort | undefined;
  readonly bootId: string;
  /** What has the link as member, unless it is vswitchd's own datapath; told where that may be another datapath. */
  readonly master?: string | undefined;
}

/**
 * What became of a claimed tap. Gone: its link was removed in this boot; after a reboot it may yet come. Foreign: somebody else's row
 * with another iface-id, or another guest's tap under that name. Away: it has a bridge as master again, or its row is gone.
 */
export function judgeClaim(
  claim: Claim,
  { link, port, bootId, master }: ClaimFacts,
): 'in-place' | 'gone' | 'foreign' | 'away' {
  if (link === undefined) return claim.bootId === bootId ? 'gone' : 'in-place';
  // Rows and claims outlive a reboot, and names of taps (vnet0) are given away anew.
  if (claim.move.hostMac !== undefined && link.mac !== claim.move.hostMac) return 'foreign';
  if (port !== undefined && port.iface.external_ids.get('iface-id') !== claim.move.portId) return 'foreign';
  const inBridge = link.master !== undefined && link.slaveKind !== 'openvswitch';
  // ML2/OVS: whoever plugs it anew puts it into the bridge of that, under the same iface-id.
  const elsewhere = claim.move.legacy.ovs !== undefined && port?.bridge.name !== claim.move.target.bridge;
  return port === undefined || inBridge || master !== undefined || elsewhere ? 'away' : 'in-place';
}
