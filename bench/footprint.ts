import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPrometheus } from '../lab/central.ts';
import { until } from '../lab/command.ts';
import { downLab } from '../lab/down.ts';
import { agentConfigPath, prometheusConfigPath } from '../lab/program-config.ts';
import { startCoordinator } from '../lab/programs.ts';
import type { LabState } from '../lab/state.ts';
import { upLab } from '../lab/up.ts';
import { type BenchEnvironment, environmentOf } from './environment.ts';
import { bundleBytes, InstalledAgent, type InstalledOptions, install } from './footprint/installed-agent.ts';
import { type MemoryFigures, median, type Spread, spreadOf } from './footprint/proc-figures.ts';
import { SoakCycles } from './footprint/soak.ts';

export interface FootprintOptions {
  readonly taps: number;
  /** Starts of which the median is told. */
  readonly starts: number;
  readonly idleSeconds: number;
  readonly soakSeconds: number;
  /** Given: so many cuts and ways back, however long they take. */
  readonly soakCycles?: number;
}

/** Medians; MiB of 1024 KiB. */
export interface FootprintReport {
  readonly schema: 1;
  readonly rssMiB: number;
  readonly anonMiB: number;
  readonly fileMiB: number;
  readonly pssMiB: number;
  /** Of one core. */
  readonly idleCpuPercent: number;
  readonly wakeupsPerSecond: number;
  /** From spawn to READY=1. */
  readonly readyMs: number;
  /** Of the processor, all threads, until then. */
  readonly readyCpuMs: number;
  readonly afterSoakRssMiB: number;
  readonly afterSoakAnonMiB: number;
  /** After as many cycles less: equal means that nothing is kept of a cycle. */
  readonly afterHalfSoakAnonMiB: number;
  readonly soakCycles: number;
  readonly bundleKiB: number;
  readonly taps: number;
  readonly spread: Readonly<Record<'rssMiB' | 'anonMiB' | 'readyMs' | 'idleCpuPercent', Spread>>;
  /** After each cycle of the soak. */
  readonly soakRssMiB: readonly number[];
  readonly env: BenchEnvironment;
}

const hypervisor = 'hv1';
/** As an operator's Prometheus does; the lab's own asks every 2 s. */
const scrapeInterval = '15s';
/** After a start or a soak: what was begun is finished, what waits for an idle moment is done. */
const settleMs = 8_000;
const windows = 4;

/** Measures the agent as it is installed, in a lab with one hypervisor, coordinator, NATS and Prometheus. */
export async function benchFootprint(options: FootprintOptions, say: (text: string) => void): Promise<FootprintReport> {
  const name = `fp${process.pid % 100_000}`;
  const prefix = mkdtempSync(join(tmpdir(), 'shunt-footprint-'));
  say(`building lab ${name}: one hypervisor, ${options.taps} guests`);
  const lab = await upLab({ name, hosts: 1, guests: options.taps, networks: 2, services: false, owner: 'process' });
  try {
    install(prefix);
    await startServices(lab);
    return await measure(lab, prefix, options, say);
  } finally {
    await downLab(name);
    rmSync(prefix, { recursive: true, force: true });
  }
}

async function startServices({ topology }: LabState): Promise<void> {
  const path = prometheusConfigPath(topology.name);
  const config = readFileSync(path, 'utf8');
  writeFileSync(path, config.replace(/scrape_interval: \w+/, `scrape_interval: ${scrapeInterval}`));
  startPrometheus(topology);
  await startCoordinator(topology);
}

async function measure(
  lab: LabState,
  prefix: string,
  options: FootprintOptions,
  say: (text: string) => void,
): Promise<FootprintReport> {
  const { topology } = lab;
  const [place] = topology.hypervisors;
  if (place === undefined) throw new Error('the lab has no hypervisor');
  const how = { prefix, netns: place.netns, configFile: agentConfigPath(topology.name, hypervisor) };
  const soak = new SoakCycles(lab, prefix);
  const starts = await startOften(how, options.starts, say);
  const readyMs = starts.map((start) => start.readyMs);
  await using agent = await InstalledAgent.start(how);
  await until('the coordinator to know the hypervisor', async () =>
    (await soak.connected(hypervisor, options.taps)) ? true : undefined,
  );
  await delay(settleMs);
  const idle = await watchIdle(agent, options.idleSeconds);
  const rss = idle.memory.map((at) => mebibytes(at.rss));
  const anon = idle.memory.map((at) => mebibytes(at.anon));
  say(`idle: ${median(rss).toFixed(1)} MiB, ${median(idle.cpuPercent).toFixed(2)} % of a core`);
  const half = await soakFor(agent, soak, options, say);
  const rest = await soakFor(agent, soak, options, say);
  const after = rest.atRest;
  return {
    schema: 1,
    rssMiB: round(median(rss), 1),
    anonMiB: round(median(anon), 1),
    fileMiB: round(median(idle.memory.map((at) => mebibytes(at.file))), 1),
    pssMiB: round(median(idle.memory.map((at) => mebibytes(at.pss))), 1),
    idleCpuPercent: round(idle.cpuPercentAll, 2),
    wakeupsPerSecond: round(idle.wakeupsPerSecond, 1),
    readyMs: round(median(readyMs), 0),
    readyCpuMs: round(median(starts.map((start) => start.readyCpuMs)), 0),
    afterSoakRssMiB: round(mebibytes(after.rss), 1),
    afterSoakAnonMiB: round(mebibytes(after.anon), 1),
    afterHalfSoakAnonMiB: round(mebibytes(half.atRest.anon), 1),
    soakCycles: half.rss.length + rest.rss.length,
    bundleKiB: Math.round(bundleBytes(prefix) / 1024),
    taps: options.taps,
    spread: {
      rssMiB: spreadOf(rss, 1),
      anonMiB: spreadOf(anon, 1),
      readyMs: spreadOf(readyMs, 0),
      idleCpuPercent: spreadOf(idle.cpuPercent, 2),
    },
    soakRssMiB: [...half.rss, ...rest.rss],
    env: await environmentOf(lab),
  };
}

/** The first start fills what is kept from start to start and does not count. */
async function startOften(how: InstalledOptions, starts: number, say: (text: string) => void) {
  const done: { readonly readyMs: number; readonly readyCpuMs: number }[] = [];
  for (let count = 0; count <= starts; count += 1) {
    await using agent = await InstalledAgent.start(how);
    if (count > 0) done.push({ readyMs: agent.readyMs, readyCpuMs: agent.readyCpuMs });
    else say(`first start: ready after ${agent.readyMs.toFixed(0)} ms`);
    await delay(1_000); // as long as a crash takes to be noticed: what follows the readiness is part of a start
  }
  const [ms, cpuMs] = [median(done.map((start) => start.readyMs)), median(done.map((start) => start.readyCpuMs))];
  say(`ready after ${ms.toFixed(0)} ms, ${cpuMs.toFixed(0)} ms of them on a processor, median of ${starts} starts`);
  return done;
}

interface Idle {
  readonly memory: readonly MemoryFigures[];
  /** By window. */
  readonly cpuPercent: readonly number[];
  readonly cpuPercentAll: number;
  readonly wakeupsPerSecond: number;
}

async function watchIdle(agent: InstalledAgent, seconds: number): Promise<Idle> {
  const memory: MemoryFigures[] = [];
  const cpuPercent: number[] = [];
  const [firstMs, firstCpu, firstSwitches] = [performance.now(), agent.cpuSeconds(), agent.switches()];
  let [lastMs, lastCpu] = [firstMs, firstCpu];
  for (let window = 0; window < windows; window += 1) {
    await delay((seconds * 1_000) / windows);
    const [nowMs, nowCpu] = [performance.now(), agent.cpuSeconds()];
    cpuPercent.push(((nowCpu - lastCpu) / (nowMs - lastMs)) * 100_000);
    [lastMs, lastCpu] = [nowMs, nowCpu];
    memory.push(agent.memory());
  }
  const elapsedMs = lastMs - firstMs;
  return {
    memory,
    cpuPercent,
    cpuPercentAll: ((lastCpu - firstCpu) / elapsedMs) * 100_000,
    wakeupsPerSecond: ((agent.switches() - firstSwitches) / elapsedMs) * 1_000,
  };
}

interface Soaked {
  /** After each cycle. */
  readonly rss: readonly number[];
  readonly atRest: MemoryFigures;
}

async function soakFor(
  agent: InstalledAgent,
  soak: SoakCycles,
  options: FootprintOptions,
  say: (text: string) => void,
): Promise<Soaked> {
  const rss: number[] = [];
  const endMs = performance.now() + options.soakSeconds * 500; // half of it: this is called twice
  const least = Math.ceil((options.soakCycles ?? 1) / 2);
  while (rss.length < least || performance.now() < endMs) {
    await soak.cycle(hypervisor);
    rss.push(round(mebibytes(agent.memory().rss), 1));
    say(`soak: cut and back, ${rss.at(-1)} MiB`);
  }
  await delay(settleMs);
  const atRest = agent.memory();
  say(
    `soak: at rest after ${rss.length} more, ${round(mebibytes(atRest.rss), 1)} MiB, ${round(mebibytes(atRest.anon), 1)} anonymous`,
  );
  return { rss, atRest };
}

function mebibytes(kibibytes: number): number {
  return kibibytes / 1024;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** For people. */
export function renderFootprint(report: FootprintReport): string {
  const { spread, env } = report;
  const range = ({ min, max, n }: Spread): string => `${min} to ${max}, n ${n}`;
  return [
    `RSS          ${report.rssMiB} MiB (${range(spread.rssMiB)}); private to it ${report.pssMiB} MiB PSS`,
    `  anonymous  ${report.anonMiB} MiB (${range(spread.anonMiB)})`,
    `  of files   ${report.fileMiB} MiB`,
    `idle         ${report.idleCpuPercent} % of a core with ${report.taps} taps (${range(spread.idleCpuPercent)}), ${report.wakeupsPerSecond} switches/s`,
    `ready        ${report.readyMs} ms (${range(spread.readyMs)}); processor time ${report.readyCpuMs} ms`,
    `after soak   ${report.afterSoakRssMiB} MiB, ${report.afterSoakAnonMiB} anonymous, after ${report.soakCycles} cuts and ways back`,
    `bundle       ${report.bundleKiB} KiB`,
    '',
    `Linux ${env.kernel}, OVS ${env.ovs}, OVN ${env.ovn}, ${env.cores} cores`,
  ].join('\n');
}
