import { canonicalJson } from './canonical-json.ts';
import { OvsdbError, type OvsdbErrorCode, type ServerError } from './errors.ts';

/** `<error>` of RFC 7047 section 3.1 with ovsdb-server's extension: the JSON that the error is about, as text. */
export interface RfcError extends ServerError {
  readonly syntax?: string;
}

/** The names of errors that ovsdb-server gives to values and types. */
export type RfcErrorName =
  | 'syntax error'
  | 'constraint violation'
  | 'unknown column'
  | 'unknown function'
  | 'unknown mutator'
  | 'domain error'
  | 'range error'
  | 'ovsdb error';

/**
 * The error that ovsdb-server would answer with: `server` has its name and its words, `code` is this library's, and the message is
 * ovsdb-server's own line: `syntax "0.5": syntax error: expected integer`.
 */
export function rfcError(error: RfcErrorName, details: string, syntax?: string): OvsdbError {
  const server: RfcError = syntax === undefined ? { error, details } : { error, details, syntax };
  const where = syntax === undefined ? '' : `syntax "${syntax}": `;
  return new OvsdbError(CODES[error], `${where}${error}: ${details}`, { server });
}

/** An error about this JSON. */
export function syntaxError(json: unknown, details: string, error: RfcErrorName = 'syntax error'): OvsdbError {
  return rfcError(error, details, canonicalJson(json));
}

const CODES = {
  'syntax error': 'invalid-value',
  'constraint violation': 'constraint-violation',
  'unknown column': 'invalid-use',
  'unknown function': 'invalid-use',
  'unknown mutator': 'invalid-use',
  'domain error': 'arithmetic',
  'range error': 'arithmetic',
  'ovsdb error': 'invalid-value',
} satisfies Record<RfcErrorName, OvsdbErrorCode>;
