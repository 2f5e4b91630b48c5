import type { TapMove } from '../../domain/rewire/moves.ts';
import type { RewireStep, RewireStepKind } from '../../domain/rewire/steps.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import { announcements } from '../host/announcements.ts';
import { shuntHandlers } from '../shunt/handlers.ts';
import { midonetHandlers } from '../sources/midonet.ts';
import { reparentHandlers } from '../sources/ovs-reparent.ts';
import { Confirmations } from './confirmations.ts';
import type { Execution, ExecutorDependencies, StepHandler } from './execution.ts';
import { confirmLegacy, joinLegacy, leaveLegacy, settleLegacy } from './legacy-side.ts';
import { joinTarget, leaveTarget, rehearseJoin, settleTarget } from './target-side.ts';
import { Uplinks } from './uplinks.ts';

/** Open vSwitch's database is waited for this long before the first step; on a way back nobody else bounds it. */
const reachTimeoutMs = 30_000;

const handlers = {
  'leave-legacy': leaveLegacy,
  'join-target': joinTarget,
  'settle-target': settleTarget,
  'leave-target': leaveTarget,
  'join-legacy': joinLegacy,
  'settle-legacy': settleLegacy,
  'confirm-legacy': confirmLegacy,
  'checkpoint': checkpoint,
  ...shuntHandlers,
  ...reparentHandlers,
  ...midonetHandlers,
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
  using uplinks = new Uplinks(deps.netlink, deps.providers);
  const frames = new Map(steps.flatMap((step) => step.moves.map((move) => [move.tap, announcements(move)] as const)));
  using confirmations = new Confirmations(deps.clock);
  const fence = fenceOf(deps);
  const netlink = deps.leftMs === undefined ? deps.netlink : deps.netlink.fenced(fence);
  const run: Execution = { ...deps, netlink, fence, signal, uplinks, frames, confirmations, gone: new Set() };
  await getReady(steps, run);
  for (const step of steps) {
    signal.throwIfAborted();
    fence();
    await handlers[step.kind](step, run);
  }
  await confirmations.finished(signal);
}

/**
 * A process may be stopped for as long as it likes, and go on in the middle of a step when a dead man has long taken the attempt back. Open vSwitch's database then
 * refuses it by the lock, which is never taken again on the way forward; links and gates have no such thing, so the clock is asked right before each change. What is
 * accepted: being stopped for the whole of the dead man's grace between that question and the system call behind it.
 */
function fenceOf({ leftMs, lockKept }: ExecutorDependencies): () => void {
  if (leftMs === undefined) return () => undefined;
  return () => {
    if (lockKept?.() === false)
      throw new ShuntError(
        'lock-lost',
        'somebody took the lock of this attempt: nothing more is changed on the way forward',
      );
    if (leftMs() > 0) return;
    throw new ShuntError('timed-out', 'the deadline has passed: nothing more is changed on the way forward');
  };
}

/**
 * Writes down that these taps are in their place. Writing may take long, and who takes an attempt back by hand does not wait for its deadline: whatever the
 * database has told meanwhile of the lock is heard before the next tap is touched. A lock that was taken and let go again would be ours as if nothing had been.
 */
async function checkpoint(step: RewireStep, run: Execution): Promise<void> {
  run.checkpoint(
    step.batch,
    step.moves.map((move) => move.tap),
  );
  if (run.isForward !== true) return;
  await run.ovs.flush(AbortSignal.any([run.signal, AbortSignal.timeout(reachTimeoutMs)]));
}

/**
 * Everything that can be opened, asked or compiled is, while every tap is still in its place: code that runs for the first time costs
 * milliseconds.
 */
async function getReady(steps: readonly RewireStep[], run: Execution): Promise<void> {
  for (const step of steps) {
    if (step.kind === 'settle-target')
      await run.integration.ready(AbortSignal.any([run.signal, AbortSignal.timeout(5_000)]));
    if (step.kind === 'settle-legacy' || step.kind === 'settle-reparented')
      for (const move of step.moves) await run.uplinks.open(move, run.signal);
  }
  const [move] = steps.flatMap((step) => step.moves);
  if (move !== undefined) warmUp(move, run);
  await run.ovs.flush(AbortSignal.any([run.signal, AbortSignal.timeout(reachTimeoutMs)]));
}

function warmUp(move: TapMove, run: Execution): void {
  const link = run.netlink.link(move.tap);
  if (link !== undefined) run.netlink.apply([{ kind: 'set-mtu', link: link.ifindex, mtu: link.mtu }]); // what it is already
  const [frame] = run.frames.get(move.tap) ?? [];
  if (frame === undefined) return;
  if (run.integration.connected) run.integration.warm(frame);
  run.uplinks.warm(move, frame);
  rehearseJoin(move, run);
}
