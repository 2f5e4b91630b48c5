import { expect, it } from 'vitest';
import { KeptUp } from '../../../agent/guard/kept-up.ts';
import type { NetlinkOperation } from '../../../platform/native/netlink-operations.ts';

function keptUp() {
  const done: NetlinkOperation[] = [];
  const clock = { nowMs: 1_000 };
  const netlink = {
    apply: (operations: readonly NetlinkOperation[]) => {
      done.push(...operations);
      return operations.map(() => ({ kind: 'done' }) as const);
    },
  };
  return { kept: new KeptUp(netlink, () => clock.nowMs), done, clock };
}

const down = { name: 'tap1', ifindex: 7, up: false };

it('sets a tap up that is down just after it was put back, each time', () => {
  const { kept, done, clock } = keptUp();
  kept.begin('tap1');
  kept.look(down);
  clock.nowMs += 10_000;
  kept.look(down);
  expect(done).toEqual([
    { kind: 'set-up', link: 7 },
    { kind: 'set-up', link: 7 },
  ]);
});

it.each([
  ['that is up', { ...down, up: true }, 0],
  ['that was put back long ago: somebody wants it down', down, 10_001],
  ['that was not put back', { ...down, name: 'tap2' }, 0],
  ['that is gone', undefined, 0],
])('leaves a tap alone %s', (_which, link, laterMs) => {
  const { kept, done, clock } = keptUp();
  kept.begin('tap1');
  clock.nowMs += laterMs;
  kept.look(link);
  expect(done).toEqual([]);
});
