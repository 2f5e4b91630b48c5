import type { Plan } from '../../domain/plan.ts';
import { approvePlan } from '../../domain/planning/freeze-plan.ts';
import { explainWhy, whyBehind } from '../../domain/run/explain-why.ts';
import { type HostVerb, operateHost, revertHost } from '../../domain/run/host-commands.ts';
import { activeRuns } from '../../domain/run/host-status.ts';
import { hostView, hostViews } from '../../domain/run/host-view.ts';
import type { LedgerState } from '../../domain/run/ledger-state.ts';
import {
  abortRun,
  type Commanded,
  leaveHost,
  pauseRun,
  resumeRun,
  retryHost,
  startWave,
} from '../../domain/run/run-commands.ts';
import { runView } from '../../domain/run/run-view.ts';
import type { HostView, RunView, UnmetCondition } from '../../domain/run-state.ts';
import type { Logger } from '../../platform/log.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import {
  type ApproveRequest,
  type CoordinatorStatus,
  type EventsRequest,
  type EventView,
  type HostChange,
  type OperatorsApi,
  type PlanSummary,
  type Reconciled,
  type ReconcileRequest,
  type ResolveHostRequest,
  type RunRef,
  type StartWaveRequest,
  type Swept,
  summarisePlan,
  type WhyTarget,
} from '../../wire/operators-api.ts';
import { explainLeft } from '../grace/explain-left.ts';
import type { GraceKeeper } from '../grace/grace-keeper.ts';
import type { LiveInventory } from '../inventory/live-inventory.ts';
import type { EventLedger } from '../ledger/ledger.ts';
import type { NbWriter } from '../nb/nb-writer.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { createPlanOf } from './create-plan.ts';
import { ledgerFaultOf, whyLedgerFails } from './ledger-fault.ts';
import { readOnlyOf, reconcileLedger } from './reconcile-ledger.ts';
import { type Looking, resolveStuck } from './resolve-stuck.ts';
import { streamEvents, watchRun } from './streams.ts';
import { needHost, needPlan, newestRunId, runIdOrNewest, waveToStart } from './targets.ts';

export interface OperatorsOptions {
  readonly scheduler: Scheduler;
  readonly agents: Looking;
  readonly ledger: EventLedger;
  readonly inventory: LiveInventory;
  readonly grace: GraceKeeper;
  readonly nb: Pick<NbWriter, 'sweep'>;
  readonly logger: Logger;
  readonly identity: { readonly version: string; readonly site: string; readonly coordinatorId: string };
}

/** What operators ask, answered from the ledger and the world; every change is a pure command in the scheduler's turn. */
export class Operators implements OperatorsApi {
  readonly #options: OperatorsOptions;

  constructor(options: OperatorsOptions) {
    this.#options = options;
  }

  createPlan(request: { readonly yaml: string; readonly by: string }): Promise<Plan> {
    return createPlanOf(this.#options, request);
  }

  async listPlans(): Promise<readonly PlanSummary[]> {
    return [...this.#state.plans.values()].map(summarisePlan);
  }

  async getPlan(request: { readonly planId: string }): Promise<Plan> {
    return needPlan(this.#state, request.planId);
  }

  async approvePlan({ planId, hash, by }: ApproveRequest): Promise<Plan> {
    const state = await this.#command((before) => {
      const events = approvePlan(needPlan(before, planId), hash, by);
      return 'message' in events ? { refusal: events } : { events };
    });
    return needPlan(state, planId);
  }

  async startWave(request: StartWaveRequest): Promise<RunView> {
    let planId = '';
    const state = await this.#command((before) => {
      const plan = needPlan(before, request.planId);
      planId = plan.id;
      const throughWave = waveToStart(before, plan, request);
      return startWave(before, { planId: plan.id, runId: `run-${before.runs.size + 1}`, throughWave, by: request.by });
    });
    const run = [...state.runs.values()].findLast((one) => one.planId === planId);
    return this.#runView(state, run?.id ?? '');
  }

  async listRuns(): Promise<readonly RunView[]> {
    const state = this.#state;
    return [...state.runs.keys()].reverse().map((runId) => this.#runView(state, runId));
  }

  async getRun(request: RunRef): Promise<RunView> {
    return this.#runView(this.#state, runIdOrNewest(this.#state, request.runId));
  }

  pauseRun({ runId, by, why }: RunRef & { readonly why: string; readonly by: string }): Promise<RunView> {
    return this.#runCommand(runId, (state, id) => pauseRun(state, { runId: id, by, why }));
  }

  async resumeRun({ runId, by }: RunRef & { readonly by: string }): Promise<RunView> {
    let id = '';
    const state = await this.#options.scheduler.command((before, world) => {
      id = activeRunId(before, runId);
      return resumeRun(before, world, { runId: id, by });
    });
    return this.#runView(state, id);
  }

  abortRun({ runId, by }: RunRef & { readonly by: string }): Promise<RunView> {
    return this.#runCommand(runId, (state, id) => abortRun(state, { runId: id, by }));
  }

  async retryHost({ host, by }: { readonly host: string; readonly by: string }): Promise<RunView> {
    let systemId = '';
    const state = await this.#options.scheduler.command((before, world) => {
      systemId = needHost(before, world, host);
      return retryHost(before, { systemId, by });
    });
    return this.#runOfHost(state, systemId);
  }

  async leaveHost({ host, by, why }: HostChange): Promise<RunView> {
    let systemId = '';
    const state = await this.#options.scheduler.command((before, world) => {
      systemId = needHost(before, world, host);
      return leaveHost(before, { systemId, by, why });
    });
    return this.#runOfHost(state, systemId);
  }

  async listHosts(): Promise<readonly HostView[]> {
    return hostViews(this.#state, this.#options.scheduler.world);
  }

  async getHost({ host }: { readonly host: string }): Promise<HostView> {
    return this.#hostView(this.#state, host);
  }

  async revertHost({ host, by, why }: HostChange): Promise<HostView> {
    const state = await this.#options.scheduler.command((before, world) =>
      revertHost(before, world, { systemId: needHost(before, world, host), by, why }),
    );
    return this.#hostView(state, host);
  }

  async operateHost({ host, by, why, verb }: HostChange & { readonly verb: HostVerb }): Promise<HostView> {
    const state = await this.#options.scheduler.command((before, world) =>
      operateHost(before, world, { systemId: needHost(before, world, host), by, why, verb }),
    );
    return this.#hostView(state, host);
  }

  async resolveHost({ host, by, why, gone }: ResolveHostRequest): Promise<HostView> {
    const systemId = needHost(this.#state, this.#options.scheduler.world, host);
    return this.#hostView(await resolveStuck(this.#options, { systemId, by, why, gone }), systemId);
  }

  async why({ target }: { readonly target: WhyTarget }): Promise<readonly UnmetCondition[]> {
    const conditions = this.#whyTarget(target);
    return [...whyLedgerFails(this.#options.scheduler), ...conditions];
  }

  #whyTarget(target: WhyTarget): readonly UnmetCondition[] {
    const { world } = this.#options.scheduler;
    const state = this.#state;
    if (target.kind === 'host') {
      const systemId = needHost(state, world, target.host);
      const left = explainLeft(world.inventory.hosts.get(systemId)?.findings);
      return [
        ...explainWhy(state, world, { kind: 'host', systemId }),
        ...left,
        ...this.#options.grace.explain(systemId),
      ];
    }
    const behind = whyBehind(state, world);
    if (behind.length > 0 && target.runId === undefined && state.runs.size === 0) return behind; // the part with the runs may be lost
    const runId = runIdOrNewest(state, target.runId);
    return explainWhy(
      state,
      world,
      target.wave === undefined ? { kind: 'run', runId } : { kind: 'wave', runId, wave: target.wave },
    );
  }

  /** What is taken away is made again by whatever attempt needs it; grace rules are not, until the next cut. */
  async sweep({ by }: { readonly by: string }): Promise<Swept> {
    const { grace, nb, logger } = this.#options;
    const graceGroups = await grace.sweep('all');
    const probesKept = this.#state.open.size > 0 || activeRuns(this.#state).length > 0;
    const swept = { graceGroups, probePorts: probesKept ? 0 : await nb.sweep(), probesKept };
    logger.info({ by, ...swept }, 'OVN NB was swept');
    return swept;
  }

  reconcile(request: ReconcileRequest): Promise<Reconciled> {
    return reconcileLedger(this.#options.scheduler, request);
  }

  async status(): Promise<CoordinatorStatus> {
    const { world } = this.#options.scheduler;
    const state = this.#state;
    const attempts = (ids: ReadonlySet<string>) => [...ids].flatMap((id) => state.hosts.get(id)?.attempts[0] ?? []);
    return {
      ...this.#options.identity,
      agentsConnected: [...world.agents.values()].filter((agent) => agent.connected).length,
      natsConnected: world.natsConnected,
      nbConnected: world.nbConnected,
      lastSeq: state.seq,
      openAttempts: attempts(state.open),
      stuckHosts: attempts(state.stuck).map((attempt) => attempt.hostname),
      ...readOnlyOf(state, world),
      ...ledgerFaultOf(this.#options.scheduler),
    };
  }

  events(request: EventsRequest, signal: AbortSignal): AsyncIterable<EventView> {
    return streamEvents({ ledger: this.#options.ledger, changes: this.#options.scheduler.changes }, request, signal);
  }

  watchRun(request: RunRef, signal: AbortSignal): AsyncIterable<RunView> {
    const runId = runIdOrNewest(this.#state, request.runId);
    return watchRun(
      { changes: this.#options.scheduler.changes, view: () => this.#runView(this.#state, runId) },
      signal,
    );
  }

  get #state(): LedgerState {
    return this.#options.scheduler.state;
  }

  #command(command: (state: LedgerState) => Commanded): Promise<LedgerState> {
    return this.#options.scheduler.command(command);
  }

  async #runCommand(
    runId: string | undefined,
    command: (state: LedgerState, runId: string) => Commanded,
  ): Promise<RunView> {
    let id = '';
    const state = await this.#command((before) => {
      id = activeRunId(before, runId);
      return command(before, id);
    });
    return this.#runView(state, id);
  }

  #runView(state: LedgerState, runId: string): RunView {
    const view = runView(state, runId);
    if (!view) throw new ShuntError('not-found', `there is no run ${runId}; \`shunt wave status\` shows the newest`);
    return view;
  }

  /** The run that a word about a hypervisor went to: its newest attempt's, else the newest that plans it. */
  #runOfHost(state: LedgerState, systemId: string): RunView {
    const own = state.hosts.get(systemId)?.attempts.find((attempt) => attempt.runId !== undefined)?.runId;
    const planned = [...state.runs.values()].findLast((run) =>
      state.plans.get(run.planId)?.waves.some((wave) => wave.hosts.some((host) => host.systemId === systemId)),
    );
    return this.#runView(state, own ?? planned?.id ?? newestRunId(state));
  }

  #hostView(state: LedgerState, host: string): HostView {
    const { world } = this.#options.scheduler;
    const view = hostView(state, world, needHost(state, world, host));
    if (!view) throw new ShuntError('not-found', `there is no hypervisor ${host}; \`shunt host list\` shows all`);
    return view;
  }
}

function activeRunId(state: LedgerState, runId: string | undefined): string {
  if (runId !== undefined) return runIdOrNewest(state, runId);
  const active = activeRuns(state).at(-1)?.run.id;
  if (active === undefined)
    throw new ShuntError('not-found', 'there is no run that is not over; `shunt wave start` begins one');
  return active;
}
