/**
 * The objects of one tap's shunt. Names as os-vif gives them to hybrid plugs (`qbr`, `qvb`, `qvo` and 11 characters of the port's id), so
 * that os-vif removes them when it plugs the guest anew.
 *
 * ```
 *  legacy bridge L ── outer ~ inner ── B ── inner ~ outer ── br-int
 *                       a       b      │      v       o
 *                                     tap
 * ```
 */
export interface ShuntPlug {
  /** B. */
  readonly bridge: string;
  /** False: a hybrid plug's own bridge, which was there before us and stays. */
  readonly ownsBridge: boolean;
  /** a in L, b in B. `owned` false: a hybrid plug's qvo and qvb. */
  readonly legacyLeg: ShuntLeg & { readonly owned: boolean };
  /** o in the integration bridge with the port's `iface-id`, v in B. */
  readonly targetLeg: ShuntLeg;
  readonly mtu: number;
  /** Overlay: the two worlds have no wire in common; nothing is muted and both legs learn. */
  readonly disjoint: boolean;
  /** Every source MAC that is this guest's alone: its own, never an address that may move to another (VRRP). */
  readonly ownMacs: readonly string[];
  /** MACs that are this guest's now and may be another's tomorrow (VRRP): frames to them are meant for it, nothing is dropped by them. */
  readonly sharedMacs?: readonly string[];
}

export interface ShuntLeg {
  /** End outside B. */
  readonly outer: string;
  /** End in B. */
  readonly inner: string;
}

/** What is there of a shunt, as kernel and Open vSwitch show it. */
export interface ShuntFacts {
  readonly bridge: boolean;
  /** The tap is a member of B. */
  readonly tapInside: boolean;
  /** Whole: of a hybrid plug with its port's name, without which Neutron does not wire it. */
  readonly legacyLeg: boolean;
  /** Not whole, but parts of it are there. */
  readonly legacyLegRemains?: boolean;
  readonly targetLeg: boolean;
  /** Row of o on the integration bridge: its `iface-id`, its marks, and whether OVN has installed the port's flows. */
  readonly claim?: {
    readonly ifaceId: string;
    readonly marks: Readonly<Record<string, string>>;
    readonly installed: boolean;
    /**
     * Its device was removed. Whatever comes under its name, vswitchd's userspace datapath goes on with that of before: the row has to go first, and a new one
     * to be made.
     */
    readonly orphaned?: true;
  };
  /** Which leg B floods to. `none` while it is being made. */
  readonly active: 'legacy' | 'target' | 'none';
}

/** Nothing of a shunt is there. */
export const noShunt: ShuntFacts = {
  bridge: false,
  tapInside: false,
  legacyLeg: false,
  targetLeg: false,
  active: 'none',
};

/** Names of a port's shunt; at most 15 characters each. */
export function shuntNames(portId: string): Pick<ShuntPlug, 'bridge' | 'targetLeg'> & { readonly ownLeg: ShuntLeg } {
  const suffix = portId.slice(0, 11);
  return {
    bridge: `qbr${suffix}`,
    targetLeg: { outer: `qvo${suffix}`, inner: `qvb${suffix}` },
    ownLeg: { outer: `sha${suffix}`, inner: `shb${suffix}` },
  };
}
