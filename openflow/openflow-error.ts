/**
 * `not-connected`: nothing was sent. `closed`, `timed-out`, `aborted`: it was sent and the outcome is unknown. `refused`: the switch answered
 * with an error. `protocol`: the peer does not speak OpenFlow 1.3. `invalid`: the caller's message cannot be encoded.
 */
export type OpenFlowErrorKind =
  | 'not-connected'
  | 'closed'
  | 'timed-out'
  | 'aborted'
  | 'refused'
  | 'protocol'
  | 'invalid';

/** The content of an OFPT_ERROR (OpenFlow 1.3.5, 7.4.4). */
export interface Refusal {
  readonly type: number;
  readonly code: number;
  /** The type in words, `bad-match` for example. */
  readonly name: string;
  readonly xid: number;
}

export class OpenFlowError extends Error {
  readonly kind: OpenFlowErrorKind;
  /** Set for kind `refused`. */
  readonly refusal: Refusal | undefined;

  constructor(
    kind: OpenFlowErrorKind,
    message: string,
    options: { readonly cause?: unknown; readonly refusal?: Refusal } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OpenFlowError';
    this.kind = kind;
    this.refusal = options.refusal;
  }
}
