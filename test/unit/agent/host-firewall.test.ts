import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostFirewall } from '../../../agent/guard/host-firewall.ts';
import type { Host } from '../../../agent/host/host.ts';
import type { Claim } from '../../../agent/journal/claims.ts';
import { legsOf } from '../../../agent/shunt/gate.ts';
import { shuntMove } from '../domain-rewire/shunt-model.ts';

const move = shuntMove('a');
const claim: Claim = { epoch: 3, bootId: 'boot', place: 'staged', move };
const host = {
  ovs: { lockHeld: true },
  netlink: { link: () => ({}) },
  plane: { isWhole: () => true, listed: () => (move.shunt === undefined ? '' : `"${legsOf(move.shunt).v}"`) },
} as unknown as Host; // all that it looks at where its own gates stand

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Looks, each 1.5 s after the other, at filters of these generations: at which of them it ran what shows them. */
async function looks(generations: readonly (number | undefined)[], missing = false) {
  const told: string[] = [];
  const ran: number[] = [];
  let look = 0;
  using firewall = new HostFirewall({
    host,
    claims: () => new Map([[move.tap, claim]]),
    writers: { gatesPutBack: async (_claim, what) => void told.push(what) },
    filters: {
      generation: () => generations[look],
      accept: async () => {
        ran.push(look);
        return missing;
      },
    },
    onError: (error) => expect.unreachable(String(error)),
  });
  firewall.begin();
  for (look = 0; look < generations.length; look += 1) await vi.advanceTimersByTimeAsync(1_500);
  return { ran, told };
}

describe('what else filters on a host with guests on a shunt', () => {
  it('is looked at when the kernel tells that it was changed, and now and then', async () => {
    expect(await looks([5, 5, 5, 6, 6, 6])).toMatchObject({ ran: [0, 3] });
    expect(await looks(Array.from({ length: 14 }, () => 5))).toMatchObject({ ran: [0, 6, 13] });
  });

  it('is looked at now and then where the kernel does not tell', async () => {
    expect(await looks(Array.from({ length: 14 }, () => undefined))).toMatchObject({ ran: [6, 13] });
  });

  it('is told where it did not let frames pass our legs any more', async () => {
    expect(await looks([5, 5], true)).toMatchObject({
      told: ['the rules that let frames pass the legs of shunts were gone'],
    });
  });
});
