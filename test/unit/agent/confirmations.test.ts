import { describe, expect, it } from 'vitest';
import { Confirmations } from '../../../agent/cutover/confirmations.ts';
import { systemClock } from '../../../platform/clock.ts';
import { ShuntError } from '../../../platform/shunt-error.ts';

const signal = AbortSignal.timeout(5_000);

describe('guests that were announced', () => {
  it('are announced four times more, each for itself', async () => {
    using confirmations = new Confirmations(systemClock);
    const told: string[] = [];
    confirmations.add('tap1', () => told.push('tap1'));
    confirmations.add('tap2', () => told.push('tap2'));
    await confirmations.finished(signal);
    expect(told.toSorted()).toEqual([...Array(4).fill('tap1'), ...Array(4).fill('tap2')]);
  });

  it('keep nobody waiting where the switch has gone away meanwhile', async () => {
    using confirmations = new Confirmations(systemClock);
    confirmations.add('tap1', () => {
      throw new ShuntError('openflow-failed', 'no connection');
    });
    await confirmations.finished(signal);
  });

  it('are left alone once the moves are over, or given up', async () => {
    const confirmations = new Confirmations(systemClock);
    let told = 0;
    confirmations.add('tap1', () => (told += 1));
    confirmations[Symbol.dispose]();
    await confirmations.finished(signal);
    expect(told).toBe(0);
  });
});
