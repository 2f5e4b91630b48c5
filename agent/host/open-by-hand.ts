import { ShuntError } from '../../platform/shunt-error.ts';
import type { WayBackSettings } from '../journal/kept-settings.ts';
import { type Host, openHost } from './host.ts';

/** For an operator who sits and waits. The dead man waits for Open vSwitch's database for ever; `settle` has a limit of its own. */
const openTimeoutMs = 30_000;

/** As `openHost`, for somebody who waits: fails with `timed-out` where the database does not answer in time, and names it. `withinMs`: other than 30 s in tests. */
export async function openByHand(
  settings: WayBackSettings,
  { signal, withinMs = openTimeoutMs }: { readonly signal: AbortSignal; readonly withinMs?: number | undefined },
): Promise<Host> {
  const limit = AbortSignal.timeout(withinMs);
  try {
    return await openHost(settings, AbortSignal.any([signal, limit]));
  } catch (cause) {
    if (!limit.aborted || signal.aborted) throw cause;
    const doing = `reading Open vSwitch's database at ${settings.ovs.db} (nothing was touched; start it, or name another with --ovs-db)`;
    throw new ShuntError('timed-out', doing, { cause });
  }
}
