import type { JoinedInventory } from '../../../domain/inventory/joined-inventory.ts';
import type { LedgerEntry, LedgerEvent } from '../../../domain/ledger-events.ts';
import type { NetworkFacts } from '../../../domain/network-model.ts';
import type { Order } from '../../../domain/orders.ts';
import type { PlanSpec } from '../../../domain/plan.ts';
import { createPlan } from '../../../domain/planning/freeze-plan.ts';
import type { TapPlace } from '../../../domain/rewire/places.ts';
import { decide } from '../../../domain/run/decide.ts';
import { type Effect, type EffectOutcome, probeKey } from '../../../domain/run/effects.ts';
import { emptyLedger, type LedgerState, newestAttempt } from '../../../domain/run/ledger-state.ts';
import { beginEffects, endEffect, type Progress, pruneProgress } from '../../../domain/run/progress.ts';
import { reduce, replay } from '../../../domain/run/reduce.ts';
import type { Commanded } from '../../../domain/run/run-commands.ts';
import type { AgentView, World } from '../../../domain/run/world.ts';
import { cloud, planSpec } from './facts.ts';
import { SimAgent } from './sim-agent.ts';

/** A coordinator around the real engine and agents that obey a small model, all in memory and in step. */
export class SimCloud {
  readonly agents = new Map<string, SimAgent>();
  readonly entries: LedgerEntry[] = [];
  readonly sent: Effect[] = [];
  state: LedgerState = emptyLedger;
  progress: Progress = new Map();
  nowMs = 1_000;
  startedMs = 1_000;
  natsConnected = true;
  nbConnected = true;
  /** Outcomes of effects that are not to be performed at all. */
  failEffects = (_effect: Effect): boolean => false;
  /** Effects that are performed, and nobody hears how it went. */
  loseAnswers = (_effect: Effect): boolean => false;
  readonly #guests: readonly number[];
  readonly #network: Partial<NetworkFacts>;

  constructor(guests: readonly number[], network: Partial<NetworkFacts> = {}) {
    this.#guests = guests;
    this.#network = network;
    for (const at of guests.keys()) this.agents.set(`hv${at + 1}`, new SimAgent(`hv${at + 1}`));
  }

  agent(systemId: string): SimAgent {
    const agent = this.agents.get(systemId);
    if (agent === undefined) throw new Error(`no ${systemId}`);
    return agent;
  }

  get inventory(): JoinedInventory {
    const joined = cloud(this.#guests, new Set(), {
      network: this.#network,
      placeOf: (systemId, portId) => this.agent(systemId).placeOf(portId),
    });
    const hosts = [...joined.hosts].map(([id, host]) => {
      const { connected, mode, chassisReady, findings } = this.agent(id);
      return [id, { ...host, connected, mode, chassisReady, findings: [...host.findings, ...findings] }] as const;
    });
    return { ...joined, hosts: new Map(hosts) };
  }

  get world(): World {
    const { nowMs, startedMs, inventory, natsConnected, nbConnected, progress } = this;
    const seen = [...this.agents.values()].filter((one) => one.connected || one.sinceMs > startedMs);
    const agents = new Map(seen.map((one): [string, AgentView] => [one.systemId, one.view]));
    return { nowMs, startedMs, wallMs: nowMs, agents, inventory, natsConnected, nbConnected, progress };
  }

  append(events: readonly LedgerEvent[]): void {
    for (const event of events) {
      const entry = { seq: this.entries.length + 1, at: new Date(this.nowMs).toISOString(), event };
      this.entries.push(entry);
      this.state = reduce(this.state, entry);
    }
  }

  command(commanded: Commanded): void {
    if ('refusal' in commanded) throw new Error(commanded.refusal.message);
    this.append(commanded.events);
  }

  /** One decision: appends, or performs effects. False when there was nothing to do. */
  step(): boolean {
    const { events, effects } = decide(this.state, this.world);
    this.append(events);
    this.progress = beginEffects(this.progress, effects, this.nowMs);
    for (const effect of effects) {
      this.sent.push(effect);
      this.progress = endEffect(this.progress, effect.key, this.perform(effect), this.nowMs);
    }
    this.progress = pruneProgress(this.progress, (id, epoch) => {
      const attempt = newestAttempt(this.state, id);
      return attempt?.epoch === epoch && attempt.outcome === undefined;
    });
    return events.length + effects.length > 0;
  }

  /** Decides and lets agents work until nothing moves any more. */
  settle(): void {
    for (let round = 0; round < 500; round += 1) {
      const moved = this.step();
      const worked = [...this.agents.values()].map((agent) => agent.work()).some(Boolean);
      this.nowMs += 100;
      if (!moved && !worked) return;
    }
    throw new Error('the engine does not come to rest');
  }

  /** `kill -9` and a new process: only the ledger is left; agents come back on new streams. */
  crash(): void {
    this.nowMs += 100;
    this.startedMs = this.nowMs;
    this.progress = new Map();
    this.state = replay(emptyLedger, this.entries);
    for (const agent of this.agents.values()) if (agent.connected) agent.reconnect(this.nowMs);
  }

  /** The ledger of some time ago is put in the place of this one. `told`: by `ledger restore`, which writes that down. */
  restore(entries: number, told = false): void {
    this.entries.length = entries;
    this.crash();
    if (told) this.append([{ type: 'ledger-restored', by: 'ann', from: 'backup.sqlite' }]);
  }

  /** What comes of an effect in this cloud. */
  perform(effect: Effect): EffectOutcome {
    const lost = { kind: 'failed', code: 'timed-out', message: 'no answer' } as const;
    if (this.failEffects(effect)) return lost;
    const outcome = this.#done(effect);
    return this.loseAnswers(effect) ? lost : outcome;
  }

  /** Guests that no peer hears from that world of its own: those that fail, and on an overlay all that are in the other world. */
  #silent(order: Order): ReadonlySet<string> {
    if (order.type !== 'probe') return new Set();
    const failing = [...this.agents.values()].filter((one) => one.remoteSilent).flatMap((one) => [...one.taps]);
    if (this.#network.class !== 'overlay') return new Set(failing);
    const unreached: readonly TapPlace[] = order.vantage === 'legacy' ? ['hybrid', 'direct'] : ['legacy'];
    const ports = [...this.inventory.ports.values()];
    const away = ports.filter(({ id, requestedChassis = '' }) =>
      unreached.includes(this.agent(requestedChassis).placeOf(id)),
    );
    return new Set([...failing, ...away.map((port) => port.id)]);
  }

  #done(effect: Effect): EffectOutcome {
    switch (effect.kind) {
      case 'nb-prepare':
        return {
          kind: 'nb-prepared',
          probes: Object.fromEntries(
            effect.probes.map((want) => [probeKey(want.systemId, want.networkId), { name: 'n', mac: 'm', ip: 'i' }]),
          ),
        };
      case 'nb-grace':
        return { kind: 'grace-granted' };
      case 'nb-sweep':
        return { kind: 'swept' };
      case 'order': {
        const agent = this.agent(effect.systemId);
        if (!agent.connected) return { kind: 'failed', code: 'agent-not-connected', message: 'stream lost' };
        return { kind: 'order-result', result: agent.obey(effect.order, this.#silent(effect.order)) };
      }
    }
  }
}

/** A cloud with an approved plan and its run, through the given wave. */
export function runningCloud(
  guests: readonly number[],
  over: Partial<PlanSpec> = {},
  throughWave = 99,
  network: Partial<NetworkFacts> = {},
): SimCloud {
  const sim = new SimCloud(guests, network);
  runPlan(sim, over, throughWave);
  return sim;
}

/** Plans as the cloud is now, approves, and starts the run: plan `p1` is run by `r1`. */
export function runPlan(sim: SimCloud, over: Partial<PlanSpec>, throughWave = 99): void {
  const n = sim.state.plans.size + 1;
  const planId = `p${n}`;
  const spec = planSpec({ waveSize: 10, ...over });
  const plan = createPlan({ id: planId, createdAt: '', createdBy: 'ann', spec, inventory: sim.inventory });
  if (!('hash' in plan)) throw new Error(plan.message);
  sim.append([
    { type: 'plan-created', plan },
    { type: 'plan-approved', planId, by: 'bob', hash: plan.hash },
    { type: 'run-started', runId: `r${n}`, planId, by: 'ann', throughWave: Math.min(throughWave, plan.waves.length) },
  ]);
}
