import type { ErrorCode } from '../../domain/errors.ts';
import { isOvsdbError, type OvsdbErrorCode } from '../../ovsdb/errors.ts';
import { ShuntError } from '../../platform/shunt-error.ts';

const codes = {
  'not-connected': 'ovsdb-unavailable',
  'refused': 'ovsdb-unavailable',
  'tls-config': 'ovsdb-unavailable',
  'tls-untrusted': 'ovsdb-unavailable',
  'tls-refused': 'ovsdb-unavailable',
  'connection-lost': 'ovsdb-unavailable',
  'unknown-outcome': 'outcome-unknown',
  'timed-out': 'timed-out',
  'aborted': 'cancelled',
  'closed': 'ovsdb-unavailable',
  'too-large': 'limit-reached',
  'overloaded': 'limit-reached',
  'protocol': 'protocol',
  'schema-mismatch': 'ovsdb-refused',
  'invalid-value': 'internal',
  'invalid-use': 'internal',
  'unsupported': 'ovsdb-refused',
  'rpc-error': 'ovsdb-refused',
  'wait-failed': 'preimage-changed',
  'lock-not-owned': 'lock-lost',
  'constraint-violation': 'ovsdb-refused',
  'referential-integrity': 'ovsdb-refused',
  'permission-denied': 'ovsdb-refused',
  'not-leader': 'ovsdb-unavailable',
  'cluster-disconnected': 'ovsdb-unavailable',
  'stale-data': 'ovsdb-unavailable',
  'transaction-aborted': 'ovsdb-refused',
  'duplicate-uuid': 'ovsdb-refused',
  'arithmetic': 'ovsdb-refused',
  'not-allowed': 'ovsdb-refused',
  'resources-exhausted': 'ovsdb-refused',
  'io-error': 'ovsdb-refused',
  'transaction-failed': 'ovsdb-refused',
  'lock-stolen': 'lock-lost',
} as const satisfies Record<OvsdbErrorCode, ErrorCode>;

/** A failure of the database in the product's own codes. */
export function asShuntError(error: unknown, doing: string): ShuntError {
  if (error instanceof ShuntError) return error;
  const code = isOvsdbError(error) ? codes[error.code] : 'internal';
  return new ShuntError(code, doing, { cause: error });
}

/** The task, or `cancelled` when the signal comes first; the task goes on. */
export async function unlessAborted<T>(task: Promise<T>, signal: AbortSignal, doing: string): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new ShuntError('cancelled', doing, { cause: signal.reason }));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([task, promise]);
  } catch (error) {
    throw asShuntError(error, doing);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
