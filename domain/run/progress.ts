import type { Effect, EffectOutcome } from './effects.ts';

/** Effects in flight and done, by key. Volatile: a restarted coordinator begins with an empty one. */
export type Progress = ReadonlyMap<string, EffectProgress>;

export interface EffectProgress {
  readonly effect: Effect;
  readonly startedMs: number;
  /** How often it was begun, this time included. */
  readonly tries: number;
  /** Absent while in flight. */
  readonly outcome?: EffectOutcome;
  readonly endedMs?: number;
}

/** Notes that these effects are being performed. */
export function beginEffects(progress: Progress, effects: readonly Effect[], nowMs: number): Progress {
  if (effects.length === 0) return progress;
  const next = new Map(progress);
  for (const effect of effects) {
    next.set(effect.key, { effect, startedMs: nowMs, tries: (progress.get(effect.key)?.tries ?? 0) + 1 });
  }
  return next;
}

/** Notes how an effect ended; an unknown or already ended key changes nothing. */
export function endEffect(progress: Progress, key: string, outcome: EffectOutcome, nowMs: number): Progress {
  const entry = progress.get(key);
  if (entry === undefined || entry.outcome !== undefined) return progress;
  return new Map(progress).set(key, { ...entry, outcome, endedMs: nowMs });
}

/** Ended effects that belong to no attempt (sweeps, strays) and are remembered, so that they are not done again. */
const ownerlessKept = 256;

/** Drops what belongs to attempts that are no longer open, so that the map stays as small as the work. */
export function pruneProgress(progress: Progress, isOpen: (systemId: string, epoch: number) => boolean): Progress {
  const ownerless = [...progress].filter(([key, entry]) => ownerOf(key) === undefined && entry.outcome !== undefined);
  const forgotten = new Set(ownerless.slice(0, -ownerlessKept).map(([key]) => key));
  const kept = [...progress].filter(([key]) => {
    const owner = ownerOf(key);
    return owner === undefined ? !forgotten.has(key) : isOpen(owner.systemId, owner.epoch);
  });
  return kept.length === progress.size ? progress : new Map(kept);
}

/** Keys of an attempt's effects begin with `<systemId>/<epoch>/`; see `attemptKey`. */
export function attemptKey(systemId: string, epoch: number, rest: string): string {
  return `${systemId}/${epoch}/${rest}`;
}

const owned = new WeakMap<Progress, ReadonlyMap<string, readonly Entry[]>>();
type Entry = readonly [key: string, effect: EffectProgress];

/** The effects of one attempt. Sorted by owner once for a progress: it never changes. */
export function effectsOf(
  progress: Progress,
  { systemId, epoch }: { readonly systemId: string; readonly epoch: number },
): readonly Entry[] {
  const found = owned.get(progress) ?? byOwner(progress);
  owned.set(progress, found);
  return found.get(`${systemId}/${epoch}`) ?? [];
}

function byOwner(progress: Progress): ReadonlyMap<string, readonly Entry[]> {
  const found = new Map<string, Entry[]>();
  for (const entry of progress) {
    const owner = ownerOf(entry[0]);
    if (owner === undefined) continue;
    const name = `${owner.systemId}/${owner.epoch}`;
    const list = found.get(name);
    if (list === undefined) found.set(name, [entry]);
    else list.push(entry);
  }
  return found;
}

function ownerOf(key: string): { systemId: string; epoch: number } | undefined {
  const match = /^(.+?)\/(\d+)\//.exec(key);
  return match?.[1] !== undefined && match[2] !== undefined
    ? { systemId: match[1], epoch: Number(match[2]) }
    : undefined;
}
