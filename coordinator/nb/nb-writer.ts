import { allocateProbePorts, isProbePort } from '../../domain/inventory/probe-ports.ts';
import type { ProbePort, TapTarget } from '../../domain/network-model.ts';
import type { ProbeWant } from '../../domain/run/effects.ts';
import { isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import type { NbFacts } from '../inventory/nb-facts.ts';
import type { NbConnection, NbTransaction } from './nb-connection.ts';
import { type NbRows, type PortRow, probeOwnerKey } from './nb-tables.ts';

export interface NbPreparation {
  readonly systemId: string;
  readonly taps: readonly TapTarget[];
  readonly probes: readonly ProbeWant[];
}

/** How often a transaction is built anew when somebody changed a row in between. */
const conflictTries = 5;

/**
 * The only code that writes OVN NB. Each call reads what is there, changes what differs, with the rows it read as pre-images; done
 * twice it changes nothing. A probe port belongs to no port group: no ACL applies to it, nothing of its own is dropped.
 */
export class NbWriter {
  readonly #nb: NbConnection;
  readonly #facts: () => NbFacts;
  /** One at a time: the next allocates addresses from rows that hold what the one before wrote. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(nb: NbConnection, facts: () => NbFacts) {
    this.#nb = nb;
    this.#facts = facts;
  }

  /**
   * Ensures, in one transaction, `requested-chassis` where it is empty and a probe port for each want. A port that is bound already
   * is left as it is; one that is gone is `held`. Wants for which the network has no free address are missing in the result.
   */
  prepare(what: NbPreparation): Promise<Readonly<Record<string, ProbePort>>> {
    const doing = `prepare OVN NB for ${what.systemId}`;
    return this.#inTurn(async () => {
      const facts = this.#facts();
      const { probes } = allocateProbePorts({ wanted: what.probes, networks: facts.networks, ports: facts.ports });
      const build = (tx: NbTransaction, rows: NbRows): void => {
        const index = indexPorts(rows);
        for (const tap of what.taps) bindPort(tx, index, tap, what.systemId);
        for (const want of what.probes) {
          const probe = probes[`${want.systemId}/${want.networkId}`];
          if (probe) ensureProbe(tx, rows, index, want, probe);
        }
        tx.comment(`shunt: ${doing}`);
      };
      await this.#nb.transact(doing, build);
      return probes;
    });
  }

  /** Removes every probe port of ours. Returns how many there were. */
  sweep(): Promise<number> {
    return this.#inTurn(async () => {
      let removed = 0;
      await this.#nb.transact('remove probe ports from OVN NB', (tx, rows) => {
        const ours = new Map([...rows.ports].filter(([, row]) => isOurs(row)));
        removed = ours.size;
        for (const lswitch of rows.switches.values()) {
          const gone = [...lswitch.ports].filter((uuid) => ours.has(uuid));
          if (gone.length > 0)
            tx.mutate('Logical_Switch', [['_uuid', '==', lswitch._uuid]], [['ports', 'delete', gone]]);
        }
        tx.comment('shunt: remove probe ports');
      });
      return removed;
    });
  }

  #inTurn<T>(attempt: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(() => this.#retried(attempt));
    this.#queue = turn.catch(() => undefined); // the caller of this turn gets the error
    return turn;
  }

  async #retried<T>(attempt: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!isShuntError(error, 'preimage-changed') || tries >= conflictTries) throw error;
      }
    }
  }
}

function isOurs(row: PortRow): boolean {
  return row.external_ids.has(probeOwnerKey) && isProbePort({ name: row.name, id: row.name });
}

function indexPorts(rows: NbRows): ReadonlyMap<string, PortRow> {
  return new Map([...rows.ports.values()].map((row) => [row.name, row]));
}

function bindPort(tx: NbTransaction, index: ReadonlyMap<string, PortRow>, tap: TapTarget, systemId: string): void {
  const row = index.get(tap.portId);
  if (!row)
    throw new ShuntError(
      'held',
      `prepare OVN NB for ${systemId}: port ${tap.portId} of ${tap.tap} is not there any more`,
    );
  if (row.options.get('requested-chassis')) return; // whose it is was judged by the join; ours to fill, never to change
  tx.requireRow('Logical_Switch_Port', row._uuid, { options: row.options });
  tx.putKeys('Logical_Switch_Port', [['_uuid', '==', row._uuid]], 'options', { 'requested-chassis': systemId });
}

function ensureProbe(
  tx: NbTransaction,
  rows: NbRows,
  index: ReadonlyMap<string, PortRow>,
  want: ProbeWant,
  probe: ProbePort,
): void {
  const lswitch = [...rows.switches.values()].find(
    (row) => row.name === `neutron-${want.networkId}` || row.name === want.networkId,
  );
  if (!lswitch)
    throw new ShuntError('held', `make a probe port on network ${want.networkId}: OVN NB has no such switch`);
  const wanted = {
    name: probe.name,
    type: '',
    addresses: [`${probe.mac} ${probe.ip}`],
    options: { 'requested-chassis': want.systemId },
    external_ids: { [probeOwnerKey]: `${want.networkId}/${want.systemId}` },
  };
  const row = index.get(probe.name);
  if (!row) {
    tx.requireNone('Logical_Switch_Port', [['name', '==', probe.name]]);
    tx.requireRow('Logical_Switch', lswitch._uuid);
    const ref = tx.insert('Logical_Switch_Port', wanted);
    tx.mutate('Logical_Switch', [['_uuid', '==', lswitch._uuid]], [['ports', 'insert', [ref]]]);
    return;
  }
  if (sameProbe(row, want, probe)) return;
  tx.requireRow('Logical_Switch_Port', row._uuid, { name: row.name, options: row.options });
  tx.update('Logical_Switch_Port', [['_uuid', '==', row._uuid]], wanted);
}

function sameProbe(row: PortRow, want: ProbeWant, probe: ProbePort): boolean {
  return (
    row.type === '' &&
    row.options.get('requested-chassis') === want.systemId &&
    row.external_ids.get(probeOwnerKey) === `${want.networkId}/${want.systemId}` &&
    row.addresses.size === 1 &&
    row.addresses.has(`${probe.mac} ${probe.ip}`)
  );
}
