import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { JoinedInventory } from '../../domain/inventory/joined-inventory.ts';
import type { LedgerEntry } from '../../domain/ledger-events.ts';
import { activeRuns, runStateOf } from '../../domain/run/host-status.ts';
import type { LedgerState } from '../../domain/run/ledger-state.ts';
import type { WaveState } from '../../domain/run-state.ts';
import type { EventLedger } from '../ledger/ledger.ts';
import type { AppendResult } from '../ledger/ledger-store.ts';

/** What gauges are read from when Prometheus asks. */
export interface MetricsSource {
  readonly state: () => LedgerState;
  readonly inventory: () => JoinedInventory;
  readonly agentsConnected: () => number;
  readonly nbSynced: () => boolean;
  readonly natsReady: () => boolean;
  /** The last append failed. */
  readonly ledgerFails: () => boolean;
  /** Hypervisors that know more than the ledger; undefined: the coordinator is not read-only. */
  readonly hostsAhead: () => number | undefined;
}

const runStates = ['pending', 'running', 'paused', 'done', 'aborted'] as const satisfies readonly WaveState[];

/** `shunt_coordinator_…`. No label names a guest, a tap or a hypervisor. */
export class CoordinatorMetrics {
  readonly #attempts: Counter<'outcome' | 'direction'>;
  readonly #blackout: Histogram;
  readonly #append: Histogram;
  readonly #appendErrors: Counter;
  readonly #reports: Counter<'kind'>;
  readonly #directions = new Map<string, string>();

  constructor(registry: Registry, source: MetricsSource) {
    const registers = [registry];
    const name = (suffix: string): string => `shunt_coordinator_${suffix}`;
    this.#attempts = new Counter({
      name: name('attempts_closed_total'),
      help: 'Attempts that ended since this process began.',
      labelNames: ['outcome', 'direction'],
      registers,
    });
    this.#blackout = new Histogram({
      name: name('blackout_seconds'),
      help: "Gap in a guest's answers around its cut.",
      buckets: blackoutBuckets,
      registers,
    });
    this.#append = new Histogram({
      name: name('ledger_append_seconds'),
      help: 'From asking to synced.',
      buckets: appendBuckets,
      registers,
    });
    this.#appendErrors = new Counter({
      name: name('ledger_append_errors_total'),
      help: 'Appends that failed (disk full, broken file).',
      registers,
    });
    this.#reports = new Counter({
      name: name('reports_received_total'),
      help: 'Reports over NATS, repeated ones included.',
      labelNames: ['kind'],
      registers,
    });
    const gauge = (suffix: string, help: string, read: () => number): void => {
      new Gauge({
        name: name(suffix),
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    };
    gauge('agents_connected', 'Agents with an open stream.', source.agentsConnected);
    gauge('attempts_open', 'Attempts that are not closed.', () => source.state().open.size);
    gauge(
      'hosts_stuck',
      'Hypervisors that need somebody; nothing starts while there is one.',
      () => source.state().stuck.size,
    );
    gauge('ledger_failing', '1 while the ledger takes no entries: nothing starts, nothing is committed.', () =>
      Number(source.ledgerFails()),
    );
    gauge('read_only', '1 while the ledger is behind its agents and nothing is started or ordered.', () =>
      Number(source.hostsAhead() !== undefined),
    );
    gauge('hosts_ahead', 'Hypervisors that know of more attempts than the ledger.', () => source.hostsAhead() ?? 0);
    gauge('ledger_entries', 'Entries in the ledger.', () => source.state().seq);
    gauge('nb_synced', '1 while the replica of OVN NB is complete and connected.', () => Number(source.nbSynced()));
    gauge('nats_ready', '1 while NATS is connected and the stream is there.', () => Number(source.natsReady()));
    new Gauge({
      name: name('runs'),
      help: 'Runs by state; a run that is over counts no more.',
      labelNames: ['state'],
      registers,
      collect() {
        const states = activeRuns(source.state()).map(runStateOf);
        for (const state of runStates) this.set({ state }, states.filter((one) => one === state).length);
      },
    });
    new Gauge({
      name: name('findings'),
      help: 'Findings of the inventory.',
      labelNames: ['kind', 'severity'],
      registers,
      collect() {
        this.reset();
        for (const host of source.inventory().hosts.values())
          for (const { kind, severity } of host.findings) this.inc({ kind, severity });
      },
    });
    new Gauge({
      name: name('holds'),
      help: 'Holds of the newest plan.',
      labelNames: ['kind'],
      registers,
      collect() {
        this.reset();
        const newest = [...source.state().plans.values()].at(-1);
        for (const host of newest?.held ?? []) for (const hold of host.holds) this.inc({ kind: hold.kind });
      },
    });
  }

  onReport(kind: string): void {
    this.#reports.inc({ kind: knownKinds.has(kind) ? kind : 'other' });
  }

  onEntries(entries: readonly LedgerEntry[]): void {
    for (const { event } of entries) {
      if (event.type === 'attempt-opened') this.#directions.set(event.systemId, event.direction);
      if (event.type !== 'attempt-closed') continue;
      this.#attempts.inc({ outcome: event.outcome, direction: this.#directions.get(event.systemId) ?? 'unknown' });
      this.#directions.delete(event.systemId);
      for (const { blackoutMs } of event.blackouts) this.#blackout.observe(blackoutMs / 1_000);
    }
  }

  /** The same ledger, with its appends timed. */
  timed(ledger: EventLedger): EventLedger {
    return {
      read: (fromSeq, limit) => ledger.read(fromSeq, limit),
      append: async (expectedSeq, events): Promise<AppendResult> => {
        const stop = this.#append.startTimer();
        try {
          return await ledger.append(expectedSeq, events);
        } catch (error) {
          this.#appendErrors.inc();
          throw error;
        } finally {
          stop();
        }
      },
    };
  }
}

const knownKinds = new Set(['heartbeat', 'state', 'step', 'probe', 'blackout', 'finding']);
const blackoutBuckets = [0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1, 0.2, 0.5, 1, 2, 5, 10];
const appendBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
