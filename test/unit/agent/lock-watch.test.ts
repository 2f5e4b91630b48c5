import { describe, expect, it } from 'vitest';
import { LockWatch } from '../../../agent/host/lock-watch.ts';
import type { LockState } from '../../../ovsdb/lock.ts';

const held: LockState = { kind: 'held' };
const asked: LockState = { kind: 'waiting', queued: false };
const queued: LockState = { kind: 'waiting', queued: true };
const stolen: LockState = { kind: 'lost', why: 'stolen' };
const cutOff: LockState = { kind: 'lost', why: 'connection-lost' };
const released: LockState = { kind: 'released' };

function told(...states: readonly LockState[]): readonly string[] {
  const watch = new LockWatch();
  const heard: string[] = [];
  watch.stolen.subscribe(() => heard.push('stolen'));
  watch.returned.subscribe((taken) => heard.push(taken ? 'returned, was taken' : 'returned'));
  for (const state of states) watch.see(state);
  return heard;
}

describe('the watch over our lock', () => {
  it('has nothing to tell of the first time, whoever was waited for', () => {
    expect(told(asked, held)).toEqual([]);
    expect(told(asked, queued, held)).toEqual([]);
  });

  it('tells a theft at once, and that it is held again by the lock that was made anew', () => {
    expect(told(asked, held, stolen)).toEqual(['stolen']);
    expect(told(asked, held, stolen, released, asked, queued, held)).toEqual(['stolen', 'returned, was taken']);
    expect(told(asked, held, stolen, cutOff, asked, held)).toEqual(['stolen', 'returned, was taken']);
  });

  it('tells it after a lost connection too, and whether somebody was seen to be first', () => {
    expect(told(asked, held, cutOff, asked, queued, cutOff, asked, held)).toEqual(['returned, was taken']);
    expect(told(asked, held, cutOff, asked, held)).toEqual(['returned']);
  });

  it('forgets who had it once it is held', () => {
    expect(told(asked, held, stolen, asked, held, cutOff, asked, held)).toEqual([
      'stolen',
      'returned, was taken',
      'returned',
    ]);
  });
});
