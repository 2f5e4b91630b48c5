import type { TapMove } from '../../domain/rewire/moves.ts';
import type { RewireStep, RewireStepKind } from '../../domain/rewire/steps.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Netlink } from '../../platform/native/netlink.ts';
import type { IntegrationPort } from '../host/integration-port.ts';
import type { OpenVSwitch } from '../host/open-vswitch.ts';
import { confirmLegacy, joinLegacy, leaveLegacy, settleLegacy } from './legacy-side.ts';
import { joinTarget, leaveTarget, settleTarget } from './target-side.ts';
import { Uplinks } from './uplinks.ts';

/** A moment in one tap's move, on the monotonic clock. */
export interface Stage {
  readonly tap: string;
  readonly name: 'left' | 'committed' | 'ofport' | 'installed' | 'announced' | 'joined' | 'repaired';
  readonly atMs: number;
}

export interface ExecutorDependencies {
  readonly ovs: OpenVSwitch;
  readonly netlink: Netlink;
  readonly integration: IntegrationPort;
  readonly clock: Clock;
  /** Every tap of this batch is reachable: the journal may be synced. */
  readonly checkpoint: (batch: number, taps: readonly string[]) => void;
  readonly onStage: (stage: Stage) => void;
  /** The tap's link is not there any more. */
  readonly onGone: (move: TapMove) => void;
}

/** What the steps of one execution share. */
export interface Execution extends ExecutorDependencies {
  readonly uplinks: Uplinks;
  readonly signal: AbortSignal;
  /** Taps whose link is gone: later steps skip them. */
  readonly gone: Set<string>;
}

export type StepHandler = (step: RewireStep, run: Execution) => Promise<void> | void;

const handlers = {
  'leave-legacy': leaveLegacy,
  'join-target': joinTarget,
  'settle-target': settleTarget,
  'leave-target': leaveTarget,
  'join-legacy': joinLegacy,
  'settle-legacy': settleLegacy,
  'confirm-legacy': confirmLegacy,
  'checkpoint': (step, run) =>
    run.checkpoint(
      step.batch,
      step.moves.map((move) => move.tap),
    ),
} as const satisfies Record<RewireStepKind, StepHandler>;

/**
 * Performs the steps in order; stops at the first that fails, with its `ShuntError`. Nothing is undone here: whoever called plans the
 * way back from what is there.
 */
export async function execute(
  steps: readonly RewireStep[],
  signal: AbortSignal,
  deps: ExecutorDependencies,
): Promise<void> {
  using uplinks = new Uplinks(deps.netlink);
  const run: Execution = { ...deps, signal, uplinks, gone: new Set() };
  await getReady(steps, run);
  for (const step of steps) {
    signal.throwIfAborted();
    await handlers[step.kind](step, run);
  }
}

/** Everything that can be opened, asked or compiled is, while every tap is still in its place. */
async function getReady(steps: readonly RewireStep[], run: Execution): Promise<void> {
  for (const step of steps) {
    if (step.kind === 'settle-target')
      await run.integration.ready(AbortSignal.any([run.signal, AbortSignal.timeout(5_000)]));
    if (step.kind === 'settle-legacy') for (const move of step.moves) run.uplinks.open(move);
  }
  await run.ovs.flush(run.signal);
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

/** The moves whose link is still there. */
export function present(step: RewireStep, run: Execution): readonly TapMove[] {
  return step.moves.filter((move) => !run.gone.has(move.tap));
}
