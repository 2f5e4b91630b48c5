import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MessageTimer } from '../../../ovsdb/message-timer.ts';

let late: number;
let timer: MessageTimer;
beforeEach(() => {
  vi.useFakeTimers();
  late = 0;
  timer = new MessageTimer(100, () => (late += 1));
});
afterEach(() => vi.useRealTimers());

describe('the time of a message', () => {
  it('is over when it has begun and not ended, however many pieces of it come', () => {
    timer.update(true, false);
    vi.advanceTimersByTime(60);
    timer.update(true, false);
    vi.advanceTimersByTime(39);
    expect(late).toBe(0);
    vi.advanceTimersByTime(1);
    expect(late).toBe(1);
  });

  it('begins anew with the next one', () => {
    for (let message = 0; message < 5; message += 1) {
      timer.update(true, message > 0);
      vi.advanceTimersByTime(80);
    }
    expect(late).toBe(0);
  });

  it('does not run where every message has ended, or the session has', () => {
    timer.update(true, false);
    timer.update(false, true);
    vi.advanceTimersByTime(1_000);
    timer.update(true, false);
    timer.stop();
    vi.advanceTimersByTime(1_000);
    expect(late).toBe(0);
  });
});
