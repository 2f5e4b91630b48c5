import { writeFileSync } from 'node:fs';
import { OvsdbClient } from '../../ovsdb/client.ts';
import { defineTables, map, optional, scalar, set, type Uuid } from '../../ovsdb/columns.ts';

export const databaseName = 'SHUNT_BENCH';

/** Shaped like OVN's Logical_Switch_Port, with roots of its own; `Marker` holds one row whose name says how far the writer is. */
export const tables = defineTables({
  Port: {
    name: scalar('string'),
    type: scalar('string'),
    addresses: set('string'),
    port_security: set('string'),
    options: map('string', 'string'),
    external_ids: map('string', 'string'),
    tag: optional('integer'),
    up: optional('boolean'),
  },
  Marker: { name: scalar('string') },
});

const text = { type: 'string' };
const texts = { type: { key: 'string', min: 0, max: 'unlimited' } };
const textMap = { type: { key: 'string', value: 'string', min: 0, max: 'unlimited' } };
const schema = {
  name: databaseName,
  version: '1.0.0',
  tables: {
    Port: {
      isRoot: true,
      indexes: [['name']],
      columns: {
        name: text,
        type: text,
        addresses: texts,
        port_security: texts,
        options: textMap,
        external_ids: textMap,
        tag: { type: { key: { type: 'integer', minInteger: 1, maxInteger: 4095 }, min: 0, max: 1 } },
        up: { type: { key: 'boolean', min: 0, max: 1 } },
      },
    },
    Marker: { isRoot: true, columns: { name: text } },
  },
};

export function writeSchema(path: string): void {
  writeFileSync(path, JSON.stringify(schema));
}

/** The client that fills the database and then writes to it while others follow. */
export class Writer implements AsyncDisposable {
  readonly #client: OvsdbClient<typeof tables>;
  #uuids: readonly Uuid[] = [];
  #marker = 0;

  private constructor(client: OvsdbClient<typeof tables>) {
    this.#client = client;
  }

  static async open(endpoint: string, rows: number): Promise<Writer> {
    const client = await OvsdbClient.connect({ endpoint, database: databaseName, tables, requestTimeoutMs: 120_000 });
    const writer = new Writer(client);
    await writer.#fill(rows);
    return writer;
  }

  get firstUuid(): Uuid {
    const [first] = this.#uuids;
    if (first === undefined) throw new Error('the database was filled with no row');
    return first;
  }

  /** What {@link change} will write last; whoever follows is told before it begins. */
  nextMarker(): string {
    this.#marker += 1;
    return `marker-${process.pid}-${this.#marker}.`;
  }

  /** The marker stands in no other row. Sends transactions of `rowsEach` changed rows, `inFlightMax` at a time; the last one sets the marker. */
  async change(marker: string, { transactions = 1000, rowsEach = 10, inFlightMax = 32 } = {}): Promise<void> {
    const open = new Set<Promise<unknown>>();
    for (let t = 0; t < transactions; t += 1) {
      const tx = this.#client.transaction();
      for (let r = 0; r < rowsEach; r += 1) {
        const uuid = this.#uuids[(t * rowsEach + r) % this.#uuids.length];
        if (uuid !== undefined)
          tx.putKeys('Port', [['_uuid', '==', uuid]], 'external_ids', {
            'bench:turn': `turn-${process.pid}-${this.#marker}-${t}`,
          });
      }
      const sent = this.#client.transact(tx).finally(() => open.delete(sent));
      open.add(sent);
      if (open.size >= inFlightMax) await Promise.race(open);
    }
    await Promise.all(open);
    const last = this.#client.transaction();
    last.update('Marker', [], { name: marker });
    await this.#client.transact(last);
  }

  async #fill(rows: number): Promise<void> {
    const uuids: Uuid[] = [];
    const batch = 1000;
    for (let from = 0; from < rows; from += batch) {
      const tx = this.#client.transaction();
      const refs = Array.from({ length: Math.min(batch, rows - from) }, (_, i) => tx.insert('Port', port(from + i)));
      if (from === 0) tx.insert('Marker', { name: 'start' });
      const result = await this.#client.transact(tx);
      uuids.push(...refs.map((ref) => result.uuid(ref)));
    }
    this.#uuids = uuids;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}

function port(n: number) {
  const hex = n.toString(16).padStart(6, '0');
  const mac = `fa:16:3e:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
  const ip = `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
  return {
    name: `5f0c9a4e-7b1d-4c55-9e21-000000${hex}`,
    type: '',
    addresses: [`${mac} ${ip}`],
    port_security: [`${mac} ${ip}`],
    options: { 'requested-chassis': `compute-${n % 500}.example`, 'mcast_flood_reports': 'true' },
    external_ids: {
      'neutron:cidrs': `${ip}/16`,
      'neutron:device_id': `0b9a7c1e-3c55-4d0b-8f4a-000000${hex}`,
      'neutron:device_owner': 'compute:nova',
      'neutron:network_name': `neutron-8a4c2f60-2222-4c1e-b3c7-${(n % 97).toString(16).padStart(12, '0')}`,
      'neutron:port_name': '',
      'neutron:project_id': '9d1f8e7c6b5a49388271605f4e3d2c1b',
      'neutron:revision_number': `${n % 7}`,
      'neutron:security_group_ids': '7d3b5a90-1111-4d8a-9a43-5c1f0e2d3b4a',
    },
    up: true,
  };
}
