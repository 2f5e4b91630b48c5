/** Every failure has one code; the code alone decides retry, gRPC status and exit status. Text is never parsed. */
export type ErrorCode = keyof typeof errorTable;

/** What a code means for whoever receives it. `docs` is an anchor in docs/failure-modes.md. */
export interface ErrorTraits {
  /** `yes`: the same call may be sent again. `look`: the outcome is unknown, read the state before anything else. */
  readonly retry: 'yes' | 'no' | 'look';
  readonly grpc: GrpcStatusName;
  /** Exit status of a command that ends with it; DESIGN.md, "Interfaces, fixed". */
  readonly exit: 1 | 2 | 3 | 4 | 5;
  readonly docs: string;
}

export type GrpcStatusName =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'FAILED_PRECONDITION'
  | 'ABORTED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'CANCELLED'
  | 'DATA_LOSS'
  | 'RESOURCE_EXHAUSTED'
  | 'PERMISSION_DENIED'
  | 'INTERNAL';

export const errorTable = {
  'usage': { retry: 'no', grpc: 'INVALID_ARGUMENT', exit: 1, docs: '#usage' },
  'config-invalid': { retry: 'no', grpc: 'INVALID_ARGUMENT', exit: 1, docs: '#config-invalid' },
  'plan-invalid': { retry: 'no', grpc: 'INVALID_ARGUMENT', exit: 1, docs: '#plan-invalid' },
  'not-found': { retry: 'no', grpc: 'NOT_FOUND', exit: 1, docs: '#not-found' },
  'already-exists': { retry: 'no', grpc: 'ALREADY_EXISTS', exit: 1, docs: '#already-exists' },
  'wrong-state': { retry: 'no', grpc: 'FAILED_PRECONDITION', exit: 1, docs: '#wrong-state' },
  'not-approved': { retry: 'no', grpc: 'FAILED_PRECONDITION', exit: 4, docs: '#not-approved' },
  'held': { retry: 'no', grpc: 'FAILED_PRECONDITION', exit: 4, docs: '#held' },
  'agent-passive': { retry: 'no', grpc: 'FAILED_PRECONDITION', exit: 4, docs: '#agent-passive' },
  'agent-not-connected': { retry: 'yes', grpc: 'UNAVAILABLE', exit: 4, docs: '#agent-not-connected' },
  'epoch-stale': { retry: 'no', grpc: 'ABORTED', exit: 1, docs: '#epoch-stale' },
  'preimage-changed': { retry: 'look', grpc: 'ABORTED', exit: 1, docs: '#preimage-changed' },
  'lock-lost': { retry: 'look', grpc: 'ABORTED', exit: 1, docs: '#lock-lost' },
  'outcome-unknown': { retry: 'look', grpc: 'DEADLINE_EXCEEDED', exit: 1, docs: '#outcome-unknown' },
  'ovsdb-unavailable': { retry: 'yes', grpc: 'UNAVAILABLE', exit: 1, docs: '#ovsdb-unavailable' },
  'ovsdb-refused': { retry: 'no', grpc: 'FAILED_PRECONDITION', exit: 1, docs: '#ovsdb-refused' },
  'openflow-failed': { retry: 'look', grpc: 'UNAVAILABLE', exit: 1, docs: '#openflow-failed' },
  'netlink-failed': { retry: 'look', grpc: 'INTERNAL', exit: 1, docs: '#netlink-failed' },
  'native-failed': { retry: 'no', grpc: 'INTERNAL', exit: 1, docs: '#native-failed' },
  'nats-unavailable': { retry: 'yes', grpc: 'UNAVAILABLE', exit: 1, docs: '#nats-unavailable' },
  'coordinator-unavailable': { retry: 'yes', grpc: 'UNAVAILABLE', exit: 1, docs: '#coordinator-unavailable' },
  'journal-failed': { retry: 'no', grpc: 'DATA_LOSS', exit: 5, docs: '#journal-failed' },
  'records-corrupt': { retry: 'no', grpc: 'DATA_LOSS', exit: 5, docs: '#records-corrupt' },
  'ledger-failed': { retry: 'no', grpc: 'DATA_LOSS', exit: 5, docs: '#ledger-failed' },
  'ledger-conflict': { retry: 'yes', grpc: 'ABORTED', exit: 1, docs: '#ledger-conflict' },
  'ledger-behind': { retry: 'no', grpc: 'FAILED_PRECONDITION', exit: 4, docs: '#ledger-behind' },
  'deadman-failed': { retry: 'no', grpc: 'FAILED_PRECONDITION', exit: 4, docs: '#deadman-failed' },
  'verdict-failed': { retry: 'no', grpc: 'ABORTED', exit: 3, docs: '#verdict-failed' },
  'verdict-inconclusive': { retry: 'yes', grpc: 'ABORTED', exit: 3, docs: '#verdict-inconclusive' },
  'stuck': { retry: 'no', grpc: 'ABORTED', exit: 5, docs: '#stuck' },
  'child-failed': { retry: 'no', grpc: 'INTERNAL', exit: 1, docs: '#child-failed' },
  'io-failed': { retry: 'look', grpc: 'INTERNAL', exit: 1, docs: '#io-failed' },
  'limit-reached': { retry: 'yes', grpc: 'RESOURCE_EXHAUSTED', exit: 1, docs: '#limit-reached' },
  'timed-out': { retry: 'look', grpc: 'DEADLINE_EXCEEDED', exit: 1, docs: '#timed-out' },
  'cancelled': { retry: 'yes', grpc: 'CANCELLED', exit: 1, docs: '#cancelled' },
  'protocol': { retry: 'no', grpc: 'INTERNAL', exit: 1, docs: '#protocol' },
  'internal': { retry: 'no', grpc: 'INTERNAL', exit: 1, docs: '#internal' },
} as const satisfies Record<string, ErrorTraits>;

/** Narrows text from the wire to a known code; unknown codes of a newer peer become `internal`. */
export function errorCodeOf(text: string): ErrorCode {
  return Object.hasOwn(errorTable, text) ? (text as ErrorCode) : 'internal'; // checked on this line
}
