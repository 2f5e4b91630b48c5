import type { AdoptFacts, Adoption, AdoptLink, AdoptRefusal, LegacyUplink, UplinkMove } from './facts.ts';
import { riders } from './riders.ts';

export interface AdoptRequest {
  readonly nic: string;
  readonly provider: string;
  /** Which VLANs; `flat` is the NIC itself. Absent: every uplink of the NIC. */
  readonly only?: readonly (number | 'flat')[];
}

/** Names of the legs' two ends: `shu…`, `shx…`, and a hash of ours for their MAC. */
export type LegNames = (bridge: string) => UplinkMove['leg'];

export type AdoptionPlan =
  | { readonly kind: 'planned'; readonly adoption: Adoption; readonly warnings: readonly string[] }
  | { readonly kind: 'refused'; readonly refusals: readonly AdoptRefusal[] };

/** What brings the NIC's uplinks under the provider bridge, or every reason why that is not done. Same facts, same plan. */
export function planAdoption(request: AdoptRequest, facts: AdoptFacts, legNames: LegNames): AdoptionPlan {
  const nic = facts.links.find((link) => link.name === request.nic);
  if (nic === undefined) return refused('unknown-nic', request.nic, `there is no link ${request.nic} on this host`);
  const wanted = uplinksOf(nic, facts).filter(({ uplink }) => isWanted(uplink, request.only));
  const refusals = [
    ...judgeNic(nic, request, facts),
    ...judgeProvider(request, facts),
    ...wanted.flatMap((found) => judgeBridge(found, nic, facts)),
    ...riders(nic, [...new Set(wanted.map(({ bridge }) => bridge.name)), request.provider], facts),
    ...missing(request, wanted),
  ];
  if (refusals.length > 0) return { kind: 'refused', refusals };
  const datapath = facts.bridges.get(request.provider) ?? facts.bridges.get(facts.integrationBridge) ?? 'system';
  const moves = wanted.map(({ bridge, uplink }) => ({ bridge: bridge.name, uplink, leg: legNames(bridge.name) }));
  const adoption: Adoption = {
    nic: nic.name,
    provider: request.provider,
    datapath,
    makesBridge: !facts.bridges.has(request.provider),
    joins: joinsWhen(nic, moves, { datapath, facts }),
    moves,
  };
  const mapped = facts.bridgeMappings.split(',').some((mapping) => mapping.split(':')[1] === request.provider);
  const unmapped = `ovn-bridge-mappings (${facts.bridgeMappings || 'empty'}) does not name ${request.provider}: OVN will not use it until it does`;
  return { kind: 'planned', adoption, warnings: mapped ? [] : [unmapped] };
}

interface FoundUplink {
  readonly bridge: AdoptLink;
  readonly uplink: LegacyUplink;
  readonly link: AdoptLink;
}

/** The NIC and its VLAN subinterfaces, as far as they are members of a Linux bridge; the flat one first. */
function uplinksOf(nic: AdoptLink, { links }: AdoptFacts): readonly FoundUplink[] {
  const vlans = links.filter((link) => link.kind === 'vlan' && link.parent === nic.name);
  return [nic, ...vlans.toSorted((a, b) => (a.vlan?.id ?? 0) - (b.vlan?.id ?? 0))].flatMap((link) => {
    const bridge = links.find(({ name, kind }) => name === link.master && kind === 'bridge');
    if (bridge === undefined) return [];
    const { name, mac, mtu, vlan } = link;
    const uplink: LegacyUplink =
      link === nic ? { kind: 'flat', name, mac, mtu } : { kind: 'vlan', name, vlan: vlan?.id ?? 0, mac, mtu };
    return [{ bridge, uplink, link }];
  });
}

function isWanted(uplink: LegacyUplink, only: AdoptRequest['only']): boolean {
  return only === undefined || only.includes(uplink.kind === 'flat' ? 'flat' : uplink.vlan);
}

/** The kernel gives a NIC one owner: a Linux bridge, or Open vSwitch. vswitchd's own datapath only listens, beside whoever has it. */
function joinsWhen(
  nic: AdoptLink,
  moves: readonly UplinkMove[],
  { datapath, facts }: { readonly datapath: string; readonly facts: AdoptFacts },
): Adoption['joins'] {
  if (facts.ports.has(nic.name)) return 'there';
  return moves[0]?.uplink.kind === 'flat' && datapath !== 'netdev' ? 'with-flat' : 'first';
}

function judgeNic(nic: AdoptLink, { provider, only }: AdoptRequest, facts: AdoptFacts): readonly AdoptRefusal[] {
  const { name } = nic;
  const port = facts.ports.get(name);
  if (port !== undefined && port.bridge !== provider)
    return [
      refusal('other-owner', name, `${name} is a port of Open vSwitch's ${port.bridge} already, not of ${provider}`),
    ];
  switch (nic.slaveKind) {
    case 'bond':
      return [refusal('bond-member', name, `${name} is a member of ${nic.master}: adopt ${nic.master}`)];
    case undefined:
    case 'openvswitch':
      break;
    case 'bridge':
      // The kernel would refuse it, after all was prepared.
      if (only !== undefined && !only.includes('flat') && facts.bridges.get(provider) !== 'netdev')
        return [
          refusal(
            'other-owner',
            name,
            `${name} itself is in ${nic.master}, which has to be adopted with its VLANs: --vlan flat,…`,
          ),
        ];
      break;
    default:
      return [refusal('other-owner', name, `${name} belongs to ${nic.master} (${nic.slaveKind})`)];
  }
  if (!nic.up) return [refusal('not-a-nic', name, `${name} is down`)];
  return judgeKind(nic);
}

/** Modes of a bond that rewrite or choose MACs by themselves; behind a switch of many MACs they mislead the fabric. */
const unfitBondModes: ReadonlySet<string> = new Set(['balance-tlb', 'balance-alb']);

function judgeKind({ name, kind, bondMode }: AdoptLink): readonly AdoptRefusal[] {
  if (kind === 'bond') {
    if (bondMode !== undefined && !unfitBondModes.has(bondMode)) return [];
    return [
      refusal(
        'bond-mode',
        name,
        `${name} is a bond in mode ${bondMode ?? 'unknown'}, which changes MACs of what it sends`,
      ),
    ];
  }
  if (kind === undefined || kind === 'veth' || kind === 'team') return []; // veth: a NIC that a container or a lab was given
  const advice = kind === 'vlan' ? ': name the NIC that it sits on' : '';
  return [refusal('not-a-nic', name, `${name} is a ${kind}, not a NIC or a bond${advice}`)];
}

function judgeProvider({ provider }: AdoptRequest, facts: AdoptFacts): readonly AdoptRefusal[] {
  if (provider === facts.integrationBridge)
    return [
      refusal('provider-bridge', provider, `${provider} is the integration bridge: OVN meets the wire on another one`),
    ];
  const link = facts.links.find(({ name }) => name === provider);
  if (link?.kind === 'bridge')
    return [refusal('provider-bridge', provider, `${provider} is a Linux bridge, not one of Open vSwitch`)];
  return [];
}

function judgeBridge(
  { bridge, uplink, link }: FoundUplink,
  nic: AdoptLink,
  facts: AdoptFacts,
): readonly AdoptRefusal[] {
  const { name } = bridge;
  const found: AdoptRefusal[] = [];
  if (bridge.bridge?.vlanFiltering)
    found.push(
      refusal('vlan-aware-bridge', name, `${name} filters VLANs itself: its ports' VLANs cannot be put onto one leg`),
    );
  if (bridge.bridge?.stp)
    found.push(refusal('stp', name, `${name} speaks STP, and would block a new leg for half a minute`));
  if (link.vlan !== undefined && isOdd(link.vlan)) {
    const what = [link.vlan.protocol, ...link.vlan.flags, ...(link.vlan.qos ? ['QoS maps'] : [])].join(', ');
    found.push(refusal('odd-vlan', uplink.name, `${uplink.name} could not be made again just as it is (${what})`));
  }
  const others = facts.links.filter(
    (other) => other.master === name && other.name !== uplink.name && (other.name === nic.name || leadsOut(other)),
  );
  for (const other of others)
    found.push(
      refusal('second-uplink', name, `${name} has a second way to the wire, ${other.name}: frames would go round`),
    );
  return found;
}

function isOdd(vlan: NonNullable<AdoptLink['vlan']>): boolean {
  return vlan.protocol !== '802.1Q' || vlan.qos || vlan.flags.some((flag) => flag !== 'REORDER_HDR');
}

function leadsOut({ kind, name }: AdoptLink): boolean {
  return kind === 'vlan' || kind === 'bond' || kind === 'vxlan' || (kind === undefined && !/^(tap|vnet)/.test(name));
}

function missing({ nic, only }: AdoptRequest, found: readonly FoundUplink[]): readonly AdoptRefusal[] {
  if (only === undefined) {
    if (found.length > 0) return [];
    return [
      refusal(
        'nothing-to-adopt',
        nic,
        `neither ${nic} nor a VLAN of it is in a Linux bridge: there is nothing to adopt`,
      ),
    ];
  }
  const has = (which: number | 'flat') =>
    found.some(({ uplink }) => (uplink.kind === 'flat' ? 'flat' : uplink.vlan) === which);
  return only
    .filter((which) => !has(which))
    .map((which) => {
      const what = which === 'flat' ? `${nic} itself is` : `VLAN ${which} of ${nic} is`;
      return refusal('nothing-to-adopt', nic, `${what} in no Linux bridge: there is nothing to adopt`);
    });
}

function refused(kind: AdoptRefusal['kind'], about: string, message: string): AdoptionPlan {
  return { kind: 'refused', refusals: [refusal(kind, about, message)] };
}

function refusal(kind: AdoptRefusal['kind'], about: string, message: string): AdoptRefusal {
  return { kind, about, message };
}
