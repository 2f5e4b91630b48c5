import type { AdoptFacts } from '../../domain/adopt/facts.ts';
import { type AdoptStep, backSteps, repairBy } from '../../domain/adopt/way.ts';
import { assertNever } from '../../domain/assert-never.ts';
import { sleep } from '../../platform/clock.ts';
import { describeError } from '../../platform/shunt-error.ts';
import type { Host } from '../host/host.ts';
import type { AdoptionState } from './adoption-journal.ts';
import { makeProvider, type Numbered, plug, unplug } from './provider-rows.ts';
import { readAdoptFacts } from './read-adopt-facts.ts';
import { makeLegs, removeLegs, swap, swapBack } from './uplink-links.ts';

const roundsMax = 5;
const roundPauseMs = 250;

export type BackOutcome =
  | { readonly kind: 'back' }
  | { readonly kind: 'failed'; readonly why: string; readonly repair: readonly string[] };

type Deps = Pick<Host, 'ovs' | 'netlink'>;

/** Does one step of links or rows; `prove` is the caller's. */
export async function perform(
  step: Exclude<AdoptStep, { kind: 'prove' }>,
  numbered: Numbered,
  deps: Deps & { readonly signal: AbortSignal },
): Promise<void> {
  const { adoption } = numbered;
  const { netlink, ovs, signal } = deps;
  switch (step.kind) {
    case 'make-provider':
      return makeProvider(numbered, ovs, signal);
    case 'make-legs':
      return makeLegs(adoption, netlink, signal);
    case 'plug-legs':
      return plug(numbered, { legs: true, nic: step.nic }, deps);
    case 'plug-nic':
      return plug(numbered, { legs: false, nic: true }, deps);
    case 'swap':
      return swap(step.move, netlink);
    case 'swap-back':
      return swapBack(step.move, adoption.nic, netlink, signal);
    case 'unplug-nic':
      return unplug(numbered, { names: [adoption.nic], bridge: false }, deps);
    case 'unplug-legs':
      return unplug(numbered, { names: adoption.moves.map(({ leg }) => leg.provider), bridge: true }, deps);
    case 'remove-legs':
      return removeLegs(adoption, netlink);
    default:
      return assertNever(step);
  }
}

/**
 * Looks at what is there, takes back what is left of the adoption, and looks again; a few rounds. Needs OVSDB (with the lock held) and the
 * kernel only; right from any half-way state, and when it is all back already.
 */
export async function goBack(numbered: Numbered, host: Deps, signal: AbortSignal): Promise<BackOutcome> {
  let why = '';
  for (let round = 1; round <= roundsMax; round += 1) {
    try {
      await host.ovs.flush(signal);
      if (isBack(numbered, await readAdoptFacts(host.ovs, signal))) return { kind: 'back' };
      why = await takeBack(numbered, host, signal);
      if (isBack(numbered, await readAdoptFacts(host.ovs, signal))) return { kind: 'back' };
    } catch (error) {
      why = describeError(error);
      if (signal.aborted) break;
    }
    await sleep(roundPauseMs * round, signal).catch(() => undefined);
  }
  const repair = repairBy(numbered.adoption);
  return { kind: 'failed', why: why === '' ? 'uplinks are not where they were' : why, repair };
}

/** One step's failure must not keep the other uplinks from coming back. */
async function takeBack(numbered: Numbered, host: Deps, signal: AbortSignal): Promise<string> {
  const failures: string[] = [];
  for (const step of remaining(numbered, await readAdoptFacts(host.ovs, signal))) {
    try {
      await perform(step, numbered, { ...host, signal });
    } catch (error) {
      signal.throwIfAborted();
      failures.push(describeError(error));
    }
  }
  return failures.join('; ');
}

/** Nothing of it is left: the uplinks are as before it. */
export function isBack(numbered: Numbered, facts: AdoptFacts): boolean {
  return remaining(numbered, facts).length === 0;
}

type BackStep = Exclude<AdoptStep, { kind: 'prove' }>;

function remaining({ id, adoption }: Numbered, facts: AdoptFacts): readonly BackStep[] {
  return backSteps(id, adoption, facts).filter((step): step is BackStep => step.kind !== 'prove');
}

/** Guests that OVN has on this host: by what it knows them, the names of their ports. */
export function guestsOnTarget({ ovs }: Pick<Host, 'ovs'>): ReadonlyMap<string, string> {
  return new Map(
    [...ovs.ports().values()].flatMap(({ bridge, port, iface }) => {
      const id = iface.external_ids.get('iface-id');
      const isGuest = bridge.name === ovs.integrationBridge && id !== undefined && iface.type !== 'internal';
      return isGuest ? [[id, port.name] as const] : [];
    }),
  );
}

/**
 * Ports of guests that may use the adopted NIC: then it cannot be taken from the provider bridge. Whoever was there before was not served by it; and of one that is
 * under way, or half-way back, nobody is.
 */
export function guestsSince({ header, phase }: AdoptionState, host: Pick<Host, 'ovs'>): readonly string[] {
  if (phase !== 'adopted' && phase !== 'confirmed') return [];
  const before = new Set(header.guests);
  return [...guestsOnTarget(host)].flatMap(([id, port]) => (before.has(id) ? [] : [port])).toSorted();
}
