/**
 * The product's own direct cut and revert, without journal and probes: what is measured is the rewiring. Runs in a hypervisor's
 * namespace with one persistent OVSDB connection, as the agent does.
 */
import { execute } from '../../agent/cutover/rewire-executor.ts';
import type { TapTarget } from '../../domain/network-model.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import { cutSteps, planMoves } from '../../domain/rewire/plan-cut.ts';
import { judgeRestore, restoreSteps } from '../../domain/rewire/plan-restore.ts';
import { type CutterHost, serveCutter } from './cutter-host.ts';

export interface CutterRequest {
  readonly op: 'cut' | 'revert';
  readonly taps: readonly TapTarget[];
  readonly batchSize: number;
}

const epoch = 1;
const limitMs = 30_000;
const moved = new Map<string, TapMove>();

async function perform({ op, taps, batchSize }: CutterRequest, host: CutterHost): Promise<void> {
  const facts = host.facts();
  if (op === 'cut') {
    const { moves, problems } = planMoves({ epoch, direction: 'forward', taps }, facts);
    if (problems[0] || moves.length !== taps.length)
      throw new Error(problems[0]?.message ?? 'some taps were moved already');
    for (const move of moves) moved.set(move.tap, move);
    return execute(cutSteps(moves, 'forward', batchSize), AbortSignal.timeout(limitMs), host.deps);
  }
  const moves = taps.flatMap(({ tap }) => moved.get(tap) ?? []);
  const cases = judgeRestore({ direction: 'forward', epoch, moves }, facts);
  return execute(restoreSteps(cases, 'forward', batchSize), AbortSignal.timeout(limitMs), host.deps);
}

await serveCutter(process.argv.slice(2), perform);
