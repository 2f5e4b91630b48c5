import type { ErrorCode } from '../domain/errors.ts';

/**
 * The one error class of Shunt. `code` alone decides retry, gRPC status and exit status (domain/errors.ts); the message
 * says what we were doing, the cause why it did not work.
 */
export class ShuntError extends Error {
  readonly code: ErrorCode;
  /** Facts for the log line and the user: host, tap, errno, path. Never needed to decide what to do. */
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(
    code: ErrorCode,
    doing: string,
    options: { readonly cause?: unknown; readonly detail?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(doing, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ShuntError';
    this.code = code;
    this.detail = options.detail ?? {};
  }
}

/** True for a ShuntError, of the given code when one is given. */
export function isShuntError(error: unknown, code?: ErrorCode): error is ShuntError {
  return error instanceof ShuntError && (code === undefined || error.code === code);
}

const causesMax = 8;

/** The chain of causes as one line, "doing x: because y: because z"; for a log line or for a user. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < causesMax && current !== undefined; depth += 1) {
    const text = current instanceof Error ? current.message || current.name : String(current);
    if (!parts.includes(text)) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ');
}
