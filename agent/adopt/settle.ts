import { remainingMs, sleep, systemClock } from '../../platform/clock.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { readRest } from '../at-rest.ts';
import type { AgentConfig } from '../config.ts';
import { disarmDeadMan } from '../cutover/dead-man.ts';
import { openHost } from '../host/host.ts';
import { openByHand } from '../host/open-by-hand.ts';
import type { WayBack } from '../way-back.ts';
import { backTimeoutMs, takeLock } from './adopt.ts';
import {
  AdoptionJournal,
  type AdoptionRecord,
  type AdoptionState,
  readAdoption,
  readAdoptions,
  tellUnreadable,
  type UnreadableAdoption,
  unreadableText,
} from './adoption-journal.ts';
import { goBack, guestsSince, isBack } from './go-back.ts';
import { markConfirmed } from './provider-rows.ts';
import { readAdoptFacts } from './read-adopt-facts.ts';
import { takenBack } from './taken-back.ts';

export type SettleResult =
  | { readonly kind: 'nothing-to-do'; readonly why: string }
  | { readonly kind: 'confirmed'; readonly id: number }
  | { readonly kind: 'back'; readonly id: number }
  | {
      readonly kind: 'refused';
      readonly refusals: readonly { readonly kind: 'guests-on-target' | 'not-at-rest'; readonly message: string }[];
    }
  | { readonly kind: 'stuck'; readonly id: number; readonly why: string; readonly repair: readonly string[] };

/** How long after its deadline the dead man leaves to whoever is at it. */
const graceMs = 1_000;

/** The word that keeps an adoption. */
export async function confirmAdoption(config: AgentConfig, signal: AbortSignal): Promise<SettleResult> {
  const { adoptions, unreadable } = readAdoptions(config.stateDir);
  tellUnreadable(config.stateDir, unreadable);
  const open = adoptions.findLast(({ phase }) => phase === 'adopted');
  if (open === undefined) return { kind: 'nothing-to-do', why: 'no adoption waits to be confirmed' };
  await using host = await openHost(config, signal);
  await takeLock(host, signal);
  const { id } = open.header;
  const since = readAdoption(config.stateDir, id)?.phase;
  if (since !== 'adopted') return { kind: 'nothing-to-do', why: `adoption ${id} is ${since ?? 'gone'} already` };
  if (isBack(open.header, await readAdoptFacts(host.ovs, signal))) {
    const why = `adoption ${id} has gone back already; its journal could not be written then`;
    const taking = { goBack: async () => ({ kind: 'back' }) as const, why, note: noteIn(config.stateDir, id) };
    await takenBack({ ...taking, disarm: () => disarm(open, 'shunt-agent adopt --confirm') });
    return { kind: 'nothing-to-do', why };
  }
  await confirm(open, 'shunt-agent adopt --confirm', {
    stateDir: config.stateDir,
    mark: () => markConfirmed({ id }, host.ovs, signal),
  });
  return { kind: 'confirmed', id };
}

/** Opens its journal for this one line. */
function noteIn(stateDir: string, id: number): (record: AdoptionRecord) => void {
  return (record) => {
    using journal = AdoptionJournal.reopen(stateDir, id);
    journal.note(record);
  };
}

/** The dead man himself ends anyway; one of another boot is gone, which is no error. */
async function disarm({ deadMan }: AdoptionState, by: string): Promise<void> {
  if (deadMan !== undefined && by !== deadManName) await disarmDeadMan(deadMan);
}

async function confirm(
  state: AdoptionState,
  by: string,
  { stateDir, mark }: { readonly stateDir: string; readonly mark: () => Promise<void> },
): Promise<void> {
  using journal = AdoptionJournal.reopen(stateDir, state.header.id);
  journal.note({ type: 'confirmed', by });
  await disarm(state, by);
  await mark();
}

/** The newest adoption that stands, taken back: uplinks are as before it. */
export async function adoptionBack(way: WayBack, signal: AbortSignal, openWithinMs?: number): Promise<SettleResult> {
  const { newest, doubtful } = standing(way.stateDir);
  if (doubtful !== undefined)
    return { kind: 'refused', refusals: [{ kind: 'not-at-rest', message: unreadableText(way.stateDir, doubtful) }] };
  if (newest === undefined) return { kind: 'nothing-to-do', why: 'no adoption stands on this host' };
  const rest = readRest(way.stateDir);
  if (rest.state === 'open') {
    const message = `attempt ${rest.attempt?.epoch} is open on this host: uplinks move at rest only`;
    return { kind: 'refused', refusals: [{ kind: 'not-at-rest', message }] };
  }
  return await takeItBack(newest, { by: byHand, way, signal, openWithinMs });
}

/** The newest adoption that stands, or one that cannot be read and may stand upon it; what is said of the others that cannot is told. */
export function standing(stateDir: string): {
  readonly newest?: AdoptionState | undefined;
  readonly doubtful?: UnreadableAdoption;
} {
  const { adoptions, unreadable } = readAdoptions(stateDir);
  const newest = adoptions.findLast(({ phase }) => phase !== 'back');
  const doubtful = unreadable.findLast(({ id, phase }) => phase !== 'back' && id > (newest?.header.id ?? 0));
  if (doubtful !== undefined) return { doubtful };
  tellUnreadable(stateDir, unreadable);
  return { newest };
}

const deadManName = 'the dead man';
const byHand = 'shunt-agent adopt --back';

/** The dead man: waits for the deadline; then an adoption that is not confirmed goes back. */
export async function adoptionExpired(id: number, way: WayBack, signal: AbortSignal): Promise<SettleResult> {
  const state = readAdoption(way.stateDir, id);
  if (state === undefined)
    throw new ShuntError('not-found', `there is no journal of adoption ${id} in ${way.stateDir}`);
  const leftMs = remainingMs(state.header.deadline, systemClock.now());
  if (leftMs > 0) await sleep(leftMs + graceMs, signal);
  // Nothing was touched by it, and what it would take back is theirs.
  if (state.phase === 'prepared' && standing(way.stateDir).newest?.header.id !== id)
    return { kind: 'nothing-to-do', why: `adoption ${id} was never armed, and others have been made since` };
  return await takeItBack(state, { by: deadManName, way, signal });
}

/** After a boot: the power went while an adoption was under way, or on trial. */
export async function settleAdoption(id: number, way: WayBack, signal: AbortSignal): Promise<SettleResult> {
  const state = readAdoption(way.stateDir, id);
  if (state === undefined) return { kind: 'nothing-to-do', why: `there is no adoption ${id}` };
  return await takeItBack(state, { by: 'shunt-agent settle', way, signal });
}

interface How {
  readonly by: string;
  readonly way: WayBack;
  readonly signal: AbortSignal;
  /** Other than 30 s in tests. */
  readonly openWithinMs?: number | undefined;
}

async function takeItBack(
  { header, phase }: AdoptionState,
  { by, way, signal, openWithinMs }: How,
): Promise<SettleResult> {
  const { id, adoption } = header;
  const settings = way.settings(header.settings, phase === 'confirmed');
  const dead = by !== byHand; // nobody is there to be asked
  await using host = await (dead
    ? openHost(settings, signal)
    : openByHand(settings, { signal, withinMs: openWithinMs }));
  await takeLock(host, signal);
  const now = readAdoption(way.stateDir, id);
  if (now === undefined || now.phase === 'back' || (dead && now.phase === 'confirmed'))
    return { kind: 'nothing-to-do', why: `adoption ${id} is ${now?.phase ?? 'gone'} already` };
  const guests = guestsSince(now, host);
  if (guests.length > 0) {
    if (dead) {
      await confirm(now, by, { stateDir: way.stateDir, mark: () => markConfirmed({ id }, host.ovs, signal) });
      return { kind: 'nothing-to-do', why: `guests have moved over adoption ${id} since: it stays` };
    }
    const message = `${guests.slice(0, 5).join(', ')} reach the wire over ${adoption.provider}: take them back first (shunt host revert)`;
    return { kind: 'refused', refusals: [{ kind: 'guests-on-target', message }] };
  }
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(backTimeoutMs)]);
  const outcome = await takenBack({
    goBack: () => goBack({ id, adoption }, host, bounded),
    why: `taken back by ${by}`,
    note: noteIn(way.stateDir, id),
    disarm: () => disarm(now, by),
  });
  if (outcome.kind === 'failed') return { kind: 'stuck', id, why: outcome.why, repair: outcome.repair };
  return { kind: 'back', id };
}
