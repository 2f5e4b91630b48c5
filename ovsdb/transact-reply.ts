import { ownMember } from './columns.ts';
import { describeServerError, OvsdbError, type OvsdbErrorCode, type ServerError, serverError } from './errors.ts';
import type { Operation } from './transaction.ts';

/**
 * Reads the reply to `transact` (RFC 7047 section 4.1.3): a result for each operation, null for those after a failed one, and one
 * element more when the operations went well and the commit did not.
 * @throws OvsdbError with the operation's index, or none when the commit failed
 */
export function parseTransactReply(
  operations: readonly Operation[],
  reply: unknown,
): readonly Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(reply)) throw new OvsdbError('protocol', 'the reply to transact is no array');
  const results: readonly unknown[] = reply;
  const failed = results.findIndex(
    (result) => typeof result === 'object' && result !== null && 'error' in result && result.error !== null,
  );
  if (failed !== -1) throw transactionError(operations, failed, serverError(results[failed]));
  if (results.length !== operations.length || results.some((result) => typeof result !== 'object' || result === null)) {
    throw new OvsdbError('protocol', 'the reply to transact does not fit its operations');
  }
  return results as readonly Readonly<Record<string, unknown>>[]; // just checked
}

/** The error for an operation that the server refuses with these words, or for the commit when `failed` is none of the operations. */
export function transactionError(operations: readonly Operation[], failed: number, server: ServerError): OvsdbError {
  const code = ownMember(CODES, server.error) ?? 'transaction-failed';
  const operation = operations[failed];
  const where =
    operation === undefined
      ? 'commit'
      : `operation ${failed} (${operation.op} ${String(operation.table ?? operation.lock ?? '')})`;
  return new OvsdbError(code, `the transaction failed at ${where}: ${describeServerError(server)}`, {
    operation: operation === undefined ? undefined : failed,
    server,
  });
}

/** What RFC 7047 section 3.1 and 5.2, and ovsdb-server's own sources, call the failures that a caller may want to tell apart. */
const CODES: Readonly<Record<string, OvsdbErrorCode>> = {
  'timed out': 'wait-failed',
  'not owner': 'lock-not-owned',
  'aborted': 'transaction-aborted',
  'constraint violation': 'constraint-violation',
  'referential integrity violation': 'referential-integrity',
  'duplicate uuid': 'duplicate-uuid',
  'domain error': 'arithmetic',
  'range error': 'arithmetic',
  'permission error': 'permission-denied',
  'not allowed': 'not-allowed',
  'not leader': 'not-leader',
  'resources exhausted': 'resources-exhausted',
  'I/O error': 'io-error',
  // A cluster's leader was lost or slow between proposal and commit: it may have been done.
  'cluster error': 'unknown-outcome',
};
