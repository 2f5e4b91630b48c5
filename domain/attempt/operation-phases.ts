import type { Direction, Method, Phase, Rest } from '../phases.ts';
import { type Operation, type TapPlace, wayOf } from '../rewire/places.ts';

/** What an attempt does, as far as it tells its phases. */
export interface AttemptKind {
  /** Absent: `cut`. */
  readonly operation?: Operation;
  readonly direction: Direction;
  /** `shunt` when any of its taps goes by a shunt; absent: `direct`. */
  readonly method?: Method;
}

/** Phases in which taps are moved, one an operation and direction. */
export type WorkPhase = 'entering' | 'unstaging' | 'cutting' | 'finishing';
/** Phases in which an attempt has ended where it was to lead. */
export type DonePhase = 'staged' | 'committed' | 'finished';

const workPhases = {
  stage: { forward: 'entering', back: 'unstaging' },
  cut: { forward: 'cutting', back: 'cutting' },
  finish: { forward: 'finishing', back: 'finishing' },
  collapse: { forward: 'cutting', back: 'cutting' },
} as const satisfies Record<Operation, Record<Direction, WorkPhase>>;

/** The phase in which this attempt moves taps. */
export function workPhaseOf({ operation = 'cut', direction }: AttemptKind): WorkPhase {
  return workPhases[operation][direction];
}

export function isWorkPhase(phase: Phase): phase is WorkPhase {
  return phase === 'entering' || phase === 'unstaging' || phase === 'cutting' || phase === 'finishing';
}

/** The phase in which this attempt ends when it went well. */
export function donePhaseOf(kind: AttemptKind): DonePhase {
  const { operation = 'cut', direction } = kind;
  if (restsOf(kind).to === 'staged') return 'staged';
  return direction === 'forward' && (operation === 'finish' || operation === 'collapse') ? 'finished' : 'committed';
}

export function isDonePhase(phase: Phase): phase is DonePhase {
  return phase === 'staged' || phase === 'committed' || phase === 'finished';
}

/** The rest at which a tap in this place is. */
export function restOfPlace(place: TapPlace): Rest {
  if (place === 'legacy' || place === 'staged') return place;
  return 'target';
}

/** Where an attempt begins and where it leads. One that moves taps by both methods is told by those on a shunt. */
export function restsOf({ operation = 'cut', direction, method = 'direct' }: AttemptKind): {
  readonly from: Rest;
  readonly to: Rest;
} {
  const way = wayOf(operation, direction, method) ?? wayOf(operation, direction, 'shunt');
  if (way === undefined) throw new Error(`no taps are moved by ${operation}`); // places.ts has a way by shunt for each
  return { from: restOfPlace(way.from), to: restOfPlace(way.to) };
}

/** The rest a phase of such an attempt means, or undefined while the hypervisor is on its way (or stuck). */
export function restOf(phase: Phase, kind: AttemptKind): Rest | undefined {
  switch (phase) {
    case 'idle':
    case 'preflight':
    case 'preparing':
    case 'prepared':
    case 'reverted':
      return restsOf(kind).from;
    case 'staged':
    case 'committed':
    case 'finished':
      return restsOf(kind).to;
    default:
      return undefined;
  }
}
