import { type FlowGuest, type FlowSeed, indexGuests, judgeFlow } from '../../domain/connections/judge-flow.ts';
import { flowKey, ipProtocols, type TrackedFlow, turned } from '../../domain/connections/tracked-flow.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { formatIpv6, isIpv4, isIpv6, parseIpv6 } from '../../platform/addresses.ts';
import { Conntrack } from '../../platform/native/conntrack.ts';
import { Unixctl } from '../../platform/unixctl.ts';
import type { OpenVSwitch } from '../host/open-vswitch.ts';
import { type DatapathZones, datapathZones, intoKernel, type ZoneSeed } from './datapath-zones.ts';
import { learnNumbers } from './learn-numbers.ts';
import { emptyReport, type SeedReport } from './seed-report.ts';
import { targetZones } from './target-zones.ts';

export interface SeedDependencies {
  readonly ovs: OpenVSwitch;
  /** OVS_RUNDIR: control and OpenFlow sockets. */
  readonly runDir: string;
  /** Zone that the legacy firewall gives to this tap. Default: none, zone 0. */
  readonly legacyZone?: (move: TapMove) => number | undefined;
  /** Guests' frames pass OVN already, whatever the moves say: what its zones know is kept. */
  readonly onPath?: boolean;
}

/** Connections of one call at most; what is over stays to the grace rules. */
const seedsMax = 65_536;
/** How often they are put in until all are read back. */
const seedRoundsMax = 3;

/**
 * Makes the live connections of these guests known to the side that is about to take over. `target`: from the legacy firewall's zones
 * into OVN's, which must have claimed the ports. `legacy`: from OVN's zones into the legacy firewall's, where those are missing there.
 * In their true direction, so that each side judges the next packet as the other would have. Done again, it changes nothing;
 * what cannot be copied is counted in the report, and no failure.
 */
export async function seedConnections(
  moves: readonly TapMove[],
  toward: 'target' | 'legacy',
  deps: SeedDependencies,
  signal: AbortSignal,
): Promise<SeedReport> {
  const startedMs = performance.now();
  using conntrack = Conntrack.open();
  using control = await Unixctl.ofDaemon(deps.runDir, 'ovs-vswitchd', signal);
  const { ovs, runDir } = deps;
  const { integrationBridge } = ovs;
  const datapathType = ovs.bridge(integrationBridge)?.datapath_type ?? '';
  const job: SeedJob = {
    moves,
    conntrack,
    datapath: datapathZones({ runDir, integrationBridge, datapathType, control, conntrack }),
    targetZones: await targetZones(moves, deps, signal),
    legacyZones: new Map(moves.map((move) => [move.tap, deps.legacyZone?.(move) ?? 0])),
    onPath: deps.onPath ?? false,
    signal,
  };
  const report = toward === 'target' ? await seedTarget(job) : await seedLegacy(job);
  return { ...report, tookMs: Math.round(performance.now() - startedMs) };
}

interface SeedJob {
  readonly moves: readonly TapMove[];
  readonly conntrack: Conntrack;
  readonly datapath: DatapathZones;
  /** By tap. */
  readonly targetZones: ReadonlyMap<string, number>;
  readonly legacyZones: ReadonlyMap<string, number>;
  readonly onPath: boolean;
  readonly signal: AbortSignal;
}

async function seedTarget(job: SeedJob): Promise<SeedReport> {
  const { datapath, signal } = job;
  const report = emptyReport(job.moves.length - job.targetZones.size);
  const seeds = await liveFlows(job, report);
  const tcp = datapath.needsNumbers ? seeds.filter(({ flow }) => flow.protocol === ipProtocols.tcp) : [];
  const numbers = await learnNumbers(tcp, new Map(job.moves.map((move) => [move.tap, move])), signal);
  const needsNumbers = new Set(tcp);
  const wanted = seeds.flatMap((seed): readonly ZoneSeed[] => {
    const zone = job.targetZones.get(seed.tap);
    const learned = numbers.get(seed);
    if (zone === undefined) return [];
    if (!needsNumbers.has(seed)) return [{ zone, seed }];
    if (learned !== undefined && learned !== 'ended') return [{ zone, seed, numbers: learned }];
    report.skipped[learned ?? 'silent'] += 1;
    return [];
  });
  await put(job, wanted, report);
  return report;
}

/**
 * Puts connections in and reads them back, some rounds: where OVN is on the guest's path already, it may pick one up in the meantime, the wrong
 * way round.
 */
async function put(job: SeedJob, wanted: readonly ZoneSeed[], report: SeedReport): Promise<void> {
  const { datapath, signal } = job;
  await clear(job);
  for (let round = 0; ; round += 1) {
    const { kept, replaced } = compare(wanted, await knownTo(job));
    if (round === 0) report.known = kept.size;
    report.seeded = Math.max(0, kept.size - report.known);
    report.missing = wanted.length - kept.size;
    if (report.missing === 0 || round === seedRoundsMax) return;
    const fresh = wanted.filter((one) => !kept.has(one));
    const emptied = round === 0 ? await emptyWhereUnsafe(job, fresh) : new Set<number>();
    await datapath.forget(
      replaced.filter(({ zone }) => !emptied.has(zone)),
      signal,
    );
    await datapath.seed(
      wanted.filter((one) => !kept.has(one) || emptied.has(one.zone)),
      signal,
    );
  }
}

/** The legacy firewall's connections of the guests that OVN has claimed here. */
async function liveFlows(job: SeedJob, report: SeedReport): Promise<readonly FlowSeed[]> {
  const guests = job.moves.flatMap((move): readonly FlowGuest[] => {
    const zone = job.legacyZones.get(move.tap) ?? 0;
    if (!job.targetZones.has(move.tap)) return [];
    return [{ tap: move.tap, addresses: move.ips.flatMap(canonicalAddress), zone }];
  });
  const index = indexGuests(guests);
  const seeds: FlowSeed[] = [];
  const take = (flow: TrackedFlow): void => {
    const verdict = judgeFlow(flow, index);
    if (verdict.kind === 'skip') report.skipped[verdict.why] += 1;
    if (verdict.kind !== 'seed') return;
    if (flow.helper !== undefined) report.withoutHelper += 1;
    if (seeds.length + verdict.seeds.length > seedsMax) report.skipped.overLimit += verdict.seeds.length;
    else seeds.push(...verdict.seeds);
  };
  await job.conntrack.each(new Set(guests.map((guest) => guest.zone)), take, job.signal);
  return seeds;
}

/**
 * Where OVN is not on the guest's path yet, all that its zone knows was put there by us, some time ago: it goes, so that nothing which has
 * ended stays open. Where it may be on the path (direct, overlays), what it knows is newer than what we know.
 */
async function clear(job: SeedJob): Promise<void> {
  if (job.onPath) return;
  for (const { tap, shunt } of job.moves) {
    const zone = job.targetZones.get(tap);
    if (zone !== undefined && shunt !== undefined && !shunt.disjoint) await job.datapath.flush(zone, job.signal);
  }
}

/**
 * A connection that is missing in a zone may have expired there and not be swept yet: no dump shows it, no tuple removes it, and vswitchd
 * 3.1 dies of its next packet. Such zones are emptied. On a shunt the legacy firewall has seen all that OVN has: nothing is lost by it.
 */
async function emptyWhereUnsafe(job: SeedJob, fresh: readonly ZoneSeed[]): Promise<ReadonlySet<number>> {
  if (job.onPath || !job.datapath.keepsExpired) return new Set(); // a port that was just claimed has an empty zone
  const shunted = new Set(job.moves.filter(({ shunt }) => shunt !== undefined).map(({ tap }) => tap));
  const zones = new Set(fresh.filter(({ seed }) => shunted.has(seed.tap)).map(({ zone }) => zone));
  for (const zone of zones) await job.datapath.flush(zone, job.signal);
  return zones;
}

type KnownFlows = ReadonlyMap<string, TrackedFlow>;

async function knownTo(job: SeedJob): Promise<KnownFlows> {
  const known = new Map<string, TrackedFlow>();
  for (const zone of job.targetZones.values()) {
    for (const flow of await job.datapath.list(zone, job.signal)) known.set(zoneKey(zone, flow), { ...flow, zone });
  }
  return known;
}

/**
 * What OVN knows as it is, is left. A connection that it picked up in its middle is not: there it is half open, for half a minute, or the
 * wrong way round.
 */
function compare(wanted: readonly ZoneSeed[], known: KnownFlows) {
  const kept = new Set<ZoneSeed>();
  const replaced: TrackedFlow[] = [];
  for (const one of wanted) {
    const same = known.get(zoneKey(one.zone, one.seed.flow));
    const wrongWay = known.get(zoneKey(one.zone, turned(one.seed.flow)));
    if (same !== undefined && !isHalfOpen(same)) kept.add(one);
    else replaced.push(...[same, wrongWay].flatMap((flow) => flow ?? []));
  }
  return { kept, replaced };
}

function isHalfOpen({ tcpState }: TrackedFlow): boolean {
  return tcpState === 'syn-sent' || tcpState === 'syn-recv';
}

/** What began in OVN is unknown to a legacy firewall that did not see it. On a shunt it saw all: then nothing is missing there. */
async function seedLegacy(job: SeedJob): Promise<SeedReport> {
  const report = emptyReport(job.moves.length - job.targetZones.size);
  const known = new Set<string>();
  const zones = new Set([...job.legacyZones.values()]);
  await job.conntrack.each(zones, (flow) => known.add(zoneKey(flow.zone, flow)), job.signal);
  const missing = new Map<string, TrackedFlow>();
  for (const move of job.moves) {
    const [from, to] = [job.targetZones.get(move.tap), job.legacyZones.get(move.tap) ?? 0];
    if (from === undefined) continue;
    const guest = { tap: move.tap, addresses: move.ips.flatMap(canonicalAddress), zone: from };
    const index = indexGuests([guest]);
    for (const flow of await job.datapath.list(from, job.signal)) {
      const verdict = judgeFlow({ ...flow, zone: from }, index);
      if (verdict.kind === 'skip') report.skipped[verdict.why] += 1;
      if (verdict.kind !== 'seed') continue;
      if (known.has(zoneKey(to, flow))) report.known += 1;
      else missing.set(zoneKey(to, flow), intoKernel(flow, to));
    }
  }
  const results = job.conntrack.insert([...missing.values()]);
  report.missing = results.filter((errno) => errno !== undefined).length;
  report.seeded = missing.size - report.missing;
  return report;
}

function zoneKey(zone: number, flow: TrackedFlow): string {
  return `${zone} ${flowKey(flow)}`;
}

function canonicalAddress(ip: string): readonly string[] {
  if (isIpv4(ip)) return [ip];
  return isIpv6(ip) ? [formatIpv6(parseIpv6(ip))] : [];
}
