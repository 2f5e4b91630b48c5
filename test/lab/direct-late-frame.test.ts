import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Execution } from '../../agent/cutover/execution.ts';
import { leaveLegacy } from '../../agent/cutover/legacy-side.ts';
import { joinTarget, settleTarget } from '../../agent/cutover/target-side.ts';
import { announcements, toNobody } from '../../agent/host/announcements.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { PlaneLab } from './shunt-plane/plane-lab.ts';

let plane: PlaneLab;
beforeAll(async () => {
  plane = await PlaneLab.up({ hosts: 1, guests: 2, networks: 1 });
});
afterAll(async () => {
  await plane?.[Symbol.asyncDispose]();
});

it('finds a guest again of which a frame was still under way by the old leg when it was announced', async () => {
  const leg = plane.move('g1-1').legacy.provider?.port;
  await cutWithLateFrame('g1-1', async (run) => {
    run.confirmations[Symbol.dispose]();
    // OVN may announce the guest by itself a moment later: then the frame was not late enough.
    const hidden = async () => {
      sendLate(plane.move('g1-1'), run);
      return plane.providerPort(plane.move('g1-1'));
    };
    await expect.poll(hidden).toBe(leg);
  });
  await cutWithLateFrame('g1-2', (run) => run.confirmations.finished(run.signal));
  await expect.poll(() => plane.providerPort(plane.move('g1-2'))).toMatch(/^patch-provnet/);
});

async function cutWithLateFrame(guest: string, afterwards: (run: Execution) => Promise<void>): Promise<void> {
  const { shunt: _, ...move }: TapMove = plane.move(guest);
  const { provider } = move.legacy;
  if (provider === undefined) throw new Error('the lab has a leg to the provider bridge');
  await plane.withExecution([move], async (run) => {
    const step = { batch: 1, moves: [move] };
    await run.providers.open(provider.bridge).ready(run.signal);
    leaveLegacy({ kind: 'leave-legacy', ...step }, run);
    await joinTarget({ kind: 'join-target', ...step }, run);
    await settleTarget({ kind: 'settle-target', ...step }, run);
    sendLate(move, run);
    await afterwards(run);
  });
}

/** A frame of the guest, by the leg that it has left. */
function sendLate(move: TapMove, run: Execution): void {
  const { provider } = move.legacy;
  if (provider === undefined) throw new Error('the lab has a leg to the provider bridge');
  for (const frame of toNobody(announcements(move))) run.providers.inject(provider, frame);
}
