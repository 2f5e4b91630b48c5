import { describe, expect, it } from 'vitest';
import { Fights, fightPauseMs } from '../../../agent/guard/fights.ts';

function rounds(
  fights: Fights,
  tap: string,
  count: number,
  { everyMs, fromMs = 0 }: { everyMs: number; fromMs?: number },
) {
  return Array.from({ length: count }, (_, round) => fights.begin(tap, fromMs + round * everyMs));
}

describe('a fight over a tap', () => {
  it('ends after ten rounds within a minute, and is told of once', () => {
    const turns = rounds(new Fights(), 'tap1', 13, { everyMs: 100 });
    expect(turns).toEqual([...Array.from({ length: 10 }, () => 'go'), 'gave-up', 'paused', 'paused']);
  });

  it('is none where rounds are few and far between', () => {
    expect(new Set(rounds(new Fights(), 'tap1', 100, { everyMs: 7_000 }))).toEqual(new Set(['go']));
  });

  it('begins anew after the pause', () => {
    const fights = new Fights();
    rounds(fights, 'tap1', 11, { everyMs: 0 });
    expect(fights.begin('tap1', fightPauseMs - 1)).toBe('paused');
    expect(rounds(fights, 'tap1', 11, { everyMs: 1, fromMs: fightPauseMs }).at(-1)).toBe('gave-up');
  });

  it('is one tap’s alone, and over when we move that tap ourselves', () => {
    const fights = new Fights();
    rounds(fights, 'tap1', 11, { everyMs: 0 });
    expect(fights.begin('tap2', 0)).toBe('go');
    fights.forget('tap1');
    expect(fights.begin('tap1', 0)).toBe('go');
  });
});
