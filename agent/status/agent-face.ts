import type { Finding } from '../../domain/findings.ts';
import type { AgentHello, AttemptState, HostInventory } from '../../domain/orders.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Condition } from '../../platform/http-server.ts';
import { version } from '../../platform/release.ts';
import type { AgentConfig } from '../config.ts';
import type { Host } from '../host/host.ts';
import type { Reports } from '../reports.ts';
import { AgentMetrics } from './agent-metrics.ts';
import type { AgentStatus } from './agent-status.ts';

/** What the agent shows of itself is read from here, each time it is asked. */
export interface FaceSources {
  readonly config: AgentConfig;
  readonly host: Host;
  readonly reports: Reports;
  readonly startedMs: number;
  readonly attempt: () => AttemptState | undefined;
  readonly highestEpoch: () => number;
  readonly inventory: () => HostInventory;
  readonly guarded: () => readonly string[];
  readonly findings: () => readonly Finding[];
  readonly coordinatorConnected: () => boolean;
}

/** What the agent says of itself when its stream opens. */
export function helloOf(sources: FaceSources): AgentHello {
  const { systemId, hostname } = sources.host.identity;
  const { site, mode } = sources.config;
  const attempt = sources.attempt();
  const about = { site, systemId, hostname, version, bootId: systemClock.bootId, mode };
  return { ...about, highestEpoch: sources.highestEpoch(), ...(attempt === undefined ? {} : { attempt }) };
}

/** The answer to `shunt-agent status`. */
export function statusOf(sources: FaceSources): AgentStatus {
  const { reports, host, config } = sources;
  return {
    format: 1,
    ...helloOf(sources),
    pid: process.pid,
    uptimeMs: Math.round(systemClock.monotonicMs() - sources.startedMs),
    coordinator: { address: config.coordinator, connected: sources.coordinatorConnected() },
    ovsdb: { connected: host.ovs.replica.synced, lockHeld: host.ovs.lockHeld },
    reports: { connected: reports.connected(), ...reports.stats() },
    guarded: sources.guarded(),
    findings: sources.findings(),
    inventory: sources.inventory(),
  };
}

/** What must hold before this agent can obey an order: `/readyz`. */
export function conditionsOf({ host: { ovs }, config, inventory }: FaceSources): readonly Condition[] {
  const wantsLock = config.mode === 'active';
  const { synced } = ovs.replica;
  const { chassisReady } = inventory();
  const why = {
    lock: wantsLock ? 'not held' : 'passive',
    chassis: 'ovn-controller has not registered this chassis, does not answer, or has no southbound database',
  };
  return [
    { name: 'ovsdb', ready: synced, reason: synced ? 'connected' : "Open vSwitch's database is away" },
    { name: 'lock', ready: !wantsLock || ovs.lockHeld, reason: ovs.lockHeld ? 'held' : why.lock },
    { name: 'chassis', ready: chassisReady, reason: chassisReady ? 'registered' : why.chassis },
  ];
}

/** The agent's metrics, with its site and system-id on every series. */
export function metricsOf(sources: FaceSources): AgentMetrics {
  const { host, config, reports } = sources;
  return new AgentMetrics(
    {
      inventory: sources.inventory,
      attempt: sources.attempt,
      highestEpoch: sources.highestEpoch,
      coordinatorConnected: sources.coordinatorConnected,
      ovsdbConnected: () => host.ovs.replica.synced,
      lockHeld: () => host.ovs.lockHeld,
      guarded: () => sources.guarded().length,
      reportsPending: () => reports.stats().pending,
      reportsDropped: () => reports.stats().dropped,
    },
    { site: config.site, host: host.identity.systemId },
  );
}
