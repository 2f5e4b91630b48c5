import { setTimeout as delay } from 'node:timers/promises';
import type { HostView, RunView } from '../../../domain/run-state.ts';
import { until } from '../../../lab/command.ts';
import type { Fault } from '../../../lab/faults/fault.ts';
import type { LabGuest } from '../../../lab/topology.ts';
import { isShuntError } from '../../../platform/shunt-error.ts';
import type { Fleet } from './fleet.ts';
import { inject } from './injectors.ts';
import { untilMoment } from './journal-watch.ts';
import { type Observation, violations } from './laws.ts';
import { observeHost, readLedger } from './observe.ts';
import {
  describeFault,
  describePlan,
  type HypervisorName,
  type PlannedFault,
  type RandomPlan,
  type Schedule,
  secondsMs,
} from './schedule.ts';
import { type End, operator, untilOver } from './until-over.ts';

/** From a deadline until the dead man has begun. */
const deadManMs = 2_500;

/** What became of one schedule. */
export interface RunResult {
  readonly seed: number;
  readonly plan: string;
  readonly faults: readonly { readonly what: string; readonly kind: PlannedFault['kind']; readonly struck: boolean }[];
  /** Hypervisor -> how its newest attempt ended, and where its taps are. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly longestOutageMs: number;
  readonly seconds: number;
  readonly violations: readonly string[];
}

/** Plays one schedule on a fleet that is on legacy, and judges what is there when all is over. */
export async function runSchedule(schedule: Schedule, fleet: Fleet): Promise<RunResult> {
  const startedMs = performance.now();
  const victims = await victimsOf(schedule, fleet);
  const before = await fleet.hosts();
  const silentBefore = new Set(await fleet.cloud.silentGuests(fleet.guests));
  const fromNs = fleet.pinger.mark();
  const run = await startRun(schedule.plan, fleet);
  const over = new AbortController();
  const struck = Promise.all(
    schedule.faults.map((fault) => strike(fault, { schedule, fleet, before, victims, signal: over.signal })),
  );
  struck.catch(() => undefined); // awaited below
  const inTime = await untilOver(run, fleet, before);
  over.abort();
  const hits = await struck;
  const end = inTime.kind === 'late' ? inTime : await untilOver(run, fleet, before);
  const seen = await observe({ schedule, fleet, before, silentBefore, run, fromNs, end });
  return {
    seed: schedule.seed,
    plan: describePlan(schedule.plan),
    faults: schedule.faults.map((fault, index) => ({
      kind: fault.kind,
      what: describeFault(fault),
      struck: hits[index] ?? false,
    })),
    hosts: endsOf(await fleet.hosts(), before),
    longestOutageMs: Math.round(
      Math.max(0, ...seen.guests.filter((guest) => !guest.struck).map((guest) => guest.longestLostMs)),
    ),
    seconds: Math.round((performance.now() - startedMs) / 100) / 10,
    violations: [...(end.kind === 'late' ? [`at rest: ${end.what}`] : []), ...violations(seen)],
  };
}

/** Guests that are there only to be deleted, by the fault that will. */
async function victimsOf({ faults }: Schedule, fleet: Fleet): Promise<ReadonlyMap<PlannedFault, LabGuest>> {
  const victims = new Map<PlannedFault, LabGuest>();
  for (const fault of faults.filter(({ kind }) => kind === 'guest-deleted'))
    victims.set(fault, await fleet.addVictim(fault.moment.hypervisor));
  return victims;
}

async function startRun(plan: RandomPlan, fleet: Fleet): Promise<RunView> {
  const { api } = fleet.cloud;
  const signal = AbortSignal.timeout(60_000);
  const by = operator;
  // What the run before has killed may not be ready again (`chassis-missing` for 12 s): then there is no plan yet.
  const planned = () => api.createPlan({ yaml: planYaml(plan), by }, signal).catch(whereNotYet);
  const { id, hash } = await until('the hypervisors to be ready for a plan', planned, { timeoutMs: 30_000 });
  await api.approvePlan({ planId: id, hash, by }, signal);
  return api.startWave({ planId: id, all: true, by }, signal);
}

function whereNotYet(error: unknown): undefined {
  if (isShuntError(error) && error.code === 'plan-invalid' && error.message.includes('chassis-missing'))
    return undefined;
  throw error;
}

function planYaml(plan: RandomPlan): string {
  const { method, canary, waveSize, maxOpen, errorBudget, deadlineMs, soakMs, commitOn, batchSize } = plan;
  return [
    'version: 1',
    'name: random',
    `method: ${method}`,
    `canary: ${canary}`,
    `waveSize: ${waveSize}`,
    `maxOpen: ${maxOpen}`,
    `errorBudget: ${errorBudget}`,
    `deadline: ${deadlineMs}ms`,
    `soak: ${soakMs}ms`,
    `commitOn: ${commitOn}`,
    `batchSize: ${batchSize}`,
    '',
  ].join('\n');
}

interface Strike {
  readonly schedule: Schedule;
  readonly fleet: Fleet;
  readonly before: readonly HostView[];
  readonly victims: ReadonlyMap<PlannedFault, LabGuest>;
  readonly signal: AbortSignal;
}

/** Lets a fault loose at its moment and takes it back after its time. False: its moment never came. */
async function strike(fault: PlannedFault, { schedule, fleet, before, victims, signal }: Strike): Promise<boolean> {
  const after = epochOf(before, fault.moment.hypervisor);
  if (!(await untilMoment(fleet.name, fault.moment, { after, signal }))) return false;
  const place = {
    lab: fleet.lab,
    disks: fleet.disks,
    guestOf: (which: PlannedFault) => victims.get(which) ?? guestOf(which, fleet),
  };
  const standing: Fault = await inject(place, fault);
  try {
    if (fault.lasting === 'seconds') await delay(secondsMs);
    if (fault.lasting === 'past-deadline') await delay(schedule.plan.deadlineMs + deadManMs);
  } finally {
    await standing.remove();
  }
  return true;
}

function guestOf({ moment, guest }: PlannedFault, fleet: Fleet): LabGuest {
  const here = fleet.guests.filter((candidate) => candidate.hypervisor === moment.hypervisor);
  return here[guest % here.length] ?? failed(`${moment.hypervisor} has no guests`);
}

interface Seen {
  readonly schedule: Schedule;
  readonly fleet: Fleet;
  readonly before: readonly HostView[];
  readonly silentBefore: ReadonlySet<string>;
  readonly run: RunView;
  readonly fromNs: number;
  readonly end: End;
}

async function observe({ schedule, fleet, before, silentBefore, run, fromNs, end }: Seen): Promise<Observation> {
  const struck = new Set(
    schedule.faults.filter(({ kind }) => kind === 'guest-rebooted').map((fault) => guestOf(fault, fleet).name),
  );
  const silentNow = new Set(await lastingSilence(fleet));
  const report = await fleet.pinger.report({ fromNs, toNs: fleet.pinger.mark() });
  const outages = new Map(report.targets.map((target) => [target.id, target.longestLostMs]));
  const { lab } = fleet;
  const taps = new Set(lab.topology.guests.filter((guest) => struck.has(guest.name)).map((guest) => guest.tap));
  const told = new Map((await fleet.hosts()).flatMap((host) => host.taps.map((tap) => [tap.tap, tap.plug] as const)));
  const hosts = lab.topology.hypervisors.map((hypervisor) =>
    observeHost({ lab, hypervisor, epochBefore: epochOf(before, hypervisor.systemId), startedAnew: taps, told }),
  );
  return {
    hosts: await Promise.all(hosts),
    guests: fleet.guests.map(({ name }) => ({
      name,
      answeredBefore: !silentBefore.has(name),
      answersNow: !silentNow.has(name),
      longestLostMs: outages.get(name) ?? 0,
      struck: struck.has(name),
    })),
    ledger: readLedger(fleet.name),
    plan: schedule.plan,
    runId: run.id,
    ...(end.kind === 'held' ? { held: end.held } : {}),
  };
}

/** Somebody whose neighbour had given it up is asked again: its entry needs a moment. */
async function lastingSilence(fleet: Fleet): Promise<readonly string[]> {
  const silent = await fleet.cloud.silentGuests(fleet.guests);
  if (silent.length === 0) return [];
  return fleet.cloud.silentGuests(fleet.guests.filter((guest) => silent.includes(guest.name)));
}

/** How this run left them: an attempt of before it is none. */
function endsOf(hosts: readonly HostView[], before: readonly HostView[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    hosts.map(({ systemId, attempt, plug }) => {
      const own = attempt !== undefined && attempt.epoch > epochOf(before, systemId) ? attempt : undefined;
      return [systemId, `${own?.outcome ?? own?.phase ?? 'not begun'}, ${plug}`];
    }),
  );
}

function epochOf(hosts: readonly HostView[], systemId: HypervisorName | string): number {
  return hosts.find((host) => host.systemId === systemId)?.attempt?.epoch ?? 0;
}

function failed(why: string): never {
  throw new Error(why);
}
