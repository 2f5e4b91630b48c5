import { type KnownRow, knownRow, wantedRows } from '../../domain/rewire/foreign-changes.ts';
import type { Link } from '../../platform/native/netlink-links.ts';
import type { Host } from '../host/host.ts';
import { type OvsPort, plugFactsOf } from '../host/open-vswitch.ts';
import type { Claim } from '../journal/claims.ts';
import { type ClaimJudgement, judgeClaim, rowChanges } from './judge-claim.ts';
import { masterOf, rewriteRow } from './put-back.ts';
import {
  claimingPort,
  factsFor,
  isShuntClaim,
  judgeShuntClaim,
  linksOf,
  type ShuntClaim,
  type ShuntJudgement,
} from './shunt-claims.ts';

/** Says what became of claimed taps, and remembers the rows of those in place: what somebody changes later is known by that. */
export class ClaimJudge {
  readonly #host: Host;
  readonly #bootId: string;
  readonly #known = new Map<string, KnownRow>();
  /** Ports, by name, whose device was removed under them. */
  readonly #stale = new Map<string, string>();

  constructor(host: Host, bootId: string) {
    this.#host = host;
    this.#bootId = bootId;
  }

  judge(
    claim: Claim,
    { link, port }: { readonly link: Link | undefined; readonly port: OvsPort | undefined },
  ): ClaimJudgement {
    const found = isShuntClaim(claim)
      ? this.judgeShunt(claim)
      : judgeClaim(claim, {
          link,
          port,
          bootId: this.#bootId,
          master: masterOf(this.#host, link),
          known: this.#known.get(claim.move.tap),
        });
    if (found.kind === 'in-place') this.#remember(claim);
    const isStale = found.kind === 'in-place' && link !== undefined && this.isStale(claim);
    return isStale ? { kind: 'away', what: ['its port has the device of before'] } : found;
  }

  judgeShunt(claim: ShuntClaim): ShuntJudgement {
    const ports = this.#host.ovs.ports();
    const changes = this.#changesOf(claim, claimingPort(claim, ports));
    const orphaned = this.#hasOldDevice(claim.move.shunt.targetLeg.outer);
    return judgeShuntClaim(claim, factsFor(claim, this.#host, ports), { bootId: this.#bootId, changes, orphaned });
  }

  /** A port that is there now has no device any more, whatever comes under its name: vswitchd's userspace datapath goes on with that of before. */
  deviceRemoved(name: string): void {
    const ports = this.#host.ovs.ports();
    for (const [known, uuid] of this.#stale) if (ports.get(known)?.port._uuid !== uuid) this.#stale.delete(known);
    const port = ports.get(name);
    if (port !== undefined) this.#stale.set(name, port.port._uuid);
  }

  /** The tap's own port has to be made anew. One of ML2/OVS or MidoNet has another life: Nova plugs it anew there. */
  isStale({ move: { tap, legacy } }: Claim): boolean {
    return legacy.ovs === undefined && !legacy.midonet && this.#hasOldDevice(tap);
  }

  /** Its row is known, and says what it said. */
  isAsKnown(claim: Claim, ports: ReadonlyMap<string, OvsPort>): boolean {
    const port = claimingPort(claim, ports);
    return port?.port._uuid === this.#known.get(claim.move.tap)?.portUuid && this.#changesOf(claim, port).length === 0;
  }

  /** Puts its row right. False: there was nothing to do, or it is not ours. */
  async putRowBack(claim: Claim, signal: AbortSignal): Promise<boolean> {
    const { ovs } = this.#host;
    const port = claimingPort(claim, ovs.ports());
    if (port === undefined || this.#changesOf(claim, port).length === 0) return false;
    const wanted = wantedRows(claim.move, plugFactsOf(port), this.#known.get(claim.move.tap));
    if (wanted === undefined) return false;
    await rewriteRow(claim, { port, wanted }, { ovs, signal });
    return true;
  }

  /** By which the database's log knows it: names and identifiers. */
  namesOf(claim: Claim): readonly string[] {
    const port = claimingPort(claim, this.#host.ovs.ports());
    const known = this.#known.get(claim.move.tap)?.portUuid;
    const rows = port === undefined ? [] : [port.port._uuid, port.iface._uuid];
    return [...linksOf(claim), ...rows, ...(known === undefined ? [] : [known])];
  }

  forget(tap: string): void {
    this.#known.delete(tap);
  }

  #hasOldDevice(name: string): boolean {
    const stale = this.#stale.get(name);
    return stale !== undefined && this.#host.ovs.ports().get(name)?.port._uuid === stale;
  }

  #changesOf(claim: Claim, port: OvsPort | undefined): readonly string[] {
    return port === undefined ? [] : rowChanges(claim, port, this.#known.get(claim.move.tap));
  }

  #remember(claim: Claim): void {
    const port = claimingPort(claim, this.#host.ovs.ports());
    if (port === undefined) this.#known.delete(claim.move.tap);
    else this.#known.set(claim.move.tap, knownRow(claim.move, plugFactsOf(port)));
  }
}
