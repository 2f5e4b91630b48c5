import type { TapTarget } from '../../domain/network-model.ts';

/**
 * When tables are repaired. `product`: as the agent does it. `commit`, `ofport`: once, at that moment, in the provider bridge, from the side
 * of OVN's patch port: nothing of OVN has to be ready for that. `installed`: through OVN's pipeline when `ovn-installed` is seen. `both`:
 * at commit and at installed. `each-ms`: through the pipeline every millisecond from the ofport on, until installed; the first that OVN's
 * flows let through does it.
 */
export const repairs = ['product', 'commit', 'ofport', 'installed', 'both', 'each-ms'] as const;
export type Repair = (typeof repairs)[number];

export interface VariantRequest {
  readonly op: 'cut' | 'revert';
  readonly taps: readonly TapTarget[];
  readonly batchSize: number;
  readonly repair: Repair;
  /** OVN's name of the network's localnet port, and its VLAN. */
  readonly localnet: string;
  readonly vlan: number;
}
