/** Why a call failed; callers decide by code and never parse text. */
export type OvsdbErrorCode =
  | 'not-connected'
  | 'refused'
  | 'tls-config'
  | 'tls-untrusted'
  | 'tls-refused'
  | 'connection-lost'
  | 'unknown-outcome'
  | 'timed-out'
  | 'aborted'
  | 'closed'
  | 'too-large'
  | 'overloaded'
  | 'protocol'
  | 'schema-mismatch'
  | 'invalid-value'
  | 'invalid-use'
  | 'unsupported'
  | 'rpc-error'
  | 'wait-failed'
  | 'lock-not-owned'
  | 'lock-stolen'
  | 'constraint-violation'
  | 'referential-integrity'
  | 'permission-denied'
  | 'not-leader'
  | 'cluster-disconnected'
  | 'stale-data'
  | 'transaction-aborted'
  | 'duplicate-uuid'
  | 'arithmetic'
  | 'not-allowed'
  | 'resources-exhausted'
  | 'io-error'
  | 'transaction-failed';

/** The server's own words, `<error>` of RFC 7047 section 3.1. */
export interface ServerError {
  readonly error: string;
  readonly details?: string;
  /** The JSON that the server found at fault. */
  readonly syntax?: string;
}

/** What may accompany an {@link OvsdbError}. */
export interface OvsdbErrorOptions {
  readonly cause?: unknown;
  readonly operation?: number | undefined;
  readonly server?: ServerError | undefined;
}

/** The one error class of this library. */
export class OvsdbError extends Error {
  override readonly name = 'OvsdbError';
  readonly code: OvsdbErrorCode;
  /** Index of the failed operation; undefined when the commit itself failed, or when it is no matter of an operation. */
  declare readonly operation?: number;
  declare readonly server?: ServerError;

  constructor(code: OvsdbErrorCode, message: string, options: OvsdbErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : {});
    this.code = code;
    if (options.operation !== undefined) this.operation = options.operation;
    if (options.server !== undefined) this.server = options.server;
  }
}

/** True for an {@link OvsdbError}, of one of these codes when any are named. */
export function isOvsdbError(error: unknown, ...codes: readonly OvsdbErrorCode[]): error is OvsdbError {
  return error instanceof OvsdbError && (codes.length === 0 || codes.includes(error.code));
}

/** What was thrown, or a `protocol` error that says what failed. */
export function asOvsdbError(cause: unknown, what: string): OvsdbError {
  return cause instanceof OvsdbError ? cause : new OvsdbError('protocol', what, { cause });
}

/** The `aborted` error for a signal that has fired. */
export function abortedError(signal: AbortSignal, what: string): OvsdbError {
  return new OvsdbError('aborted', `${what} was aborted`, { cause: signal.reason });
}

/** Reads the `error` member of a reply, which is an object of RFC 7047 or a bare string of the JSON-RPC layer. */
export function serverError(json: unknown): ServerError {
  if (typeof json === 'string') return { error: json };
  if (typeof json === 'object' && json !== null && 'error' in json && typeof json.error === 'string') {
    const details = 'details' in json && typeof json.details === 'string' ? { details: json.details } : {};
    const syntax = 'syntax' in json && typeof json.syntax === 'string' ? { syntax: json.syntax } : {};
    return { error: json.error, ...details, ...syntax };
  }
  return { error: JSON.stringify(json) };
}

/** One line for people. */
export function describeServerError(server: ServerError): string {
  return server.details === undefined ? server.error : `${server.error}: ${server.details}`;
}
