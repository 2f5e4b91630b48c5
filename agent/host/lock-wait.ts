import type { Logger } from '../../platform/log.ts';

/** A lock that does not come within this is told of. */
const toldAfterMs = 5_000;

export interface LockWait {
  readonly lockName: string;
  readonly stateDir: string;
  readonly take: () => Promise<void>;
  readonly logger: Pick<Logger, 'debug' | 'warn' | 'info'>;
  /** What the service manager shows of us meanwhile. */
  readonly status?: (text: string) => void;
}

/** Waits for the agent's lock for as long as it takes: whoever has it is taking something back. Where that is long, says so, and what to look at. */
export async function waitForLock({ lockName, stateDir, take, logger, status }: LockWait): Promise<void> {
  logger.debug(`waiting for the lock ${lockName}`);
  let told = false;
  const timer = setTimeout(() => {
    told = true;
    // The server does not say who has it.
    const holder = `a dead man, or shunt-agent revert, settle, resolve, adopt, cut or uncut, has the lock ${lockName}`;
    const todo = `ps -eo pid,stat,args | grep shunt-agent shows it; one in state D waits for the disk of ${stateDir}`;
    logger.warn({ code: 'lock-lost' }, `waiting: ${holder}; until it ends, this agent changes nothing. ${todo}`);
    status?.(`waiting: ${holder}`);
  }, toldAfterMs);
  try {
    await take();
    if (told) logger.info(`got the lock ${lockName}`);
  } finally {
    clearTimeout(timer);
  }
}
