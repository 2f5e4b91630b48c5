/**
 * Where a probe starts from; DESIGN.md, "Proof of life". `wire` is the blackout instrument's port in the provider bridge; `remote` a probe port in
 * OVN, of a peer, or of the guest's own hypervisor where no wire joins the two worlds.
 */
export type Vantage = 'legacy' | 'local' | 'remote' | 'wire';

/** What one vantage saw of one guest in one round. */
export interface ProbeResult {
  readonly vantage: Vantage;
  readonly tap: string;
  readonly portId: string;
  /** System-id of the peer that asked; the coordinator fills it in. */
  readonly from?: string;
  /** Asked by IP, where this vantage of the same hypervisor asks by ARP as well: groups can forbid it. */
  readonly byIp?: boolean;
  readonly sent: number;
  readonly answered: number;
  /** Median round trip in milliseconds, absent when nothing answered. */
  readonly rttMs?: number;
  /** Questions in full-size frames that may not be cut up, as far as they were asked; absent when not asked. */
  readonly largeAnswered?: number;
  /** How many those were; absent (an older agent): as many as `sent`. */
  readonly largeSent?: number;
}

/** What answered before the cut. Only that can be required after it. */
export interface Baseline {
  readonly nonce: string;
  readonly results: readonly ProbeResult[];
}

export type TapVerdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'fail'; readonly vantages: readonly Vantage[]; readonly message: string }
  /** Nobody answered in the baseline: no evidence, which is not success. */
  | { readonly kind: 'no-evidence' }
  | { readonly kind: 'inconclusive'; readonly message: string };

export interface Verdict {
  readonly kind: 'pass' | 'fail' | 'inconclusive' | 'no-evidence';
  readonly taps: Readonly<Record<string, TapVerdict>>;
}

/** Gap in a guest's answers around its cut, as the product's own instrument saw it. */
export interface Blackout {
  readonly tap: string;
  readonly portId: string;
  /** Milliseconds; 0 when no answer was missing. */
  readonly blackoutMs: number;
  /** The asking interval in milliseconds: the figure is known to +- this. */
  readonly resolutionMs: number;
  readonly lost: number;
  readonly sent: number;
}
