import { durableIds, markKeys, type PlugFacts, type TextMap } from '../../domain/rewire/moves.ts';
import { bumpBarrier } from '../../ovsdb/barrier.ts';
import { OvsdbClient } from '../../ovsdb/client.ts';
import type { Uuid } from '../../ovsdb/columns.ts';
import type { OvsdbLock } from '../../ovsdb/lock.ts';
import type { Replica } from '../../ovsdb/replica.ts';
import type { TlsOptions } from '../../ovsdb/tls.ts';
import type { Transaction, TransactResult } from '../../ovsdb/transaction.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { LockWatch } from './lock-watch.ts';
import { type BridgeRow, type InterfaceRow, type OvsTables, ovsTables, type PortRow } from './ovs-tables.ts';
import { asShuntError, unlessAborted } from './ovsdb-failure.ts';

export interface HostIdentity {
  readonly systemId: string;
  readonly hostname: string;
}

/** A port of Open vSwitch with its first interface and its bridge. */
export interface OvsPort {
  readonly bridge: BridgeRow;
  readonly port: PortRow;
  readonly iface: InterfaceRow;
}

export interface OpenVSwitchOptions {
  readonly endpoint: string;
  readonly tls?: TlsOptions | undefined;
  /** Empty: `external_ids:ovn-bridge`, else br-int. */
  readonly integrationBridge: string;
}

/** Some ten thousand ports are read in one message; more must not take the memory of a hypervisor, whoever says it. */
const inboundLimits = {
  messageBytesMax: 8 * 1024 * 1024,
  messageValuesMax: 400_000,
  messageTimeoutMs: 5_000,
} as const;

const barrier = { table: 'Open_vSwitch', next: 'next_cfg', current: 'cur_cfg' } as const;

/** This host's Open vSwitch: one connection, a replica, and the lock that each of our transactions asserts. */
export class OpenVSwitch implements AsyncDisposable {
  readonly client: OvsdbClient<OvsTables>;
  readonly replica: Replica<OvsTables>;
  readonly #options: OpenVSwitchOptions;
  readonly #watch = new LockWatch();
  #lock: OvsdbLock | undefined;
  #taking: Promise<void> | undefined;

  constructor(options: OpenVSwitchOptions) {
    this.#options = options;
    const { endpoint, tls } = options;
    const database = { database: 'Open_vSwitch', tables: ovsTables } as const;
    this.client = new OvsdbClient({ endpoint, tls, ...database, ...inboundLimits });
    this.replica = this.client.replicate(ovsTables);
  }

  /** Connected, read, and the host has a system-id. */
  async ready(signal?: AbortSignal): Promise<HostIdentity> {
    const wait = signal === undefined ? {} : { signal };
    try {
      await this.client.ready(wait);
      return await this.replica.waitFor(() => this.identity(), wait);
    } catch (error) {
      throw asShuntError(error, `reading Open vSwitch's database at ${this.#options.endpoint}`);
    }
  }

  identity(): HostIdentity | undefined {
    const ids = this.#root()?.external_ids;
    const systemId = ids?.get('system-id');
    if (systemId === undefined || systemId === '') return undefined;
    return { systemId, hostname: ids?.get('hostname') ?? systemId };
  }

  get integrationBridge(): string {
    if (this.#options.integrationBridge !== '') return this.#options.integrationBridge;
    return this.#root()?.external_ids.get('ovn-bridge') ?? 'br-int';
  }

  /** Physical networks and their provider bridges, as OVN has them. */
  get bridgeMappings(): string {
    return this.#root()?.external_ids.get('ovn-bridge-mappings') ?? '';
  }

  get ovsVersion(): string {
    return this.#root()?.ovs_version ?? '';
  }

  /** vswitchd has acted on everything that the database was told until now. */
  get settled(): boolean {
    const root = this.#root();
    return root !== undefined && root.cur_cfg >= root.next_cfg;
  }

  /** vswitchd's configuration sequence: the value asked for last. */
  get nextCfg(): number {
    return this.#root()?.next_cfg ?? 0;
  }

  /** Resolves once vswitchd has acted on everything up to `nextCfg`. */
  async acted(nextCfg: number, signal: AbortSignal): Promise<void> {
    await this.replica.waitFor(() => (this.#root()?.cur_cfg ?? 0) >= nextCfg, { signal });
  }

  bridge(name: string): BridgeRow | undefined {
    return this.replica
      .table('Bridge')
      .values()
      .find((row) => row.name === name);
  }

  interface(name: string): InterfaceRow | undefined {
    return this.replica
      .table('Interface')
      .values()
      .find((row) => row.name === name);
  }

  /** All ports by name. */
  ports(): ReadonlyMap<string, OvsPort> {
    const interfaces = this.replica.table('Interface');
    const ports = this.replica.table('Port');
    const found = new Map<string, OvsPort>();
    for (const bridge of this.replica.table('Bridge').values()) {
      for (const uuid of bridge.ports) {
        const port = ports.get(uuid);
        const iface = port === undefined ? undefined : interfaces.get(firstOf(port.interfaces) ?? '');
        if (port !== undefined && iface !== undefined) found.set(port.name, { bridge, port, iface });
      }
    }
    return found;
  }

  /** The lock's name; DESIGN.md, "Who writes what". */
  get lockName(): string {
    return `shunt_agent_${this.identity()?.systemId ?? 'unknown'}`;
  }

  get lockHeld(): boolean {
    return this.#lock?.held ?? false;
  }

  /** How often somebody took it away from us: who has it again has not had it all the time. */
  get lockThefts(): number {
    return this.#watch.thefts;
  }

  /** Queues for the lock (or takes it from whoever has it); several may wait for it at once. */
  async takeLock(how: { readonly steal: boolean; readonly signal: AbortSignal }): Promise<void> {
    if (this.lockHeld && !how.steal) return;
    if (how.steal || this.#taking === undefined) {
      const taking = this.#take(how.steal);
      this.#taking = taking;
      taking
        .catch(() => undefined) // whoever waits hears of it
        .finally(() => {
          if (this.#taking === taking) this.#taking = undefined;
        });
    }
    await unlessAborted(this.#taking ?? Promise.resolve(), how.signal, `taking the lock ${this.lockName}`);
  }

  /** Somebody took the lock away from us: a dead man, or an operator's `revert`. */
  onLockStolen(listener: () => void): Disposable {
    return this.#watch.stolen.subscribe(listener);
  }

  /**
   * We hold the lock again, after a theft or a lost connection. True: somebody else was seen to have it meanwhile; false: nobody was, which is
   * no proof after a lost connection.
   */
  onLockReturned(listener: (taken: boolean) => void): Disposable {
    return this.#watch.returned.subscribe(listener);
  }

  /** A transaction that asserts our lock. */
  transaction(): Transaction<OvsTables> {
    const tx = this.client.transaction();
    tx.assertLock(this.lockName);
    return tx;
  }

  /** Asks vswitchd to say when it has acted on this transaction. */
  bump(tx: Transaction<OvsTables>): void {
    bumpBarrier(tx, barrier);
  }

  async transact(tx: Transaction<OvsTables>, doing: string, signal?: AbortSignal): Promise<TransactResult<OvsTables>> {
    try {
      return await this.client.transact(tx, { timeoutMs: 5_000, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      throw asShuntError(error, doing);
    }
  }

  /** Everything sent before is done, its updates are in the replica, and we hold the lock. */
  async flush(signal?: AbortSignal): Promise<void> {
    const wait = signal === undefined ? {} : { signal };
    try {
      await this.client.ready(wait);
      await this.replica.ready(wait);
    } catch (error) {
      throw asShuntError(error, 'reaching Open vSwitch');
    }
    await this.transact(this.transaction(), 'asking Open vSwitch where it stands', signal);
  }

  /**
   * Until what was committed before is on the database's disk. ovsdb-server does not sync a commit by itself, and passes over one that changes
   * nothing: so a mark comes and goes, on the integration bridge's own port, where neither vswitchd nor ovn-controller look.
   */
  async sync(signal?: AbortSignal): Promise<void> {
    const port = this.ports().get(this.integrationBridge)?.port;
    if (port === undefined) return;
    const doing = "syncing Open vSwitch's database";
    const row = [['_uuid', '==', port._uuid]] as const;
    const mark = this.transaction();
    mark.mutate('Port', row, [['external_ids', 'insert', { [markKeys.synced]: 'no' }]]);
    await this.transact(mark, doing, signal);
    const unmark = this.transaction();
    unmark.mutate('Port', row, [['external_ids', 'delete', [markKeys.synced]]]);
    unmark.commit({ durable: true });
    await this.transact(unmark, doing, signal);
  }

  async #take(steal: boolean): Promise<void> {
    await this.#lock?.[Symbol.asyncDispose]();
    const lock = this.client.lock(this.lockName, { steal });
    this.#lock = lock;
    lock.onState((state) => this.#watch.see(state));
    await lock.acquired();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock?.[Symbol.asyncDispose]();
    this.replica[Symbol.dispose]();
    await this.client[Symbol.asyncDispose]();
  }

  #root() {
    return this.replica.table('Open_vSwitch').values().next().value;
  }
}

/** A port as the rewire planner sees it. */
export function plugFactsOf({ bridge, port, iface }: OvsPort): PlugFacts {
  const mtu = iface.mtu_request ?? undefined;
  return {
    bridge: bridge.name,
    portUuid: port._uuid,
    rows: {
      port: {
        external_ids: durableIds(port.external_ids),
        other_config: Object.fromEntries(port.other_config) as TextMap, // map('string', 'string')
        ...(port.tag === null ? {} : { tag: port.tag }),
      },
      iface: {
        external_ids: durableIds(iface.external_ids),
        other_config: Object.fromEntries(iface.other_config) as TextMap, // as above
        ...(mtu === undefined ? {} : { mtu_request: mtu }),
      },
    },
  };
}

/** The only interface of an unbonded port. */
export function firstOf(uuids: ReadonlySet<Uuid>): Uuid | undefined {
  return uuids.values().next().value;
}

/** The integration bridge's row, or a failure that says what to look at. */
export function requireBridge(ovs: OpenVSwitch, name: string): BridgeRow {
  const bridge = ovs.bridge(name);
  if (bridge !== undefined) return bridge;
  throw new ShuntError('preimage-changed', `there is no bridge ${name} in Open vSwitch on this host`);
}
