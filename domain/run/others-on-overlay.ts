import { type OverlayTap, overlayTaps, type TapsByOverlay, unseenTaps } from '../planning/barriers.ts';
import { wayOf } from '../rewire/places.ts';
import { type Attempt, type LedgerState, newestAttempt } from './ledger-state.ts';
import { groupOf } from './moving-with.ts';
import { runLimits, type World } from './world.ts';

/** Where taps of overlays are by what anybody has seen, and those of which nobody knows. */
export function restingTaps(state: LedgerState, { inventory }: World): readonly TapsByOverlay[] {
  return [overlayTaps(inventory), unseenTaps(inventory), unreportedTaps(state, inventory)];
}

const unreported = new WeakMap<World['inventory'], { readonly state: LedgerState; readonly taps: TapsByOverlay }>();

/** Taps that we moved at hypervisors that have not reported since this program began, where OVN does not say that they are there. */
function unreportedTaps(state: LedgerState, inventory: World['inventory']): TapsByOverlay {
  const known = unreported.get(inventory);
  if (known?.state === state) return known.taps;
  const silent = [...state.hosts.values()].filter(({ systemId }) => !inventory.hosts.get(systemId)?.inventorySeen);
  const seen = new Set([...overlayTaps(inventory).values()].flatMap((taps) => taps.map((tap) => tap.portId)));
  const taps = silent.flatMap(({ systemId, hostname, attempts }) =>
    attempts
      .flatMap((attempt) => attempt.taps)
      .filter(({ portId }) => !seen.has(portId) && inventory.ports.get(portId)?.requestedChassis === undefined)
      .filter(({ portId }) => inventory.ports.has(portId))
      .map(({ networkId, portId }): Moved => ({ networkId, tap: { systemId, hostname, portId, place: 'unknown' } })),
  );
  const found = onOverlays(inventory, taps);
  unreported.set(inventory, { state, taps: found });
  return found;
}

interface Moved {
  readonly networkId: string;
  readonly tap: OverlayTap;
}

function onOverlays({ networks }: World['inventory'], moved: readonly Moved[]): TapsByOverlay {
  const taps = new Map<string, OverlayTap[]>();
  for (const { networkId, tap } of moved) {
    if (networks.get(networkId)?.class !== 'overlay') continue;
    const list = taps.get(networkId);
    if (list === undefined) taps.set(networkId, [tap]);
    else list.push(tap);
  }
  return taps;
}

const going = new WeakMap<World, { readonly state: LedgerState; readonly answers: Map<string, TapsByOverlay> }>();

/**
 * Where other attempts are taking taps of overlays: each counts there as well as where it is. Of two that are in each other's way the one
 * that was granted, or else opened first, does not see the other. Without `of`: all of them, for what is to be opened now. An attempt
 * that ended just now counts too: what was observed may be older than its end.
 */
export function goingTaps(state: LedgerState, world: World, of?: Attempt): TapsByOverlay {
  const known = going.get(world);
  const answers = known?.state === state ? known.answers : new Map<string, TapsByOverlay>();
  if (known?.state !== state) going.set(world, { state, answers });
  const key = of === undefined ? '' : groupOf(state, of);
  const found = answers.get(key) ?? onOverlays(world.inventory, [...ended(state, world), ...opened(state, key)]);
  answers.set(key, found);
  return found;
}

function opened(state: LedgerState, own: string): readonly Moved[] {
  const groups = new Map<string, Attempt[]>();
  for (const systemId of [...state.open].toSorted()) {
    const attempt = newestAttempt(state, systemId);
    if (attempt === undefined) continue;
    const key = groupOf(state, attempt);
    groups.set(key, [...(groups.get(key) ?? []), attempt]);
  }
  const ranked = [...groups].toSorted(([, a], [, b]) => (rankOf(a) < rankOf(b) ? -1 : 1)).map(([key]) => key);
  const before = own === '' ? ranked : ranked.slice(0, Math.max(0, ranked.indexOf(own)));
  return before.flatMap((key) => groups.get(key) ?? []).flatMap(movedBy);
}

function rankOf(group: readonly Attempt[]): string {
  const first = group.map(({ openedAt, systemId }) => `${openedAt} ${systemId}`).toSorted()[0] ?? '';
  return `${group.some((one) => one.granted) ? 0 : 1} ${first}`;
}

function ended(state: LedgerState, { wallMs }: World): readonly Moved[] {
  if (wallMs === undefined) return [];
  return [...state.hosts.values()].flatMap(({ attempts: [newest] }) => {
    const justNow = wallMs - Date.parse(newest.closedAt ?? '') < runLimits.observedWithinMs; // NaN: not closed
    return newest.outcome === 'committed' && justNow ? movedBy(newest) : [];
  });
}

function movedBy({ systemId, hostname, operation = 'cut', direction, taps }: Attempt): readonly Moved[] {
  return taps.flatMap(({ networkId, portId, method = 'direct' }) => {
    const place = wayOf(operation, direction, method)?.to;
    return place === undefined ? [] : [{ networkId, tap: { systemId, hostname, portId, place } }];
  });
}
