import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isDonePhase } from '../domain/attempt/operation-phases.ts';
import type { Finding } from '../domain/findings.ts';
import type { Order, OrderResult } from '../domain/orders.ts';
import { systemClock } from '../platform/clock.ts';
import { startHttpServer } from '../platform/http-server.ts';
import { type Logger, onHangup } from '../platform/log.ts';
import { FileLock } from '../platform/native/flock.ts';
import { Poller } from '../platform/native/poller.ts';
import type { WriteFaults } from '../platform/record-writer.ts';
import { createSdNotify, type SdNotify } from '../platform/sd-notify.ts';
import { describeError, ShuntError } from '../platform/shunt-error.ts';
import { Attempts } from './attempts.ts';
import type { AgentConfig } from './config.ts';
import { ConnectionsTold } from './connections/connections-told.ts';
import type { AttemptContext, AttemptWork } from './cutover/attempt-context.ts';
import { ProbePorts } from './cutover/probe-ports.ts';
import { revertCommand } from './deadman-command.ts';
import { FindingsTold } from './findings-told.ts';
import { JournaledClaims } from './guard/journaled-claims.ts';
import { PlugGuard } from './guard/plug-guard.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type Host, openHost } from './host/host.ts';
import { waitForLock } from './host/lock-wait.ts';
import { newestOpen } from './journal/attempt-journal.ts';
import { claimOf, isLost } from './journal/claims.ts';
import { type Failpoint, faultsOf } from './journal/failpoint.ts';
import { keptSettings } from './journal/kept-settings.ts';
import { isCalm, MemoryAtRest } from './memory-at-rest.ts';
import { HostObserver, unseen } from './observe/host-observer.ts';
import { RawProber } from './probe/prober.ts';
import { openReports, type Reports } from './reports.ts';
import type { CoordinatorSession } from './session/coordinator-session.ts';
import { ProviderKeeper } from './shunt/provider-keeper.ts';
import { conditionsOf, type FaceSources, helloOf, metricsOf, statusOf } from './status/agent-face.ts';
import type { AgentMetrics } from './status/agent-metrics.ts';
import { StageReports } from './status/stage-reports.ts';
import { serveStatus } from './status/status-socket.ts';

export interface RunOptions {
  readonly config: AgentConfig;
  readonly rereadLogLevel: () => AgentConfig['log']['level'];
  readonly signal: AbortSignal;
  /** Tests only. */
  readonly failpoint?: Failpoint | undefined;
}

/** What lives on this hypervisor from start to stop, and how its parts hear of each other. */
export class Agent implements AsyncDisposable {
  readonly #config: AgentConfig;
  readonly #logger: Logger;
  readonly #host: Host;
  readonly #reports: Reports;
  readonly #owned: AsyncDisposableStack;
  readonly #stop = new AbortController();
  readonly #findings: FindingsTold;
  readonly #connections: ConnectionsTold;
  readonly #face: FaceSources;
  readonly #stages: StageReports;
  readonly #guard: PlugGuard;
  readonly #claims: JournaledClaims;
  readonly #keeper: ProviderKeeper;
  readonly #prober: RawProber;
  readonly #attempts: Attempts;
  readonly #metrics: AgentMetrics;
  readonly #memory: MemoryAtRest;
  #observer: HostObserver | undefined;
  #session: CoordinatorSession | undefined;

  static async start({ config, rereadLogLevel, signal, failpoint }: RunOptions, root: Logger): Promise<Agent> {
    await using owned = new AsyncDisposableStack();
    const notify = owned.use(createSdNotify());
    notify.status(`opening ${config.stateDir}`); // on a disk that hangs nothing else can be said
    mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
    const lock = FileLock.tryAcquire(join(config.stateDir, 'agent.lock'));
    if (lock === undefined) throw new ShuntError('wrong-state', `another agent runs with ${config.stateDir}`);
    owned.use(lock);
    notify.status("waiting for Open vSwitch's database");
    const poller = owned.use(Poller.open());
    const host = owned.use(await openHost(config, signal));
    const logger = root.child({ host: host.identity.systemId });
    owned.use(onHangup(rereadLogLevel, root));
    const reports = owned.use(openReports(config, host.identity.systemId, logger));
    const faults = faultsOf(failpoint);
    const agent = new Agent({ config, host, logger, reports, poller, faults, owned: owned.move() });
    try {
      await agent.#begin(signal, poller, notify);
    } catch (error) {
      await agent[Symbol.asyncDispose]();
      throw error;
    }
    notify.ready(`${config.mode}; ${host.identity.systemId}`);
    notify.startWatchdog();
    await agent.#meetCoordinator();
    agent.#memory.rest(); // of an attempt that was taken up this says nothing: mayRest is asked then
    return agent;
  }

  private constructor(parts: AgentParts) {
    const { config, host, logger, reports, poller, faults, owned } = parts;
    this.#config = config;
    this.#host = host;
    this.#logger = logger;
    this.#reports = reports;
    this.#owned = owned;
    this.#memory = owned.use(new MemoryAtRest({ logger, mayRest: () => isCalm(this.#attempts.current?.phase) }));
    this.#stages = owned.use(new StageReports(reports.reporter, logger));
    this.#prober = owned.use(
      new RawProber({
        poller,
        netlink: host.netlink,
        packetOut: (ofport, frame) => host.integration.deliver(ofport, frame),
      }),
    );
    const { systemId } = host.identity;
    const { reporter } = reports;
    this.#findings = new FindingsTold({ logger, reporter, onTold: (finding) => this.#metrics.finding(finding) });
    const onFinding = this.#findings.tell.bind(this.#findings);
    this.#connections = new ConnectionsTold({ systemId, logger, reporter, onFinding });
    this.#guard = owned.use(this.#makeGuard());
    const unsettled = () => (isCalm(this.#attempts.current?.phase) ? [] : this.#attempts.taps);
    this.#claims = new JournaledClaims({ stateDir: config.stateDir, guard: this.#guard, unsettled });
    const onError = (error: unknown, tap: string) => logger.error({ tap }, `keeper: ${describeError(error)}`);
    this.#keeper = owned.use(
      new ProviderKeeper({
        host,
        claims: () => this.#guard.claims,
        onRemoved: (claims, bridge) => this.#guard.flowsPutBack(claims, bridge),
        onError,
      }),
    );
    this.#attempts = owned.use(new Attempts(this.#context(faults), config.mode));
    this.#face = {
      config,
      host,
      reports,
      startedMs: systemClock.monotonicMs(),
      attempt: () => this.#attempts.current,
      highestEpoch: () => this.#attempts.highestEpoch,
      inventory: () => this.#observer?.inventory ?? unseen,
      guarded: () => [...this.#guard.claims.keys()],
      findings: () => this.#findings.all,
      coordinatorConnected: () => this.#session?.connected ?? false,
    };
    this.#metrics = metricsOf(this.#face);
  }

  /** Until the signal; losing what we cannot do without ends the program, and systemd starts it again. */
  stopped(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#owned.disposeAsync();
  }

  async #begin(signal: AbortSignal, poller: Poller, notify: SdNotify): Promise<void> {
    const config = this.#config;
    if (config.mode === 'active' || newestOpen(config.stateDir) !== undefined)
      await this.#holdLock(signal, (text) => notify.status(text));
    this.#owned.use(this.#host.ovs.onLockStolen(() => this.#regainLock()));
    this.#owned.use(this.#host.ovs.onLockReturned((taken) => this.#lockReturned(taken)));
    this.#attempts.recover();
    this.#claims.keep();
    this.#observer = this.#owned.use(
      new HostObserver({
        host: this.#host,
        poller,
        onInventory: (inventory) => this.#session?.sendInventory(inventory),
        onLink: (event) => {
          this.#guard.onLink(event);
          if (event.type === 'link-removed') this.#attempts.linkGone(event.name);
        },
        onRows: () => {
          this.#guard.onRows();
          this.#keeper.look();
        },
        standing: () => this.#standing(),
      }),
    );
    if (config.http.listen !== '') {
      const { registry } = this.#metrics;
      this.#owned.use(
        await startHttpServer({ listen: config.http.listen, registry, conditions: () => conditionsOf(this.#face) }),
      );
    }
    if (config.socket !== '') this.#owned.use(await serveStatus(config.socket, () => statusOf(this.#face)));
    const { reporter } = this.#reports;
    this.#owned.use(startHeartbeat({ mode: config.mode, reporter, attempt: () => this.#attempts.current }));
  }

  /** After READY: the host is observed and its journal settled without a coordinator, and without the code that talks to one. */
  async #meetCoordinator(): Promise<void> {
    const { coordinator: address, site } = this.#config;
    if (address === '') return;
    const { CoordinatorSession } = await import('./session/coordinator-session.ts');
    if (this.#stop.signal.aborted) return;
    this.#session = this.#owned.use(
      new CoordinatorSession({
        address,
        site,
        logger: this.#logger,
        hello: () => helloOf(this.#face),
        inventory: () => this.#observer?.inventory ?? unseen,
        handle: (order) => this.#handle(order),
      }),
    );
  }

  /** A peer's guests are judged by how soon our questions are answered: no page of ours may be missing then. */
  #handle(order: Order): Promise<OrderResult> {
    return order.type === 'probe'
      ? this.#memory.during(() => this.#attempts.handle(order))
      : this.#attempts.handle(order);
  }

  #standing(): readonly Finding[] {
    const { current, standing } = this.#attempts;
    return [...this.#connections.standing(current?.epoch), ...this.#guard.standing, ...standing];
  }

  #atRest(): boolean {
    const { current } = this.#attempts;
    return current !== undefined && isCalm(current.phase);
  }

  async #holdLock(signal: AbortSignal, status?: (text: string) => void): Promise<void> {
    const { ovs } = this.#host;
    const take = () => ovs.takeLock({ steal: false, signal: AbortSignal.any([signal, this.#stop.signal]) });
    const { stateDir } = this.#config;
    await waitForLock({ lockName: ovs.lockName, stateDir, take, logger: this.#logger, ...(status && { status }) });
  }

  #regainLock(): void {
    this.#logger.warn({ code: 'lock-lost' }, 'somebody took our lock: a dead man, or shunt-agent revert');
    this.#holdLock(this.#stop.signal).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#logger.error({ code: 'lock-lost' }, describeError(error));
    });
  }

  /** Before any transaction of ours can be accepted again. */
  #lockReturned(taken: boolean): void {
    this.#attempts.lockReturned(taken);
    const phase = this.#attempts.current?.phase;
    if (isCalm(phase) || phase === 'stuck') this.#claims.renew();
    this.#keeper.look(); // Open vSwitch may have been restarted: rows and bridges came back before the lock
    this.#observer?.lookAgain();
  }

  #makeGuard(): PlugGuard {
    const { ovs, netlink, integration, providers, plane, midonet } = this.#host;
    return new PlugGuard({
      host: this.#host,
      bootId: systemClock.bootId,
      executor: { ovs, netlink, integration, providers, plane, midonet, clock: systemClock, onStage: () => undefined },
      policy: this.#config.guard.foreignWriters,
      onRevert: (claim, why) => this.#attempts.foreignWriter(claim.epoch, why),
      database: this.#config.ovs.db,
      onFinding: (finding, epoch) => this.#findings.tell(finding, epoch),
      onStanding: () => this.#observer?.lookAgain(),
      onError: (error, tap) => this.#logger.error({ tap }, `guard: ${describeError(error)}`),
    });
  }

  #context(faults: WriteFaults | undefined): AttemptContext {
    return {
      host: this.#host,
      clock: systemClock,
      logger: this.#logger,
      stateDir: this.#config.stateDir,
      faults,
      deadMan: this.#config.deadman,
      settings: keptSettings(this.#config),
      revertCommand: (epoch) => revertCommand(this.#config, epoch),
      prober: this.#prober,
      probePorts: new ProbePorts(this.#host.ovs, this.#host.netlink, this.#host.identity.systemId),
      reporter: this.#reports.reporter,
      onState: (work) => this.#stateChanged(work),
      onGone: ({ state }) => this.#session?.sendState(state),
      onFinding: (finding, epoch) => this.#findings.tell(finding, epoch),
      onGuard: (work) => this.#guardWork(work),
      onUnguard: async (work) => {
        await this.#guard.release(work.moves.map((move) => move.tap));
        await this.#keeper.settled();
      },
      wrongWith: (taps) => this.#guard.wrongWith(taps),
      onStage: (stage, epoch) => this.#stages.add(stage, epoch),
      onConnections: (told, epoch) => this.#connections.tell(told, epoch),
      onBegin: () => this.#memory.awake(),
    };
  }

  #guardWork(work: AttemptWork): void {
    const { epoch, phase } = work.attempt;
    if (isDonePhase(phase)) {
      this.#claims.keep();
      return;
    }
    const at = { epoch, bootId: systemClock.bootId };
    const moves = work.moves.filter((move) => !isLost(move, work.gone));
    this.#guard.add(moves.flatMap((move) => claimOf(work.attempt, move, at) ?? []));
  }

  #stateChanged(work: AttemptWork): void {
    const { epoch, phase, direction, why, code } = work.attempt;
    const state = this.#attempts.current;
    this.#logger.info({ epoch, phase, ...(code === undefined ? {} : { code }) }, why ?? 'phase');
    this.#reports.reporter.report('state', { epoch, phase, direction, why, code });
    if (state !== undefined) this.#session?.sendState(state);
    if (this.#atRest()) this.#memory.rest();
    if (!isDonePhase(phase) && phase !== 'reverted' && phase !== 'stuck') return;
    this.#metrics.restReached(phase);
    this.#metrics.blackouts(direction, work.blackouts);
    // What was undone may have been claimed before.
    if (phase === 'reverted') this.#claims.keep();
  }
}

interface AgentParts {
  readonly config: AgentConfig;
  readonly host: Host;
  readonly logger: Logger;
  readonly reports: Reports;
  readonly poller: Poller;
  readonly faults: WriteFaults | undefined;
  readonly owned: AsyncDisposableStack;
}
