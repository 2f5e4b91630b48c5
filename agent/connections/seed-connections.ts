import { type FlowGuest, type FlowSeed, indexGuests, judgeFlow } from '../../domain/connections/judge-flow.ts';
import {
  flowKey,
  ipProtocols,
  type TcpState,
  type TrackedFlow,
  turned,
} from '../../domain/connections/tracked-flow.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { Conntrack } from '../../platform/native/conntrack.ts';
import { Unixctl } from '../../platform/unixctl.ts';
import type { OpenVSwitch } from '../host/open-vswitch.ts';
import { type DatapathZones, datapathZones, intoKernel, type ZoneSeed } from './datapath-zones.ts';
import { flowGuest } from './flow-guest.ts';
import { learnNumbers } from './learn-numbers.ts';
import { emptyReport, type SeedReport } from './seed-report.ts';
import { targetZones } from './target-zones.ts';

export interface SeedDependencies {
  readonly ovs: OpenVSwitch;
  /** OVS_RUNDIR: control and OpenFlow sockets. */
  readonly runDir: string;
  /** Zone that the legacy firewall gives to this tap. Default: none, zone 0. */
  readonly legacyZone?: (move: TapMove) => number | undefined;
  /** Guests' frames pass OVN already: what it has picked up of a TCP connection in its middle is replaced where numbers have to fit. */
  readonly onPath?: boolean;
  /** What has been forgotten is told anew until this; the call's own signal counts between. Default: that one. */
  readonly chunkSignal?: AbortSignal;
}

/** Connections of one call at most; what is over stays to the grace rules. */
const seedsMax = 65_536;
/** What is forgotten is told anew at once: so many at a time. */
const chunkSize = 512;
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
    chunkSignal: deps.chunkSignal ?? signal,
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
  readonly chunkSignal: AbortSignal;
}

async function seedTarget(job: SeedJob): Promise<SeedReport> {
  const { datapath, signal } = job;
  const report = emptyReport(job.moves.length - job.targetZones.size);
  const seeds = (await liveFlows(job, report)).flatMap((seed): readonly ZoneSeed[] => {
    const zone = job.targetZones.get(seed.tap);
    return zone === undefined ? [] : [{ zone, seed }];
  });
  const isAsked = ({ seed }: ZoneSeed): boolean => datapath.needsNumbers && seed.flow.protocol === ipProtocols.tcp;
  await makeRoom(job, seeds); // before guests are asked: their answers may pass OVN
  await put(
    job,
    seeds.filter((one) => !isAsked(one)),
    report,
  );
  const asked = seeds.filter(isAsked);
  const tcp = asked.map(({ seed }) => seed);
  const numbers = await learnNumbers(tcp, new Map(job.moves.map((move) => [move.tap, move])), signal);
  const learned = asked.flatMap(({ zone, seed }): readonly ZoneSeed[] => {
    const ends = numbers.get(seed);
    if (ends !== undefined && ends !== 'ended') return [{ zone, seed, numbers: ends }];
    report.skipped[ends ?? 'silent'] += 1;
    return [];
  });
  await put(job, learned, report, !job.onPath);
  return report;
}

/**
 * Puts connections in and reads them back, some rounds: where OVN is on the guest's path already, it may pick one up in the meantime, the wrong
 * way round. Not `trusts`: what it knows may have been picked up so before.
 */
async function put(job: SeedJob, wanted: readonly ZoneSeed[], report: SeedReport, trusts = true): Promise<void> {
  if (wanted.length === 0) return;
  const { datapath } = job;
  let known = 0;
  for (let round = 0; ; round += 1) {
    const { kept, replaced } = compare(wanted, await knownTo(job, wanted), trusts || round > 0);
    if (round === 0) known = kept.size;
    if (kept.size === wanted.length || round === seedRoundsMax) {
      report.known += known;
      report.seeded += Math.max(0, kept.size - known);
      report.missing += wanted.length - kept.size;
      return;
    }
    const fresh = wanted.filter((one) => !kept.has(one));
    for (let at = 0; at < fresh.length; at += chunkSize) {
      job.signal.throwIfAborted();
      const chunk = fresh.slice(at, at + chunkSize);
      await datapath.forget(
        chunk.flatMap((one) => replaced.get(one) ?? []),
        job.chunkSignal,
      );
      await datapath.seed(chunk, job.chunkSignal);
    }
  }
}

/** The legacy firewall's connections of the guests that OVN has claimed here. */
async function liveFlows(job: SeedJob, report: SeedReport): Promise<readonly FlowSeed[]> {
  const guests = job.moves.flatMap((move): readonly FlowGuest[] => {
    const zone = job.legacyZones.get(move.tap) ?? 0;
    if (!job.targetZones.has(move.tap)) return [];
    return [flowGuest(move, zone)];
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
 * Empties zones of shunts; the legacy firewall has seen all that OVN has, so nothing is lost by it. Where OVN is not on the guest's path yet,
 * all that its zone knows was put there by us, some time ago: it goes, so that nothing which has ended stays open. On overlays it may be on
 * the path, and what it knows stays, unless a live connection is missing in it: that one may have expired there and not be swept yet. No
 * dump shows it then, no tuple removes it, and Open vSwitch 3.1's own datapath dies of its next packet.
 */
async function makeRoom(job: SeedJob, wanted: readonly ZoneSeed[]): Promise<void> {
  const { datapath, signal } = job;
  if (job.moves.every(({ shunt }) => shunt === undefined)) return;
  const { kept } = compare(wanted, datapath.keepsExpired ? await knownTo(job, wanted) : new Map(), true);
  const unsafe = new Set(datapath.keepsExpired ? wanted.filter((one) => !kept.has(one)).map(({ zone }) => zone) : []);
  for (const { tap, shunt } of job.moves) {
    const zone = job.targetZones.get(tap);
    if (zone === undefined || shunt === undefined) continue;
    if (!shunt.disjoint || unsafe.has(zone)) await datapath.flush(zone, signal);
  }
}

type KnownFlows = ReadonlyMap<string, TrackedFlow>;

async function knownTo(job: SeedJob, wanted: readonly ZoneSeed[]): Promise<KnownFlows> {
  const known = new Map<string, TrackedFlow>();
  for (const zone of new Set(wanted.map((one) => one.zone))) {
    for (const flow of await job.datapath.list(zone, job.signal)) known.set(zoneKey(zone, flow), { ...flow, zone });
  }
  return known;
}

/**
 * What OVN knows as it is, is left. A connection that it picked up in its middle is not: there it is half open, for half a minute, or the
 * wrong way round; or, right way round, with windows of which no dump tells: then nothing of that kind is trusted but what OVN has seen end.
 */
function compare(wanted: readonly ZoneSeed[], known: KnownFlows, trusts: boolean) {
  const kept = new Set<ZoneSeed>();
  const replaced = new Map<ZoneSeed, readonly TrackedFlow[]>();
  for (const one of wanted) {
    const same = known.get(zoneKey(one.zone, one.seed.flow));
    const wrongWay = known.get(zoneKey(one.zone, turned(one.seed.flow)));
    if (same !== undefined && (trusts ? !isHalfOpen(same) : isEnding(same))) kept.add(one);
    else
      replaced.set(
        one,
        [same, wrongWay].flatMap((flow) => flow ?? []),
      );
  }
  return { kept, replaced };
}

function isHalfOpen({ tcpState }: TrackedFlow): boolean {
  return tcpState === 'syn-sent' || tcpState === 'syn-recv';
}

/** The legacy firewall has not seen it end: it would come back to life. */
function isEnding({ tcpState }: TrackedFlow): boolean {
  return tcpState !== undefined && endings.has(tcpState);
}

const endings: ReadonlySet<TcpState> = new Set(['fin-wait', 'close-wait', 'last-ack', 'time-wait', 'close']);

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
    const index = indexGuests([flowGuest(move, from)]);
    for (const flow of await job.datapath.list(from, job.signal)) {
      const verdict = judgeFlow({ ...flow, zone: from }, index, 'ovn');
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
