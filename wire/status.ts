import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import { type ErrorCode, errorCodeOf, errorTable } from '../domain/errors.ts';
import { describeError, isShuntError, ShuntError } from '../platform/shunt-error.ts';
import { errorTextMax } from './channel-options.ts';

const codeKey = 'shunt-code';
const detailKey = 'shunt-detail-bin';

/** A failure as gRPC tells it: status by the code's row in domain/errors.ts, the code itself beside it. */
export function toStatus(error: unknown): StatusObject {
  const code = isShuntError(error) ? error.code : 'internal';
  const metadata = new Metadata();
  metadata.set(codeKey, code);
  const detail = isShuntError(error) ? encodeDetail(error.detail) : undefined;
  if (detail) metadata.set(detailKey, detail);
  return { code: status[errorTable[code].grpc], details: describeError(error).slice(0, errorTextMax), metadata };
}

/** Facts are a help, not the message: what does not fit or is no JSON is left out. */
function encodeDetail(detail: Readonly<Record<string, unknown>>): Buffer | undefined {
  if (Object.keys(detail).length === 0) return undefined;
  try {
    const bytes = Buffer.from(JSON.stringify(detail));
    return bytes.length <= errorTextMax ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** The failure that the peer told of, or that gRPC met on the way. */
export function fromStatus(error: Pick<ServiceError, 'code' | 'details' | 'metadata'>): ShuntError {
  const told = error.metadata?.get(codeKey)[0];
  const code = told === undefined ? codeOfStatus(error.code) : errorCodeOf(String(told));
  const text = error.details.replace(/ Resolution note: *$/, '') || `gRPC status ${error.code}`;
  return new ShuntError(code, text, { detail: decodeDetail(error.metadata) });
}

function decodeDetail(metadata: Metadata | undefined): Readonly<Record<string, unknown>> {
  const bytes = metadata?.get(detailKey)[0];
  if (!Buffer.isBuffer(bytes)) return {};
  try {
    const detail: unknown = JSON.parse(bytes.toString());
    return typeof detail === 'object' && detail !== null ? { ...detail } : {};
  } catch {
    return {};
  }
}

/** gRPC's own failures: no Shunt code came with them. */
function codeOfStatus(code: number): ErrorCode {
  switch (code) {
    case status.UNAVAILABLE:
      return 'coordinator-unavailable';
    case status.CANCELLED:
      return 'cancelled';
    case status.DEADLINE_EXCEEDED:
      return 'timed-out';
    case status.RESOURCE_EXHAUSTED:
      return 'limit-reached';
    case status.UNIMPLEMENTED:
    case status.INVALID_ARGUMENT:
      return 'protocol';
    default:
      return 'internal';
  }
}
