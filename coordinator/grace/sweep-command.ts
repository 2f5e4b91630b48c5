import type { TlsOptions } from '../../ovsdb/tls.ts';
import type { Logger } from '../../platform/log.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { NbConnection } from '../nb/nb-connection.ts';
import { GraceKeeper } from './grace-keeper.ts';

export interface SweepOptions {
  readonly nb: readonly string[];
  readonly tls?: TlsOptions | undefined;
  readonly logger: Logger;
  /** Also rules whose time is not over. */
  readonly all: boolean;
}

/** How long OVN NB may take to be read. */
const syncTimeoutMs = 30_000;

/**
 * Removes grace rules whose time is over, without a running coordinator, and beside one: it reads and writes OVN NB alone. Returns how many
 * attempts had some.
 */
export async function sweepGrace({ nb: remotes, tls, logger, all }: SweepOptions): Promise<number> {
  const synced = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => synced.reject(new ShuntError('ovsdb-unavailable', `sweep: OVN NB was not read within ${syncTimeoutMs} ms`)),
    syncTimeoutMs,
  );
  await using nb = new NbConnection({
    remotes,
    tls,
    logger,
    onChange: () => {
      if (nb.synced) synced.resolve();
    },
  });
  try {
    await synced.promise;
  } finally {
    clearTimeout(timer);
  }
  await using keeper = new GraceKeeper(nb, { logger });
  return await keeper.sweep(all ? 'all' : 'expired');
}
