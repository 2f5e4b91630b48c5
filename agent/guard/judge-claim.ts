import { changesOf, type KnownRow, wantedRows } from '../../domain/rewire/foreign-changes.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import { type OvsPort, plugFactsOf } from '../host/open-vswitch.ts';
import type { Claim } from '../journal/claims.ts';

export interface ClaimFacts {
  readonly link: Link | undefined;
  readonly port: OvsPort | undefined;
  readonly bootId: string;
  /** What has the link as member, unless it is vswitchd's own datapath; told where that may be another datapath. */
  readonly master?: string | undefined;
  /** The claiming port as it was when all was in place. */
  readonly known?: KnownRow | undefined;
}

export interface ClaimJudgement {
  readonly kind: 'in-place' | 'gone' | 'foreign' | 'away' | 'altered';
  /** What somebody did to it, in words; of what is in place, gone or another's: nothing. */
  readonly what: readonly string[];
}

/**
 * What became of a claimed tap. Gone: its link was removed in this boot; after a reboot it may yet come. Foreign: somebody else's row
 * with another iface-id, or another guest's tap under that name; a tap that is in no bridge yet may be given its address still (libvirt makes it
 * first), and until then is gone as well. Altered: our row, and it says something else. Away: it has a bridge as
 * master again, or its row is gone.
 */
export function judgeClaim(claim: Claim, { link, port, bootId, master, known }: ClaimFacts): ClaimJudgement {
  if (link === undefined) return nothing(claim.bootId === bootId ? 'gone' : 'in-place');
  // Rows and claims outlive a reboot, and names of taps (vnet0) are given away anew.
  if (claim.move.hostMac !== undefined && link.mac !== claim.move.hostMac)
    return nothing(isInBridge(link) ? 'foreign' : 'gone');
  const changes = port === undefined ? [] : rowChanges(claim, port, known);
  if (changes.length === 0 && port !== undefined && port.iface.external_ids.get('iface-id') !== claim.move.portId)
    return nothing('foreign');
  const away = awayBecause(claim, { link, port, master });
  if (away.length > 0) return { kind: 'away', what: [...away, ...changes] };
  return changes.length === 0 ? nothing('in-place') : { kind: 'altered', what: changes };
}

/** What somebody changed in the row that claims the port; empty: nothing, or it is not ours. */
export function rowChanges({ move }: Claim, port: OvsPort, known: KnownRow | undefined): readonly string[] {
  const found = plugFactsOf(port);
  const wanted = wantedRows(move, found, known);
  return wanted === undefined ? [] : changesOf(wanted, move.target.bridge, found);
}

function awayBecause(
  { move }: Claim,
  { link, port, master }: Pick<ClaimFacts, 'port' | 'master'> & { readonly link: Link },
): readonly string[] {
  const inBridge = isInBridge(link);
  // ML2/OVS: whoever plugs it anew puts it into the bridge of that, under the same iface-id.
  const elsewhere = move.legacy.ovs !== undefined && port !== undefined && port.bridge.name !== move.target.bridge;
  return [
    ...(port === undefined ? [`its port on ${move.target.bridge} is gone`] : []),
    ...(inBridge || master !== undefined ? [`it was put into ${master ?? 'another bridge'}`] : []),
    ...(elsewhere ? [`its port is in ${port.bridge.name}`] : []),
  ];
}

/** Somebody has plugged it; Open vSwitch plugs what has the name of a row of ours by itself. */
export function isInBridge({ master, slaveKind }: Pick<Link, 'master' | 'slaveKind'>): boolean {
  return master !== undefined && slaveKind !== 'openvswitch';
}

function nothing(kind: ClaimJudgement['kind']): ClaimJudgement {
  return { kind, what: [] };
}
