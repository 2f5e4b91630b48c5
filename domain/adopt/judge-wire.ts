/** Somebody beyond the wire, and how many questions of a round were answered. */
export interface PeerAnswers {
  readonly bridge: string;
  readonly peer: string;
  readonly sent: number;
  readonly answered: number;
}

export type WireVerdict =
  | { readonly kind: 'good'; readonly peers: number }
  | { readonly kind: 'bad'; readonly silent: readonly string[] }
  /** Nobody answered before: what comes after proves nothing. */
  | { readonly kind: 'no-evidence'; readonly bridges: readonly string[] };

/** Bridges from which nobody beyond the wire answers yet. */
export function unproven(bridges: readonly string[], before: readonly PeerAnswers[]): readonly string[] {
  return bridges.filter((bridge) => !before.some((peer) => peer.bridge === bridge && peer.answered > 0));
}

/** Who answered before must answer after; who did not is not asked for. */
export function judgeWire(bridge: string, before: readonly PeerAnswers[], after: readonly PeerAnswers[]): WireVerdict {
  const required = before.filter((peer) => peer.bridge === bridge && peer.answered > 0);
  if (required.length === 0) return { kind: 'no-evidence', bridges: [bridge] };
  const silent = required.filter(
    ({ peer }) => !after.some((heard) => heard.bridge === bridge && heard.peer === peer && heard.answered > 0),
  );
  if (silent.length > 0) return { kind: 'bad', silent: silent.map(({ peer }) => peer) };
  return { kind: 'good', peers: required.length };
}
