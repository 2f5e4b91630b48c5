import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttemptWork } from '../../../agent/cutover/attempt-context.ts';
import { effectHandlers } from '../../../agent/cutover/attempt-effects.ts';
import { isCalm, MemoryAtRest, type ProcessMemory } from '../../../agent/memory-at-rest.ts';
import { isOpen, phases } from '../../../domain/phases.ts';
import { createLogger } from '../../../platform/log.ts';

const logger = createLogger({ name: 't', level: 'silent' });
const longMs = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Memory whose return is ours to finish. */
class SlowMemory implements ProcessMemory {
  readonly said: string[] = [];
  #back = Promise.withResolvers<void>();

  giveBack(): void {
    this.said.push('given back');
  }

  async bringBack(): Promise<void> {
    this.said.push('asked for');
    await this.#back.promise;
    this.said.push('all there');
  }

  come(): void {
    this.#back.resolve();
  }

  fail(): void {
    this.#back.reject(new Error('EAGAIN'));
  }
}

function memoryAtRest(mayRest: () => boolean = () => true) {
  const memory = new SlowMemory();
  return { memory, atRest: new MemoryAtRest({ logger, mayRest, memory }) };
}

describe('memory at rest', () => {
  it('is given back after a calm, once', async () => {
    const { memory, atRest } = memoryAtRest();
    atRest.rest();
    expect(memory.said).toEqual([]);
    await vi.advanceTimersByTimeAsync(longMs);
    expect(memory.said).toEqual(['given back']);
  });

  it('is not given back when something began in between, nor at any time before rest is said again', async () => {
    const { memory, atRest } = memoryAtRest();
    atRest.rest();
    await vi.advanceTimersByTimeAsync(1_000);
    memory.come();
    await atRest.awake();
    await vi.advanceTimersByTimeAsync(longMs);
    expect(memory.said).toEqual(['asked for', 'all there']);
    atRest.rest();
    await vi.advanceTimersByTimeAsync(longMs);
    expect(memory.said.at(-1)).toBe('given back');
  });

  it('is not given back while an attempt is open, whoever says rest: an agent that starts in mid-attempt does', async () => {
    let phase: Parameters<typeof isCalm>[0] = 'verifying';
    const { memory, atRest } = memoryAtRest(() => isCalm(phase));
    for (phase of ['verifying', 'soaking', 'reverting'] as const) {
      atRest.rest();
      await vi.advanceTimersByTimeAsync(longMs);
    }
    expect(memory.said).toEqual([]);
    phase = 'reverted';
    atRest.rest();
    await vi.advanceTimersByTimeAsync(longMs);
    expect(memory.said).toEqual(['given back']);
  });

  it('may rest in no phase in which a step may touch traffic, and not when stuck', () => {
    expect(phases.filter((phase) => isCalm(phase) && isOpen(phase))).toEqual([]);
    expect(['preparing', 'stuck'].filter((phase) => isCalm(phase as (typeof phases)[number]))).toEqual([]); // phases, both
    expect(isCalm(undefined)).toBe(true);
  });

  it('is there before who awakes it goes on', async () => {
    const { memory, atRest } = memoryAtRest();
    const begun = atRest.awake().then(() => memory.said.push('begun'));
    await vi.advanceTimersByTimeAsync(1_000);
    memory.come();
    await begun;
    expect(memory.said).toEqual(['asked for', 'all there', 'begun']);
  });

  it('stops nothing when it cannot be brought back', async () => {
    const { memory, atRest } = memoryAtRest();
    const begun = atRest.awake();
    memory.fail();
    await expect(begun).resolves.toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('stops nothing for longer than a moment when the disk hangs', async () => {
    const { atRest } = memoryAtRest();
    const begun = atRest.awake();
    await vi.advanceTimersByTimeAsync(longMs);
    await expect(begun).resolves.toBeUndefined();
  });

  it('stays during work for others, several at a time, and is given back after it', async () => {
    const { memory, atRest } = memoryAtRest();
    const first = Promise.withResolvers<string>();
    memory.come();
    const one = atRest.during(() => first.promise);
    await expect(atRest.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await vi.advanceTimersByTimeAsync(longMs);
    expect(memory.said).not.toContain('given back');
    first.resolve('answer');
    expect(await one).toBe('answer');
    await vi.advanceTimersByTimeAsync(longMs);
    expect(memory.said.at(-1)).toBe('given back');
  });
});

describe('an attempt', () => {
  it.each(['prepare', 'arm'] as const)('touches nothing in %s before memory is there', async (effect) => {
    const there = Promise.withResolvers<void>();
    const touched: string[] = [];
    const watched = <T extends object>(known: T): T =>
      new Proxy(known, {
        get: (target, name, self) => {
          if (Reflect.has(target, name)) return Reflect.get(target, name, self);
          touched.push(String(name));
          throw new Error(`touched ${String(name)}`);
        },
      });
    const clock = { monotonicMs: () => 0 }; // to know how old the order is by then
    const context = watched({ onBegin: () => there.promise, clock });
    const work = watched({ context, grant: { networks: [], taps: [] } }) as unknown as AttemptWork; // all else is not to be asked for
    const ended = Promise.resolve(effectHandlers[effect](work, new AbortController().signal));
    ended.catch(() => undefined); // below
    await vi.advanceTimersByTimeAsync(longMs);
    expect(touched).toEqual([]);
    there.resolve();
    await expect(ended).rejects.toThrow('touched host');
  });
});
