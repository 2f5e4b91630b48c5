import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Finding } from '../../domain/findings.ts';
import type { AttemptState, HostInventory } from '../../domain/orders.ts';
import type { Phase } from '../../domain/phases.ts';
import type { Blackout } from '../../domain/probes.ts';
import { createRegistry } from '../../platform/metrics.ts';

/** Read at each scrape. */
export interface MetricSources {
  readonly inventory: () => HostInventory;
  readonly attempt: () => AttemptState | undefined;
  readonly highestEpoch: () => number;
  readonly coordinatorConnected: () => boolean;
  readonly ovsdbConnected: () => boolean;
  readonly lockHeld: () => boolean;
  readonly guarded: () => number;
  readonly reportsPending: () => number;
  readonly reportsDropped: () => number;
}

/** The agent's metrics: base units, no guest identifiers. */
export class AgentMetrics {
  readonly registry: Registry;
  readonly #attempts: Counter<'outcome'>;
  readonly #blackouts: Histogram<'direction'>;
  readonly #findings: Counter<'kind'>;

  constructor(sources: MetricSources, labels: Readonly<Record<string, string>>) {
    this.registry = createRegistry('shunt_agent_', labels);
    const registers = [this.registry];
    this.#attempts = new Counter({
      name: 'shunt_agent_attempts_total',
      help: 'Attempts that came to rest, or got stuck.',
      labelNames: ['outcome'],
      registers,
    });
    this.#blackouts = new Histogram({
      name: 'shunt_agent_blackout_seconds',
      help: "Gap in a guest's answers around its move, as the agent saw it.",
      labelNames: ['direction'],
      buckets: [0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1, 0.25, 0.5, 1, 5],
      registers,
    });
    this.#findings = new Counter({
      name: 'shunt_agent_findings_total',
      help: 'Findings since the start.',
      labelNames: ['kind'],
      registers,
    });
    this.#gauges(sources, registers);
  }

  restReached(phase: Phase): void {
    this.#attempts.inc({ outcome: phase });
  }

  blackouts(direction: string, found: readonly Blackout[]): void {
    for (const blackout of found) this.#blackouts.observe({ direction }, blackout.blackoutMs / 1_000);
  }

  finding(finding: Finding): void {
    this.#findings.inc({ kind: finding.kind });
  }

  #gauges(sources: MetricSources, registers: Registry[]): void {
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name: `shunt_agent_${name}`,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    new Gauge({
      name: 'shunt_agent_taps',
      help: 'Taps of this hypervisor by plug.',
      labelNames: ['plug'],
      registers,
      collect() {
        for (const kind of ['legacy', 'target', 'none'] as const) {
          this.set({ plug: kind }, sources.inventory().taps.filter((tap) => tap.plug.kind === kind).length);
        }
      },
    });
    new Gauge({
      name: 'shunt_agent_attempt_phase',
      help: '1 for the phase of the newest attempt.',
      labelNames: ['phase'],
      registers,
      collect() {
        this.reset();
        const attempt = sources.attempt();
        if (attempt !== undefined) this.set({ phase: attempt.phase }, 1);
      },
    });
    gauge('attempt_epoch', 'Epoch of the newest attempt, 0 when there is none.', () => sources.attempt()?.epoch ?? 0);
    gauge(
      'attempt_remaining_seconds',
      'Until the agent goes back by itself; 0 when nothing is due.',
      () => (sources.attempt()?.remainingMs ?? 0) / 1_000,
    );
    gauge('highest_epoch', 'Highest epoch that was ever accepted.', sources.highestEpoch);
    gauge('coordinator_connected', '1 while the coordinator is connected.', () =>
      Number(sources.coordinatorConnected()),
    );
    gauge('ovsdb_connected', "1 while Open vSwitch's database is connected.", () => Number(sources.ovsdbConnected()));
    gauge('ovsdb_lock_held', "1 while this agent holds its lock in Open vSwitch's database.", () =>
      Number(sources.lockHeld()),
    );
    gauge('chassis_ready', '1 when ovn-controller has registered this chassis.', () =>
      Number(sources.inventory().chassisReady),
    );
    gauge('guarded_taps', 'Taps that the guard keeps in their place.', sources.guarded);
    gauge('reports_pending', 'Reports in the spool.', sources.reportsPending);
    gauge('reports_dropped', 'Reports dropped since the start because the spool was full.', sources.reportsDropped);
  }
}
