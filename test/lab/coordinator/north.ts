import { type NbFacts, NbFactsReader } from '../../../coordinator/inventory/nb-facts.ts';
import { NbConnection } from '../../../coordinator/nb/nb-connection.ts';
import { nbTables } from '../../../coordinator/nb/nb-tables.ts';
import { ChangeSignal } from '../../../coordinator/scheduler/change-signal.ts';
import { OvsdbClient } from '../../../ovsdb/client.ts';
import type { TlsOptions } from '../../../ovsdb/tls.ts';
import { createLogger } from '../../../platform/log.ts';

export const networkId = '11111111-2222-3333-4444-555555555555';
export const overlayId = '99999999-2222-3333-4444-555555555555';
export const portIds = ['aaaaaaa1-0000-4000-8000-000000000001', 'aaaaaaa2-0000-4000-8000-000000000002'] as const;

/** Fills OVN NB as ML2/OVN does: a VLAN network with two guests' ports, and an overlay without ports. */
export async function fillNorthbound(endpoint: string): Promise<void> {
  await using client = await OvsdbClient.connect({ endpoint, database: 'OVN_Northbound', tables: nbTables });
  const tx = client.transaction();
  const dhcp = tx.insert('DHCP_Options', {
    cidr: '10.7.0.0/24',
    options: { router: '10.7.0.1', mtu: '1400' },
    external_ids: { subnet_id: 's' },
  });
  const guests = portIds.map((name, n) =>
    tx.insert('Logical_Switch_Port', {
      name,
      addresses: [`FA:16:3E:00:00:0${n + 1} 10.7.0.${n + 10}`],
      options: n === 1 ? { 'requested-chassis': 'elsewhere' } : {},
      external_ids: {
        'neutron:port_name': `guest-${n + 1}`,
        'neutron:cidrs': `10.7.0.${n + 10}/24`,
        'neutron:device_id': `vm-${n + 1}`,
        'neutron:device_owner': 'compute:nova',
      },
      dhcpv4_options: dhcp,
      up: false,
    }),
  );
  const localnet = tx.insert('Logical_Switch_Port', {
    name: `provnet-${networkId}`,
    type: 'localnet',
    addresses: ['unknown'],
    options: { network_name: 'physnet1' },
    tag: 107,
  });
  const legacyDhcp = tx.insert('Logical_Switch_Port', {
    name: 'dhcp-port',
    addresses: ['fa:16:3e:00:00:99 10.7.0.254'],
    external_ids: { 'neutron:device_owner': 'network:dhcp' },
  });
  tx.insert('Logical_Switch', {
    name: `neutron-${networkId}`,
    ports: [...guests, localnet, legacyDhcp],
    external_ids: { 'neutron:network_name': 'blue', 'neutron:mtu': '1450' },
  });
  tx.insert('Logical_Switch', {
    name: `neutron-${overlayId}`,
    ports: [],
    external_ids: { 'neutron:network_name': 'green' },
  });
  await client.transact(tx);
}

/** A connection with a way to wait for what it sees. */
export class North implements AsyncDisposable {
  readonly #changes = new ChangeSignal();
  readonly #reader = new NbFactsReader();
  readonly connection: NbConnection;

  constructor(remotes: readonly string[], tls?: TlsOptions) {
    this.connection = new NbConnection({
      remotes,
      tls,
      logger: createLogger({ name: 'test', level: 'silent' }),
      onChange: () => this.#changes.notify(),
    });
  }

  facts(): NbFacts {
    const { rows } = this.connection;
    return rows ? this.#reader.read(rows) : { networks: [], ports: [] };
  }

  /** Resolves once `predicate` holds; looks after each change. */
  async until(predicate: (facts: NbFacts, synced: boolean) => boolean): Promise<NbFacts> {
    const signal = AbortSignal.timeout(20_000);
    for (;;) {
      const seen = this.#changes.version;
      const facts = this.facts();
      if (predicate(facts, this.connection.synced)) return facts;
      if (signal.aborted)
        throw new Error(`not within 20 s; synced ${this.connection.synced}, ${JSON.stringify(facts)}`);
      await this.#changes.after(seen, signal);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.connection[Symbol.asyncDispose]();
  }
}
