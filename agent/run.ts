import { createLogger, flushLog } from '../platform/log.ts';
import { Agent, type RunOptions } from './agent.ts';
import { failpointText } from './journal/failpoint.ts';

/** The agent, until the signal. Stopping touches no traffic: what is open stays open, for the next agent or the dead man. */
export async function runAgent(options: RunOptions): Promise<void> {
  const { config, signal, failpoint } = options;
  const logger = createLogger({ name: 'shunt-agent', level: config.log.level, fields: { site: config.site } });
  if (failpoint !== undefined) logger.error({ code: 'internal' }, failpointText(failpoint));
  try {
    await using agent = await Agent.start(options, logger);
    await agent.stopped(signal);
    logger.info('stopping; what is plugged stays plugged');
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  } finally {
    await flushLog(logger);
  }
}
