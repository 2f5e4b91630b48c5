import { describe, expect, it } from 'vitest';
import { sideBySide } from '../../../scripts/faults/side-by-side.ts';

const never = () => false;

/** Work whose end is told from outside, in any order. */
function heldWork() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  const work = (item: string) => {
    const end = Promise.withResolvers<string>();
    begun.push(item);
    ends.set(item, end);
    return end.promise;
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const end = async (item: string) => {
    ends.get(item)?.resolve(`${item} done`);
    await turn();
  };
  const fail = async (item: string) => {
    ends.get(item)?.reject(new Error(`${item} broke`));
    await turn();
  };
  return { begun, work, end, fail };
}

describe('work side by side', () => {
  it('begins the next when one ends, never more at once than asked for, and gives results in order', async () => {
    const { begun, work, end } = heldWork();
    const all = sideBySide(['a', 'b', 'c'], 2, work, never);
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('c');
    await end('a');
    expect(await all).toEqual(['a done', 'b done', 'c done']);
  });

  it('begins nothing more once it is over', async () => {
    const { begun, work, end } = heldWork();
    let over = false;
    const all = sideBySide(['a', 'b'], 1, work, () => over);
    over = true;
    await end('a');
    expect(await all).toEqual(['a done']);
    expect(begun).toEqual(['a']);
  });

  it('tells of a failure after what else was begun has ended', async () => {
    const { begun, work, end, fail } = heldWork();
    const all = sideBySide(['a', 'b'], 2, work, never);
    let told = false;
    const caught = all.catch((error: unknown) => {
      told = true;
      return error;
    });
    await fail('a');
    expect(told).toBe(false);
    await end('b');
    expect(await caught).toEqual(new Error('a broke'));
    expect(begun).toEqual(['a', 'b']);
  });
});
