import { hostname } from 'node:os';
import { describeFence, fenceOf } from '../domain/run/fencing.ts';
import { systemClock } from '../platform/clock.ts';
import type { LoadedConfig } from '../platform/config.ts';
import { type Condition, startHttpServer } from '../platform/http-server.ts';
import { createLogger, flushLog, type Logger, type LogLevel, onHangup } from '../platform/log.ts';
import { createRegistry } from '../platform/metrics.ts';
import { ovsdbTlsFiles } from '../platform/ovsdb-tls-config.ts';
import { createSdNotify } from '../platform/sd-notify.ts';
import { describeError, isShuntError } from '../platform/shunt-error.ts';
import { agentsService } from '../wire/agents-service.ts';
import { operatorsService } from '../wire/operators-service.ts';
import { startWireServer } from '../wire/server.ts';
import { AgentRegistry } from './agents/agent-registry.ts';
import { Operators } from './api/operators.ts';
import type { CoordinatorConfig } from './config.ts';
import { GraceKeeper } from './grace/grace-keeper.ts';
import { LiveInventory } from './inventory/live-inventory.ts';
import { Ledger } from './ledger/ledger.ts';
import { CoordinatorMetrics } from './metrics/coordinator-metrics.ts';
import { NbConnection } from './nb/nb-connection.ts';
import { NbWriter } from './nb/nb-writer.ts';
import { ReportStream } from './reports/report-stream.ts';
import { effectPerformer } from './scheduler/effects.ts';
import { Scheduler } from './scheduler/scheduler.ts';

export interface RunOptions {
  readonly loaded: LoadedConfig<CoordinatorConfig>;
  readonly version: string;
  /** Reads the level from the configuration again; on SIGHUP. */
  readonly rereadLevel: () => LogLevel;
  /** Ends the program politely. */
  readonly signal: AbortSignal;
}

const nowMs = (): number => systemClock.monotonicMs();

/** Runs the coordinator until the signal. Resolves with the exit status; throws what kept it from starting. */
export async function runCoordinator({ loaded, version, rereadLevel, signal }: RunOptions): Promise<number> {
  const config = loaded.value;
  const logger = createLogger({ name: 'shunt-coordinator', level: config.log.level, fields: { site: config.site } });
  using _hangup = onHangup(rereadLevel, logger);
  logger.info({ version, config: loaded.file ?? 'none', stateDir: config.stateDir }, 'starting');
  try {
    return await serve({ config, version, logger, signal });
  } catch (error) {
    logger.fatal({ code: isShuntError(error) ? error.code : 'internal', why: describeError(error) }, 'cannot run');
    throw error;
  } finally {
    await flushLog(logger);
  }
}

interface Serving {
  readonly config: CoordinatorConfig;
  readonly version: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

async function serve(serving: Serving): Promise<number> {
  const { config, logger, signal } = serving;
  using sd = createSdNotify();
  const fatal = Promise.withResolvers<number>();
  await using stack = new AsyncDisposableStack();
  const parts = await startParts(serving, stack, (error) => {
    logger.fatal(
      { code: isShuntError(error) ? error.code : 'internal', err: error, why: describeError(error) },
      'cannot go on; the ledger is replayed at the next start',
    );
    fatal.resolve(isShuntError(error, 'ledger-failed') ? 5 : 1);
  });
  const { scheduler, addresses, http } = parts;
  logger.info({ addresses, http }, 'listening');
  sd.ready(`site ${config.site}`);
  sd.startWatchdog(() => scheduler.alive);
  const stopped = new Promise<number>((resolve) => {
    if (signal.aborted) resolve(0);
    signal.addEventListener('abort', () => resolve(0), { once: true });
  });
  const status = await Promise.race([stopped, fatal.promise]);
  sd.stopping();
  logger.info('stopping: what is open comes to rest by itself, or goes on with the next start');
  await scheduler[Symbol.asyncDispose](); // before the streams end: losing agents on purpose is nothing to decide about
  return status;
}

async function startParts(serving: Serving, stack: AsyncDisposableStack, onFatal: (error: unknown) => void) {
  const { config, logger, version } = serving;
  const identity = { site: config.site, coordinatorId: `${hostname()}-${process.pid}`, version };
  let wake = (): void => undefined;
  const onChange = (): void => wake();
  const ledgerFile = stack.use(await Ledger.open(config.stateDir));
  const nb = stack.use(new NbConnection({ remotes: config.nb, tls: ovsdbTlsFiles(config.nbTls), logger, onChange }));
  const grace = stack.use(new GraceKeeper(nb, { logger }));
  const agents = stack.use(new AgentRegistry({ ...identity, nowMs, logger, onChange }));
  const inventory = new LiveInventory({ nb, agents, bridges: config.bridges, nowMs });
  const nbWriter = new NbWriter(nb, () => inventory.facts());
  const registry = createRegistry('shunt_coordinator_');
  const metrics: CoordinatorMetrics = new CoordinatorMetrics(registry, {
    state: () => scheduler.state,
    inventory: () => inventory.current(),
    agentsConnected: () => agents.connectedCount,
    nbSynced: () => nb.synced,
    natsReady: () => reports.ready,
    ledgerFails: () => scheduler.ledgerFault !== undefined,
    hostsAhead: () => fenceOf(scheduler.state, scheduler.world)?.ahead.length,
  });
  const ledger = metrics.timed(ledgerFile);
  const reports: ReportStream = stack.use(
    new ReportStream({
      ...{ site: config.site, servers: config.nats.servers, maxBytes: config.nats.maxBytes, logger, onChange },
      maxAgeMs: config.nats.maxAgeHours * 3_600_000,
      onReport: (kind) => metrics.onReport(kind),
    }),
  );
  const scheduler: Scheduler = stack.use(
    await Scheduler.open({
      ledger,
      world: {
        startedMs: nowMs(),
        agents: () => agents.views,
        inventory: () => inventory.current(),
        natsConnected: () => reports.ready,
        nbConnected: () => nb.synced,
        nbEpochs: () => grace.epochs(),
      },
      perform: effectPerformer({ nb: nbWriter, grace, agents }),
      nowMs,
      logger,
      onEntries: (entries) => metrics.onEntries(entries),
      onFatal,
    }),
  );
  wake = () => scheduler.wake();
  const operators = new Operators({ scheduler, agents, ledger, inventory, grace, nb: nbWriter, logger, identity });
  const server = stack.use(
    await startWireServer({
      listen: [config.listen, config.socket && `unix:${config.socket}`].filter((address) => address !== ''),
      services: [
        agentsService((session) => agents.accept(session)),
        operatorsService(operators, {
          onInternalError: (error, method) => logger.error({ err: error, method }, 'an operator call failed'),
        }),
      ],
    }),
  );
  const conditions = (): readonly Condition[] => conditionsOf(scheduler, nb, reports);
  const http = config.http.listen
    ? stack.use(await startHttpServer({ listen: config.http.listen, registry, conditions }))
    : undefined;
  scheduler.wake();
  return { scheduler, addresses: server.addresses, http: http?.address ?? 'none' };
}

function conditionsOf(scheduler: Scheduler, nb: NbConnection, reports: ReportStream): readonly Condition[] {
  const fault = scheduler.ledgerFault;
  const fence = fenceOf(scheduler.state, scheduler.world);
  return [
    { name: 'ledger', ready: !fault, reason: fault ? describeError(fault) : 'open' },
    {
      name: 'fence',
      ready: fence === undefined,
      reason: fence === undefined ? 'the ledger is as new as its agents' : `read-only: ${describeFence(fence)}`,
    },
    { name: 'nb', ready: nb.synced, reason: nb.synced ? 'synced' : 'OVN NB is not connected' },
    { name: 'nats', ready: reports.ready, reason: reports.reason },
  ];
}
