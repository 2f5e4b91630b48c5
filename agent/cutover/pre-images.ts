import { type PlugRows, sameRows, type TapMove } from '../../domain/rewire/moves.ts';
import type { Transaction } from '../../ovsdb/transaction.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { type OvsPort, plugFactsOf } from '../host/open-vswitch.ts';
import type { OvsTables } from '../host/ovs-tables.ts';
import type { Execution } from './execution.ts';

export interface PreImage {
  readonly move: TapMove;
  readonly port: OvsPort;
  /** What its rows said when the attempt was armed. */
  readonly rows: PlugRows;
}

/**
 * On the way forward a row must still say what was read of it when the attempt was armed, now and when the transaction is carried out: what
 * somebody else has written since would be lost. On a way back our own row goes, whatever became of it.
 */
export function requirePreImage(tx: Transaction<OvsTables>, { move, port, rows }: PreImage, run: Execution): void {
  tx.requireRow('Port', port.port._uuid, { name: port.port.name });
  if (run.isForward !== true) return;
  if (!sameRows(plugFactsOf(port).rows, rows)) {
    const text = `moving ${move.tap}: its port in ${port.bridge.name} does not say any more what it said when the attempt was armed: somebody else wrote`;
    throw new ShuntError('preimage-changed', text);
  }
  const { tag, external_ids, other_config } = port.port;
  tx.requireRow('Port', port.port._uuid, { tag, external_ids, other_config });
  tx.wait('Interface', {
    where: [
      ['_uuid', '==', port.iface._uuid],
      ['external_ids', 'includes', rows.iface.external_ids],
    ],
    columns: ['_uuid'],
    until: '!=',
    rows: [],
  });
}

/** Nobody has given the tap a port of its own: ours would be refused, and its guest would be in no bridge until the way back. */
export function requireNoPort(moves: readonly TapMove[], run: Execution): void {
  if (run.isForward !== true) return;
  const ports = run.ovs.ports();
  const taken = moves.find(({ tap }) => ports.has(tap));
  if (taken === undefined) return;
  const { bridge } = ports.get(taken.tap) ?? {};
  const text = `cutting ${taken.tap}: somebody else has given it a port in ${bridge?.name}; it was not taken out of ${taken.legacy.bridge}`;
  throw new ShuntError('preimage-changed', text);
}
