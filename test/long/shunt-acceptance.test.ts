import { afterEach, describe, expect, it } from 'vitest';
import { addGuest } from '../../lab/guest/guest-lifecycle.ts';
import type { PingReport } from '../../lab/ping-record.ts';
import { startPinger } from '../../lab/pinger.ts';
import { requireLabState } from '../../lab/state.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { writeResults } from '../../scripts/write-results.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { graceIsOver } from '../lab/fixture/grace.ts';
import { freshLabName } from '../lab/fixture/own-lab.ts';
import { CliMover } from '../lab/fixture/shunt-mover.ts';
import { objections, type SeenLook, walkShunt, walkSteps } from '../lab/fixture/shunt-scenario.ts';
import { ShuntWatch } from '../lab/fixture/shunt-watch.ts';

/**
 * Where frames are lost while nothing is moved (by a held stream that overruns the userspace datapath, say), what is lost meanwhile cannot be told from it,
 * but for a gap: one of so long, and of three times the longest that came by itself. That a flip loses none is what the other test counts, without the stream.
 */
const shortOutageMs = 100;
/** Fewer to try it out. */
const runs = Number(process.env.SHUNT_ACCEPTANCE_RUNS ?? 10);
const taps = Number(process.env.SHUNT_ACCEPTANCE_TAPS ?? 64);
const idleMs = Number(process.env.SHUNT_ACCEPTANCE_IDLE_MS ?? 60_000);
const nullMs = 5_000;
/**
 * In each run other taps are the fast ones. A kernel datapath on a machine of its own carries 8 at 1 kHz and the rest at 100 Hz; the userspace datapath's
 * one thread does not, on two cores and with nothing moved at all: then the null run is not clean, and the run is void.
 */
const fast = { taps: Number(process.env.SHUNT_ACCEPTANCE_FAST ?? 2), hz: 1000 };
const slowHz = Number(process.env.SHUNT_ACCEPTANCE_SLOW_HZ ?? 20);
const hosts = ['hv1', 'hv2', 'hv3'];
/** Guests of the watched network on each; there is one more, without egress. */
const perHost = 2;

let cloud: Cloud | undefined;
afterEach(async () => {
  await cloud?.[Symbol.asyncDispose]();
  cloud = undefined;
});

it(`flips ${taps} taps of a hypervisor there and back ${runs} times and loses no frame`, async () => {
  const name = freshLabName();
  cloud = await Cloud.up({ name, hosts: 2, guests: 0, networks: 1, prometheus: false });
  for (let i = 0; i < taps; i += 1) await addGuest(name, { hypervisor: 'hv1' });
  await addGuest(name, { hypervisor: 'hv2' });
  const { guests, networks } = requireLabState(name).topology;
  using mover = new CliMover(cloud.status.coordinator);
  const rows: Lost[] = [];
  for (let run = 1; run <= runs; run += 1) {
    await using pinger = startPinger({ netns: networks[0]?.ext.netns ?? '', targets: targetsOf(guests, run) });
    await pinger.ready;
    const lostByItself = (await pinger.nullRun(nullMs)).lost;
    const lost = async (phase: Lost['phase'], step: () => Promise<void>) => {
      const fromNs = pinger.mark();
      await step();
      const { targets } = await pinger.report({ fromNs, toNs: pinger.mark() });
      const [worst, slowestMs] = [(target: Target) => target.lost, (target: Target) => target.rttMs.max].map((of) =>
        Math.max(...targets.map(of)),
      );
      rows.push({ run, phase, lostByItself, worst: worst ?? 0, slowestMs: Math.round(slowestMs ?? 0) });
    };
    if (run === 1) await lost('enter', () => mover.to('staged', ['hv1']));
    await lost('flip', () => mover.to('target', ['hv1']));
    await lost('flip back', () => mover.back('hv1'));
  }
  writeResults('shunt-flips', {
    taps,
    load: { fast, slowHz },
    runs,
    void: rows.filter((row) => row.lostByItself > 0).length,
    rows,
  });
  const clean = rows.filter((row) => row.lostByItself === 0);
  expect(clean.length, 'runs whose null run was clean').toBeGreaterThan(0);
  expect(clean.filter((row) => row.worst > (row.phase === 'enter' ? 2 : 0))).toEqual([]);
});

interface Lost {
  readonly run: number;
  readonly phase: 'enter' | 'flip' | 'flip back';
  /** In the run's null run. */
  readonly lostByItself: number;
  /** Frames of the guest that lost most. */
  readonly worst: number;
  /** Of any answer: what was late and not lost. */
  readonly slowestMs: number;
}

describe.each(['vlan', 'flat', 'overlay'] as const)('a network that is %s', (kind) => {
  it('keeps every connection in every state of three hypervisors', async () => {
    const name = freshLabName();
    const overlay = kind === 'overlay';
    const networks = { vlan: 1, flat: 2, overlay: 0 }[kind];
    // The labs' second network is the flat one: unwatched guests of the first are flipped beside it, on the same provider bridge.
    const [guests, overlays] = [kind === 'flat' ? 2 * perHost : perHost, overlay ? 1 : 0];
    cloud = await Cloud.up({ name, hosts: hosts.length, guests, networks, overlays, prometheus: false });
    const network = kind === 'flat' ? 'net2' : 'net1';
    await addGuest(name, { hypervisor: 'hv2', network, egress: false });
    const lab = requireLabState(name);
    using mover = new CliMover(cloud.status.coordinator);
    const untilGraceIsOver = () => graceIsOver(name);
    const walk = { mover, hosts, together: overlay, untilGraceIsOver, idleMs };
    const looks = walkSteps({ ...walk, watches: {} }).length;
    const on = lab.topology.guests.filter((guest) => guest.network === network);
    await using watch = await ShuntWatch.start({ lab, guests: on, looks, hz: 100, bytesPerSecond: 16_000_000 });
    const lostByItself = await watch.nullRun(nullMs);
    const seen: SeenLook[] = [];
    await walkShunt({ ...walk, watches: { [kind]: watch } }, (look) => seen.push(look)).finally(() =>
      writeResults(`shunt-${kind}`, { hosts: hosts.length, guests: on.length, idleMs, lostByItself, looks: seen }),
    );
    const still = seen.filter(({ phase }, index) => phase === 'idle' || index === seen.length - 1);
    const bySelf = lostByItself + still.reduce((sum, { lostFrames }) => sum + lostFrames, 0);
    const outageMs = Math.max(shortOutageMs, ...still.map(({ longestLostMs }) => 3 * longestLostMs));
    expect(objections(seen, bySelf > 0 ? { outageMs } : 'exact')).toEqual([]);
  });
});

type Target = PingReport['targets'][number];

function targetsOf(guests: readonly LabGuest[], run: number) {
  const isFast = (index: number) =>
    (index + guests.length - (((run - 1) * fast.taps) % guests.length)) % guests.length < fast.taps;
  return guests.map((guest, i) => ({ id: guest.name, ip: guest.ip4, hz: isFast(i) ? fast.hz : slowHz }));
}
