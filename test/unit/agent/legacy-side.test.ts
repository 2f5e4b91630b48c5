import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { confirmLegacy, joinLegacy, settleLegacy } from '../../../agent/cutover/legacy-side.ts';
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

/** A host that announces one guest, whose tap goes away after so many looks at it. */
function host(looks: number) {
  const told: string[] = [];
  const gone: string[] = [];
  let left = looks;
  const run = {
    gone: new Set<string>(),
    signal: AbortSignal.timeout(10_000),
    clock: { monotonicMs: () => 0 },
    onStage: () => undefined,
    onGone: ({ tap }: { tap: string }) => gone.push(tap),
    frames: new Map([['tap1', [Buffer.alloc(60)]]]),
    uplinks: { send: ({ tap }: { tap: string }) => told.push(tap) },
    ovs: { nextCfg: 1, settled: false, acted: () => Promise.resolve() },
    netlink: {
      link: () => {
        left -= 1;
        return left >= 0 ? { name: 'tap1' } : undefined;
      },
      apply: () => [{ kind: 'done' }],
    },
  };
  const step = { moves: [move] } as unknown as JoinArguments[0];
  return { run: run as unknown as JoinArguments[1], step, told, gone };
}

it('tells of a guest again and again where it is, as long as it is there', async () => {
  const { run, step, told, gone } = host(Number.POSITIVE_INFINITY);
  await confirmLegacy(step, run);
  expect([told.length, gone]).toEqual([5, []]);
});

it('tells nobody of a guest whose tap went meanwhile: it may be on another hypervisor, and its frames would come here', async () => {
  const { run, step, told, gone } = host(2);
  await confirmLegacy(step, run);
  expect([told.length, gone]).toEqual([2, ['tap1']]);
  const settled = host(0);
  await settleLegacy(settled.step, settled.run);
  expect([settled.told.length, settled.gone]).toEqual([1, ['tap1']]); // the first is of the moment at which it joined
});
