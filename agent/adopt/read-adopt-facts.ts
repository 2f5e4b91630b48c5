import * as z from 'zod';
import type { AdoptFacts, AdoptLink } from '../../domain/adopt/facts.ts';
import { runChild } from '../../platform/child.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { OpenVSwitch } from '../host/open-vswitch.ts';
import { type OwnAddresses, readOwnAddresses } from '../sources/nova-network.ts';

/** On the rows of legs and NIC: which adoption put them there. */
export const adoptionKey = 'shunt-adoption';
/** On the same rows until it is confirmed. */
export const unconfirmedKey = 'shunt-adoption-open';

const listTimeoutMs = 5_000;
const linksMaxBytes = 16 * 1024 * 1024;

const qosMap = z.array(z.unknown()).optional();
const ipLink = z.object({
  ifname: z.string(),
  link: z.string().optional(),
  address: z.string().optional(),
  mtu: z.number(),
  flags: z.array(z.string()),
  master: z.string().optional(),
  linkinfo: z
    .object({
      info_kind: z.string().optional(),
      info_slave_kind: z.string().optional(),
      info_data: z
        .object({
          protocol: z.string().optional().catch(undefined), // a vlan's; other kinds have numbers there
          id: z.number().optional().catch(undefined),
          flags: z.array(z.string()).optional().catch(undefined),
          ingress_qos: qosMap.catch(undefined),
          egress_qos: qosMap.catch(undefined),
          mode: z.string().optional().catch(undefined),
          vlan_filtering: z.number().optional().catch(undefined),
          stp_state: z.number().optional().catch(undefined),
        })
        .optional(),
    })
    .optional(),
});
type IpLink = z.output<typeof ipLink>;

/** Everything that a plan of adoption looks at. `ip` lists links: it knows the options of every kind, and nothing here is in a hurry. */
export async function readAdoptFacts(ovs: OpenVSwitch, signal: AbortSignal): Promise<AdoptFacts> {
  const { stdout } = await runChild(['ip', '-details', '-json', 'link', 'show'], {
    signal,
    timeoutMs: listTimeoutMs,
    outputMaxBytes: linksMaxBytes,
  });
  const own = readOwnAddresses();
  return {
    links: decodeLinks(stdout).map((link) => linkOf(link, own.get(link.ifname))),
    ports: new Map(
      [...ovs.ports()].map(([name, { bridge, port }]) => {
        const adoption = port.external_ids.get(adoptionKey);
        const tag = port.tag === null ? {} : { tag: port.tag };
        return [
          name,
          { bridge: bridge.name, ...tag, ...(adoption === undefined ? {} : { adoption: Number(adoption) }) },
        ];
      }),
    ),
    bridges: new Map(
      [...ovs.replica.table('Bridge').values()].map((row) => [
        row.name,
        row.datapath_type === '' ? 'system' : row.datapath_type,
      ]),
    ),
    integrationBridge: ovs.integrationBridge,
    bridgeMappings: ovs.bridgeMappings,
  };
}

function decodeLinks(text: string): readonly IpLink[] {
  try {
    return z.array(ipLink).parse(JSON.parse(text));
  } catch (cause) {
    throw new ShuntError('protocol', "reading the links that 'ip' lists", { cause });
  }
}

/** Kinds that sit on another link; a veth's `link` is its other end. */
const riderKinds: ReadonlySet<string> = new Set(['vlan', 'macvlan', 'macvtap', 'ipvlan', 'ipvtap', 'vxlan', 'macsec']);

function linkOf(link: IpLink, own: OwnAddresses | undefined): AdoptLink {
  const { info_kind: kind, info_slave_kind: slaveKind, info_data: data } = link.linkinfo ?? {};
  return {
    name: link.ifname,
    mac: link.address ?? '',
    mtu: link.mtu,
    up: link.flags.includes('UP'),
    ...(kind === undefined ? {} : { kind }),
    ...(link.master === undefined ? {} : { master: link.master }),
    ...(slaveKind === undefined ? {} : { slaveKind }),
    ...(link.link === undefined || !riderKinds.has(kind ?? '') ? {} : { parent: link.link }),
    ...(kind === 'vlan' ? { vlan: vlanOf(data) } : {}),
    ...(kind === 'bond' && data?.mode !== undefined ? { bondMode: data.mode } : {}),
    ...(kind === 'bridge'
      ? { bridge: { vlanFiltering: data?.vlan_filtering === 1, stp: (data?.stp_state ?? 0) > 0 } }
      : {}),
    addresses: own?.addresses ?? [],
    defaultRoute: own?.defaultRoute ?? false,
  };
}

function vlanOf(data: NonNullable<IpLink['linkinfo']>['info_data']): NonNullable<AdoptLink['vlan']> {
  return {
    id: data?.id ?? 0,
    protocol: data?.protocol ?? 'unknown',
    flags: data?.flags ?? [],
    qos: (data?.ingress_qos?.length ?? 0) > 0 || (data?.egress_qos?.length ?? 0) > 0,
  };
}
