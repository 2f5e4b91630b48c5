import { systemClock } from '../../platform/clock.ts';
import type { Netlink } from '../../platform/native/netlink.ts';
import type { Link } from '../../platform/native/netlink-links.ts';

/** For so long after a tap was put back into its place, its being down is nobody's wish. */
const settlingMs = 10_000;

/**
 * vswitchd sets a device promiscuous by writing all its flags as it last heard of them. Who plugs a tap, libvirt say, sets it up at that very moment: then
 * vswitchd sets it down again, and nothing would ever set it up.
 */
export class KeptUp {
  readonly #netlink: Pick<Netlink, 'apply'>;
  readonly #now: () => number;
  readonly #settling = new Map<string, number>();

  constructor(netlink: Pick<Netlink, 'apply'>, now: () => number = () => systemClock.monotonicMs()) {
    this.#netlink = netlink;
    this.#now = now;
  }

  /** A tap is put back now. */
  begin(tap: string): void {
    const nowMs = this.#now();
    for (const [other, sinceMs] of this.#settling) if (nowMs - sinceMs > settlingMs) this.#settling.delete(other);
    this.#settling.set(tap, nowMs);
  }

  /** The tap of a claim as it is now: set up if it is down, and was put back a moment ago. Who sets it down later has a reason to. */
  look(link: Pick<Link, 'name' | 'ifindex' | 'up'> | undefined): void {
    if (link === undefined || link.up) return;
    const sinceMs = this.#settling.get(link.name);
    if (sinceMs === undefined || this.#now() - sinceMs > settlingMs) return;
    this.#netlink.apply([{ kind: 'set-up', link: link.ifindex }]); // gone meanwhile: then nothing
  }
}
