import type { Method } from '../domain/phases.ts';
import type { Plan } from '../domain/plan.ts';
import type { HostVerb } from '../domain/run/host-commands.ts';
import type { HostDifference } from '../domain/run/reconcile.ts';
import type { AttemptRecord, HostView, RunView, UnmetCondition } from '../domain/run-state.ts';

/**
 * What operators can ask. The coordinator implements it, the client offers the same. Failures are ShuntErrors; `signal` aborts
 * when whoever asked is gone. `host` is a system-id or a hostname.
 */
export interface OperatorsApi {
  createPlan(request: { readonly yaml: string; readonly by: string }, signal: AbortSignal): Promise<Plan>;
  listPlans(signal: AbortSignal): Promise<readonly PlanSummary[]>;
  getPlan(request: { readonly planId: string }, signal: AbortSignal): Promise<Plan>;
  /** `hash`: of the plan that the approver has read; another one is refused. */
  approvePlan(request: ApproveRequest, signal: AbortSignal): Promise<Plan>;
  startWave(request: StartWaveRequest, signal: AbortSignal): Promise<RunView>;
  /** Newest first. */
  listRuns(signal: AbortSignal): Promise<readonly RunView[]>;
  /** No runId: the newest. */
  getRun(request: RunRef, signal: AbortSignal): Promise<RunView>;
  /** No runId, here and in the next two: the run that is not over. */
  pauseRun(request: RunRef & { readonly why: string; readonly by: string }, signal: AbortSignal): Promise<RunView>;
  resumeRun(request: RunRef & { readonly by: string }, signal: AbortSignal): Promise<RunView>;
  abortRun(request: RunRef & { readonly by: string }, signal: AbortSignal): Promise<RunView>;
  retryHost(request: { readonly host: string; readonly by: string }, signal: AbortSignal): Promise<RunView>;
  /** The run goes on without that hypervisor. */
  leaveHost(request: HostChange, signal: AbortSignal): Promise<RunView>;
  listHosts(signal: AbortSignal): Promise<readonly HostView[]>;
  getHost(request: { readonly host: string }, signal: AbortSignal): Promise<HostView>;
  revertHost(request: HostChange, signal: AbortSignal): Promise<HostView>;
  /** One operation at all taps of a hypervisor that stand where it begins. */
  operateHost(request: HostChange & { readonly verb: HostVerb }, signal: AbortSignal): Promise<HostView>;
  /** Out of `stuck`, after a repair. Fails with `stuck`, and `repair` in its detail, when the agent finds a tap that is not at rest. */
  resolveHost(request: ResolveHostRequest, signal: AbortSignal): Promise<HostView>;
  why(request: { readonly target: WhyTarget }, signal: AbortSignal): Promise<readonly UnmetCondition[]>;
  /** Removes grace rules at once, and probe ports when nothing is open. */
  sweep(request: { readonly by: string }, signal: AbortSignal): Promise<Swept>;
  /** What the agents know more than the ledger; with `apply` it is taken over. */
  reconcile(request: ReconcileRequest, signal: AbortSignal): Promise<Reconciled>;
  status(signal: AbortSignal): Promise<CoordinatorStatus>;
  /** Entries after `sinceSeq`; with `follow` it goes on with new ones until the signal. */
  events(request: EventsRequest, signal: AbortSignal): AsyncIterable<EventView>;
  /** The present view, then each change (conflated: a slow reader gets the newest); ends when the run is done or aborted. */
  watchRun(request: RunRef, signal: AbortSignal): AsyncIterable<RunView>;
}

/** What was removed from OVN NB. */
export interface Swept {
  /** Port groups with grace rules, one an attempt. */
  readonly graceGroups: number;
  readonly probePorts: number;
  /** An attempt or a run is open: probe ports are in use, and stay. */
  readonly probesKept: boolean;
}

export interface ReconcileRequest {
  readonly apply: boolean;
  readonly by: string;
  readonly why: string;
}

export interface Reconciled {
  /** Why the coordinator is read-only, now; absent: it is not. */
  readonly readOnly?: string;
  /** As they were before. */
  readonly differences: readonly HostDifference[];
  /** Something was taken over. */
  readonly applied: boolean;
}

export interface ApproveRequest {
  readonly planId: string;
  readonly hash: string;
  readonly by: string;
}

/** Neither `wave` nor `all`: the next wave that is not done. */
export interface StartWaveRequest {
  readonly planId: string;
  /** Through this wave. */
  readonly wave?: number;
  readonly all: boolean;
  readonly by: string;
}

export interface RunRef {
  readonly runId?: string;
}

export interface HostChange {
  readonly host: string;
  readonly by: string;
  readonly why: string;
}

export interface ResolveHostRequest extends HostChange {
  /** The hypervisor is gone for good: nobody is asked. */
  readonly gone: boolean;
}

export interface EventsRequest {
  readonly sinceSeq: number;
  readonly follow: boolean;
}

export type WhyTarget =
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'run'; readonly runId?: string; readonly wave?: number };

/** A plan as a list shows it. */
export interface PlanSummary {
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly method: Method;
  readonly waves: number;
  readonly hosts: number;
  readonly held: number;
  readonly approvals: number;
}

/** An entry of the ledger as `shunt events` shows it. */
export interface EventView {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  /** System-id. */
  readonly host?: string;
  readonly runId?: string;
  /** One sentence for people. */
  readonly message: string;
  /** The event for machines (domain/ledger-events.ts); a plan is summarised. */
  readonly json: string;
}

export interface CoordinatorStatus {
  readonly version: string;
  readonly site: string;
  readonly coordinatorId: string;
  readonly agentsConnected: number;
  readonly natsConnected: boolean;
  readonly nbConnected: boolean;
  /** Newest entry of the ledger. */
  readonly lastSeq: number;
  readonly openAttempts: readonly AttemptRecord[];
  /** While there is one, nothing starts. Hostnames. */
  readonly stuckHosts: readonly string[];
  /** The ledger is behind the agents, in words: nothing is started or ordered. */
  readonly readOnly?: string;
  /** Why the ledger takes no entries (a full disk): nothing is started or committed. */
  readonly ledgerFault?: string;
}

export function summarisePlan(plan: Plan): PlanSummary {
  return {
    id: plan.id,
    hash: plan.hash,
    name: plan.spec.name,
    createdAt: plan.createdAt,
    createdBy: plan.createdBy,
    method: plan.spec.method,
    waves: plan.waves.length,
    hosts: new Set(plan.waves.flatMap((wave) => wave.hosts.map((host) => host.systemId))).size,
    held: plan.held.length,
    approvals: plan.approvals.length,
  };
}
