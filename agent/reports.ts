import { join } from 'node:path';
import type { Logger } from '../platform/log.ts';
import { describeError } from '../platform/shunt-error.ts';
import type { AgentConfig } from './config.ts';
import type { Reporter } from './cutover/ports.ts';
import { NatsReporter } from './report/reporter.ts';

const spoolBytesMax = 64 * 1024 * 1024;

/** The way of reports out of here, with what the status tells of it. */
export interface Reports extends AsyncDisposable {
  readonly reporter: Reporter;
  readonly connected: () => boolean;
  readonly stats: () => { readonly pending: number; readonly dropped: number };
}

/** NATS behind a spool on disk; without servers, nowhere. */
export function openReports(config: AgentConfig, systemId: string, logger: Logger): Reports {
  if (config.nats.servers.length === 0) return nowhere;
  try {
    return toNats(config, systemId, logger);
  } catch (error) {
    // Reports are on nobody's path: a spool that cannot be opened must not keep the host from being looked after.
    logger.error({ code: 'io-failed' }, `no reports until the agent is started again: ${describeError(error)}`);
    return nowhere;
  }
}

function toNats(config: AgentConfig, systemId: string, logger: Logger): Reports {
  const reporter = new NatsReporter({
    site: config.site,
    systemId,
    servers: config.nats.servers,
    spoolDir: join(config.stateDir, 'spool'),
    spoolBytesMax,
    logger,
    onDropped: (count) => logger.warn({ count }, 'the spool is full: the oldest reports were dropped'),
  });
  return {
    reporter,
    connected: () => reporter.connected,
    stats: () => ({ pending: reporter.stats.pending, dropped: reporter.stats.dropped }),
    [Symbol.asyncDispose]: () => reporter[Symbol.asyncDispose](),
  };
}

const nowhere: Reports = {
  reporter: { report: () => undefined },
  connected: () => false,
  stats: () => ({ pending: 0, dropped: 0 }),
  [Symbol.asyncDispose]: async () => undefined,
};
