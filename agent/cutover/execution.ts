import type { TapMove } from '../../domain/rewire/moves.ts';
import type { RewireStep } from '../../domain/rewire/steps.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Netlink } from '../../platform/native/netlink.ts';
import type { BridgePort } from '../host/bridge-port.ts';
import type { OpenVSwitch } from '../host/open-vswitch.ts';
import type { ProviderPorts } from '../host/provider-ports.ts';
import type { ShuntPlane } from '../shunt/shunt-plane.ts';
import type { MidonetControl } from '../sources/midonet-control.ts';
import type { Confirmations } from './confirmations.ts';
import type { ToldConnections } from './ports.ts';
import type { Uplinks } from './uplinks.ts';

/** A moment in one tap's move, on the monotonic clock. */
export interface Stage {
  readonly tap: string;
  readonly name: 'left' | 'committed' | 'ofport' | 'installed' | 'announced' | 'joined' | 'repaired';
  readonly atMs: number;
}

export interface ExecutorDependencies {
  readonly ovs: OpenVSwitch;
  readonly netlink: Netlink;
  readonly integration: BridgePort;
  readonly providers: ProviderPorts;
  readonly plane: ShuntPlane;
  readonly clock: Clock;
  /** Absent: no tap of these moves is MidoNet's. */
  readonly midonet?: MidonetControl;
  /** Every tap of this batch is reachable: the journal may be synced. */
  readonly checkpoint: (batch: number, taps: readonly string[]) => void;
  readonly onStage: (stage: Stage) => void;
  /** The tap's link is not there any more. */
  readonly onGone: (move: TapMove) => void;
  /** An attempt's own way: what it changes has to be what was read when it was armed. Absent: a way back, or the guard's. */
  readonly isForward?: boolean;
  /** Until the attempt is taken back: nothing is changed after it. Absent: a way back, which is never too late. */
  readonly leftMs?: () => number;
  /** False: somebody has taken the lock since, who may have taken the attempt back. It may be ours again. Absent: a way back. */
  readonly lockKept?: () => boolean;
  /** What came of copying open connections; told once a batch. */
  readonly onConnections?: (told: ToldConnections) => void;
}

/** Performs one kind of step. */
export type StepHandler = (step: RewireStep, run: Execution) => Promise<void> | void;

/** What the steps of one execution share. */
export interface Execution extends ExecutorDependencies {
  /** Fails with `timed-out` when the deadline has passed, with `lock-lost` when the lock was taken; `netlink` asks by itself before each change. */
  readonly fence: () => void;
  readonly uplinks: Uplinks;
  /** What announces each guest, by tap. */
  readonly frames: ReadonlyMap<string, readonly Buffer[]>;
  readonly signal: AbortSignal;
  /** Guests that were announced a moment ago. */
  readonly confirmations: Confirmations;
  /** Taps whose link is gone: later steps skip them. */
  readonly gone: Set<string>;
}

/** Tells a stage of one tap. */
export function mark(run: Execution, tap: string, name: Stage['name']): void {
  run.onStage({ tap, name, atMs: run.clock.monotonicMs() });
}

/** Notes that a tap's link is gone: no failure, and nothing more to do with it. */
export function markGone(run: Execution, move: TapMove): void {
  if (run.gone.has(move.tap)) return;
  run.gone.add(move.tap);
  run.onGone(move);
}

/** The moves whose link was there when it was last touched. */
export function present(step: RewireStep, run: Execution): readonly TapMove[] {
  return step.moves.filter((move) => !run.gone.has(move.tap));
}

/** The moves whose link is still there, as the kernel says now. */
export function presentNow(step: RewireStep, run: Execution): readonly TapMove[] {
  for (const move of present(step, run)) if (!hasTap(move, run)) markGone(run, move);
  return present(step, run);
}

/**
 * Whether the kernel has the tap at this moment. A guest may have moved to another hypervisor while its tap was worked on, or while this process stood
 * still: who announces it here then draws its frames away from where it is.
 */
export function hasTap({ tap }: Pick<TapMove, 'tap'>, { netlink }: Pick<Execution, 'netlink'>): boolean {
  return netlink.link(tap) !== undefined;
}
