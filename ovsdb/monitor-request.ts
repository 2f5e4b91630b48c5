import type { Uuid } from './columns.ts';
import { isOvsdbError, OvsdbError } from './errors.ts';
import { isEveryRow, type WireConditions } from './monitor-conditions.ts';
import type { Session } from './session.ts';
import { type AnyChange, type AnyTables, decodeUpdates, difference, type Readers, type UpdateForm } from './updates.ts';

/** How the server keeps us up to date, best first. */
export type MonitorMethod = 'monitor_cond_since' | 'monitor_cond' | 'monitor';

/** What to try when the server does not know a method. */
const FALLBACK: Readonly<Record<MonitorMethod, MonitorMethod | undefined>> = {
  monitor_cond_since: 'monitor_cond',
  monitor_cond: 'monitor',
  monitor: undefined,
};

/** What a monitor is to send. */
export interface MonitorPlan {
  readonly database: string;
  readonly id: string;
  readonly readers: Readers;
  readonly conditions: WireConditions;
  /** Only what came after it, if the server remembers. */
  readonly after: Uuid | undefined;
}

/** Gets the first reply, in the order of the wire. */
export type OnFirstRead = (method: MonitorMethod, result: unknown) => void;

/** A monitor that begins. */
export interface MonitorStart {
  readonly session: Session;
  readonly plan: MonitorPlan;
  /** False when nobody waits for it any more. */
  readonly wanted: () => boolean;
  readonly onResult: OnFirstRead;
}

/** Asks by the best method that the server knows; resolves when it has answered, or when nobody wants it any more. */
export async function startMonitor({ session, plan, wanted, onResult }: MonitorStart): Promise<void> {
  let method: MonitorMethod | undefined = 'monitor_cond_since';
  while (method !== undefined && wanted()) {
    const asked: MonitorMethod = method;
    try {
      await session.request(asked, monitorParams(asked, plan), {
        lasting: true,
        onResult: (result) => onResult(asked, result),
      });
      return;
    } catch (error) {
      const unknown = isOvsdbError(error, 'rpc-error') && error.server?.error === 'unknown method';
      method = unknown ? FALLBACK[asked] : undefined;
      if (method === undefined) throw error;
    }
  }
}

/** Parameters of the request. @throws OvsdbError `unsupported` when the method cannot filter and is to */
export function monitorParams(method: MonitorMethod, plan: MonitorPlan): unknown[] {
  const requests: Record<string, unknown> = {};
  for (const [table, { columns }] of plan.readers) {
    const where = plan.conditions.get(table);
    const every = where === undefined || isEveryRow(where);
    if (!every && method === 'monitor') throw cannotFilter();
    // `monitor_cond` wants a list, one entry a set of columns; the others take either.
    requests[table] = [every ? { columns } : { columns, where }];
  }
  const params: unknown[] = [plan.database, plan.id, requests];
  if (method === 'monitor_cond_since') params.push(plan.after ?? NO_TRANSACTION);
  return params;
}

export function cannotFilter(): OvsdbError {
  return new OvsdbError('unsupported', 'the server cannot filter rows');
}

/** Parameters of `monitor_cond_change`; the monitor keeps its id. */
export function conditionChangeParams(id: string, conditions: WireConditions): unknown[] {
  return [id, id, Object.fromEntries([...conditions].map(([table, where]) => [table, [{ where }]]))];
}

/** What the first reply says. */
interface FirstRead {
  readonly form: UpdateForm;
  /** The updates go on after the transaction asked for; else they are everything. */
  readonly resumed: boolean;
  readonly transaction: Uuid | undefined;
  readonly updates: unknown;
}

/** Reads the reply to a monitor's request. @throws OvsdbError `protocol` */
function parseFirstRead(method: MonitorMethod, result: unknown): FirstRead {
  if (method !== 'monitor_cond_since') {
    const form = method === 'monitor' ? 'update' : 'update2';
    return { form, resumed: false, transaction: undefined, updates: result };
  }
  if (!Array.isArray(result) || typeof result[0] !== 'boolean') {
    throw new OvsdbError('protocol', 'the reply to monitor_cond_since is malformed');
  }
  return { form: 'update2', resumed: result[0], transaction: numbered(result[1]), updates: result[2] };
}

/** What the first reply does to the rows that were known. @throws OvsdbError `protocol` */
export function decodeFirstRead(
  method: MonitorMethod,
  result: unknown,
  known: { readonly readers: Readers; readonly rows: AnyTables },
): Omit<FirstRead, 'form' | 'updates'> & { readonly changes: readonly AnyChange[] } {
  const { form, updates, resumed, transaction } = parseFirstRead(method, result);
  const read = decodeUpdates(form, known.readers, resumed ? known.rows : undefined, updates);
  return { resumed, transaction, changes: resumed ? read : difference(known.rows, read) };
}

/** The transaction's id, if the server numbers transactions. */
export function numbered(transaction: unknown): Uuid | undefined {
  return typeof transaction === 'string' && transaction !== NO_TRANSACTION ? transaction : undefined;
}

/** Asks for everything (ovsdb-server(7) 4.1.16); also what a standalone server, which does not number transactions, answers. */
const NO_TRANSACTION = '00000000-0000-0000-0000-000000000000';
