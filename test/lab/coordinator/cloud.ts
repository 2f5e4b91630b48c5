import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nbTables } from '../../../coordinator/nb/nb-tables.ts';
import type { Order } from '../../../domain/orders.ts';
import type { RunView } from '../../../domain/run-state.ts';
import { OvsdbClient } from '../../../ovsdb/client.ts';
import { OVN_NB_SCHEMA, OvsdbServer } from '../ovsdb/server.ts';
import { CoordinatorProcess } from './coordinator-process.ts';
import { FakeAgent, type FakeGuest } from './fake-agent.ts';
import { NatsServer } from './nats.ts';

const networkId = '11111111-2222-3333-4444-555555555555';

/** Called with each order that any agent gets. */
export type OrderHook = (systemId: string, order: Order) => Promise<void> | void;

/** Real NB, real NATS, the real coordinator, and agents of memory only. */
export class CoordinatorCloud implements AsyncDisposable {
  readonly nb: OvsdbServer;
  readonly nats: NatsServer;
  readonly coordinator: CoordinatorProcess;
  readonly agents: readonly FakeAgent[];
  readonly #dir: string;
  onOrder: OrderHook = () => undefined;

  private constructor(dir: string, nb: OvsdbServer, nats: NatsServer, hosts: number) {
    this.#dir = dir;
    this.nb = nb;
    this.nats = nats;
    this.coordinator = new CoordinatorProcess(dir, { nb: nb.unix, nats: nats.url });
    this.agents = Array.from({ length: hosts }, (_, n) => {
      const systemId = `hv${n + 1}`;
      return new FakeAgent({
        systemId,
        address: this.coordinator.address,
        guests: guestsOf(n),
        onOrder: (order) => this.onOrder(systemId, order),
      });
    });
  }

  static async start(hosts: number, network: 'vlan' | 'overlay' = 'vlan'): Promise<CoordinatorCloud> {
    const dir = mkdtempSync(join(tmpdir(), 'shunt-co-cloud-'));
    const nb = await OvsdbServer.start(OVN_NB_SCHEMA);
    await fill(nb.unix, hosts, network);
    const cloud = new CoordinatorCloud(dir, nb, await NatsServer.start(dir), hosts);
    await cloud.coordinator.start();
    await cloud.until(
      async () =>
        (await cloud.coordinator.api.listHosts(signal())).filter((host) => host.connected && host.plug !== 'unknown')
          .length === hosts,
    );
    await cloud.until(async () => {
      const status = await cloud.coordinator.api.status(signal());
      return status.natsConnected && status.nbConnected;
    });
    return cloud;
  }

  /** Plans, approves, starts all waves. */
  async startRun(yaml: Readonly<Record<string, unknown>> = {}): Promise<RunView> {
    const { api } = this.coordinator;
    const spec = { version: 1, name: 'cut', waveSize: 10, soak: '0ms', deadline: '60s', ...yaml };
    const plan = await api.createPlan({ yaml: JSON.stringify(spec), by: 'ada' }, signal());
    await api.approvePlan({ planId: plan.id, hash: plan.hash, by: 'ada' }, signal());
    return api.startWave({ planId: plan.id, all: true, by: 'ada' }, signal());
  }

  run(): Promise<RunView> {
    return this.coordinator.api.getRun({}, signal());
  }

  /** Asks again and again; what cannot be asked now (the coordinator is away) counts as not yet. */
  async until(predicate: () => Promise<boolean>): Promise<void> {
    const giveUp = AbortSignal.timeout(60_000);
    while (!(await predicate().catch(() => false))) {
      if (giveUp.aborted)
        throw new Error(`not within 60 s; the coordinator's log:\n${this.coordinator.log().slice(-6_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 50)); // polls what an operator could see
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.coordinator[Symbol.asyncDispose]();
    await Promise.all(this.agents.map((agent) => agent[Symbol.asyncDispose]()));
    await this.nats[Symbol.asyncDispose]();
    await this.nb[Symbol.asyncDispose]();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

export function signal(): AbortSignal {
  return AbortSignal.timeout(20_000);
}

function guestsOf(host: number): readonly FakeGuest[] {
  const hex = host.toString(16).padStart(2, '0');
  return [0, 1].map((n) => ({
    portId: `aaaa${hex}${n}0-0000-4000-8000-000000000000`,
    networkId,
    mac: `fa:16:3e:00:${hex}:0${n}`,
    vlan: 107,
  }));
}

async function fill(endpoint: string, hosts: number, network: 'vlan' | 'overlay'): Promise<void> {
  await using client = await OvsdbClient.connect({ endpoint, database: 'OVN_Northbound', tables: nbTables });
  const tx = client.transaction();
  const guests = Array.from({ length: hosts }, (_, host) => guestsOf(host)).flat();
  const ports = guests.map(({ portId, mac }, n) =>
    tx.insert('Logical_Switch_Port', {
      name: portId,
      addresses: [`${mac} 10.7.0.${n + 10}`],
      external_ids: { 'neutron:cidrs': `10.7.0.${n + 10}/24`, 'neutron:device_owner': 'compute:nova' },
    }),
  );
  const localnet = tx.insert('Logical_Switch_Port', {
    name: `provnet-${networkId}`,
    type: 'localnet',
    addresses: ['unknown'],
    options: { network_name: 'physnet1' },
    tag: 107,
  });
  tx.insert('Logical_Switch', {
    name: `neutron-${networkId}`,
    ports: network === 'vlan' ? [...ports, localnet] : ports, // nobody's port is garbage to OVSDB
    external_ids: { 'neutron:network_name': 'blue', 'neutron:mtu': '1500' },
  });
  await client.transact(tx);
}
