import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { joinLegacy } from '../../../agent/cutover/legacy-side.ts';
import type { TapMove } from '../../../domain/rewire/moves.ts';
import { errnoName } from '../../../platform/native/libc.ts';

type JoinArguments = Parameters<typeof joinLegacy>;

const move = { tap: 'tap1', mac: 'fa:16:3e:00:00:01', legacy: { bridge: 'brq1' } } as unknown as TapMove;

/** A kernel that refuses the new master with these errors, one a try, and then takes it. */
function kernel(refusals: string[]) {
  const stages: string[] = [];
  const run = {
    gone: new Set<string>(),
    signal: AbortSignal.timeout(10_000),
    clock: { monotonicMs: () => 0 },
    onStage: ({ name }: { name: string }) => stages.push(name),
    netlink: {
      link: () => ({ name: 'tap1' }),
      apply: () => {
        const errno = refusals.shift();
        return [errno === undefined ? { kind: 'done' } : { kind: 'failed', errno, message: '' }, { kind: 'done' }];
      },
    },
  };
  const join = () => joinLegacy({ moves: [move] } as unknown as JoinArguments[0], run as unknown as JoinArguments[1]);
  return { join, stages };
}

it.each([errnoName(constants.errno.EOPNOTSUPP), errnoName(constants.errno.EBUSY)])(
  'puts a tap back once the kernel datapath has let go of it: %s until then',
  async (errno) => {
    const { join, stages } = kernel([errno, errno, errno]);
    await join();
    expect(stages).toEqual(['joined']);
  },
);

it('fails at once for what will not pass', async () => {
  const { join, stages } = kernel(['EPERM']);
  await expect(join()).rejects.toMatchObject({ code: 'netlink-failed' });
  expect(stages).toEqual([]);
});
