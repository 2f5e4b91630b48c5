import { legacyServicePorts } from '../../domain/inventory/service-ports.ts';
import type { NetworkClass, NetworkFacts, PortFacts } from '../../domain/network-model.ts';
import type { NbRows, PortRow, SwitchRow } from '../nb/nb-tables.ts';
import { type Subnet, subnetsOf } from './subnets.ts';

/** What OVN NB says, in the domain's words. */
export interface NbFacts {
  readonly networks: readonly NetworkFacts[];
  /** Probe ports of ours included: their addresses are taken. */
  readonly ports: readonly PortFacts[];
}

/**
 * Turns rows into facts. Rows are never changed but replaced, so what was made of one is remembered with it: after a change of one
 * port among 200,000 only that one is read again.
 */
export class NbFactsReader {
  readonly #ports = new WeakMap<PortRow, PortFacts>();

  read(rows: NbRows): NbFacts {
    const ports: PortFacts[] = [];
    const bare: BareNetwork[] = [];
    for (const lswitch of rows.switches.values()) {
      const own = [...lswitch.ports].flatMap((uuid) => rows.ports.get(uuid) ?? []);
      const id = networkIdOf(lswitch);
      for (const port of own) if (port.type !== 'localnet') ports.push(this.#portFacts(port, id));
      bare.push({ id, lswitch, ports: own, subnets: subnetsOf(own, rows) });
    }
    const services = legacyServicePorts(ports);
    return { networks: bare.map((network) => networkFacts(network, services.get(network.id) ?? [])), ports };
  }

  #portFacts(row: PortRow, networkId: string): PortFacts {
    const known = this.#ports.get(row);
    if (known?.networkId === networkId) return known;
    const facts = portFacts(row, networkId);
    this.#ports.set(row, facts);
    return facts;
  }
}

interface BareNetwork {
  readonly id: string;
  readonly lswitch: SwitchRow;
  readonly ports: readonly PortRow[];
  readonly subnets: readonly Subnet[];
}

/** MTU that Neutron gives a network when nothing else is said. */
const defaultMtu = 1500;

function networkFacts({ id, lswitch, ports, subnets }: BareNetwork, servicePorts: readonly string[]): NetworkFacts {
  const localnet = ports.filter((port) => port.type === 'localnet').toSorted((a, b) => (a.name < b.name ? -1 : 1))[0];
  const physnet = localnet?.options.get('network_name');
  return {
    id,
    name: lswitch.external_ids.get('neutron:network_name') || lswitch.name,
    class: classOf(localnet),
    ...(localnet?.tag ? { vlan: localnet.tag } : {}),
    ...(physnet ? { physnet } : {}),
    mtu: positive(lswitch.external_ids.get('neutron:mtu')) ?? subnets.find((subnet) => subnet.mtu)?.mtu ?? defaultMtu,
    subnets: subnets.map(({ cidr, gateway }) => ({ cidr, ...(gateway ? { gateway } : {}) })),
    servicePorts,
  };
}

function classOf(localnet: PortRow | undefined): NetworkClass {
  if (!localnet) return 'overlay';
  return localnet.tag ? 'vlan' : 'flat';
}

function portFacts(row: PortRow, networkId: string): PortFacts {
  const ids = row.external_ids;
  const { mac, ips } = addressesOf(row);
  const macs = macsOf(row, mac);
  const optional = {
    requestedChassis: row.options.get('requested-chassis'),
    deviceId: ids.get('neutron:device_id'),
    deviceOwner: ids.get('neutron:device_owner'),
    projectId: ids.get('neutron:project_id'),
  };
  return {
    id: row.name,
    name: ids.get('neutron:port_name') || row.name,
    networkId,
    mac,
    ...(macs.length > 1 ? { macs } : {}),
    ips,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value)),
    up: row.up === true,
    enabled: row.enabled !== false,
    type: row.type,
  };
}

const macPattern = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/** `addresses` holds "MAC IP IP", "unknown", "dynamic" or "router"; the last two keep their IPs in `neutron:cidrs` only. */
function addressesOf(row: PortRow): { mac: string; ips: readonly string[] } {
  const listed = [...row.addresses]
    .map((text) => text.trim().toLowerCase().split(/\s+/))
    .filter(([mac]) => mac !== undefined && macPattern.test(mac))
    .toSorted((a, b) => (a.join() < b.join() ? -1 : 1));
  const ips = listed.flatMap(([, ...rest]) => rest);
  const fromCidrs = (row.external_ids.get('neutron:cidrs') ?? '')
    .split(/\s+/)
    .flatMap((cidr) => cidr.split('/')[0] || []);
  return { mac: listed[0]?.[0] ?? '', ips: ips.length > 0 ? ips : fromCidrs };
}

/** Every MAC that a port may send from: allowed address pairs stand in both columns, or in one of them. */
function macsOf(row: PortRow, mac: string): readonly string[] {
  const listed = [...row.addresses, ...row.port_security].flatMap((text) => text.trim().toLowerCase().split(/\s+/, 1));
  return [...new Set([mac, ...listed])].filter((one) => macPattern.test(one)).toSorted();
}

/** Neutron names a switch `neutron-<network UUID>`; a switch of somebody else keeps its name as id. */
function networkIdOf(lswitch: SwitchRow): string {
  return lswitch.name.startsWith('neutron-') ? lswitch.name.slice('neutron-'.length) : lswitch.name;
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}
