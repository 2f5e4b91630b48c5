/**
 * Works items off, so many at once, each begun in the order given. Results in that order, whichever ends first; what was not begun when it was over
 * has none. Rejects with the first failure, once all that were begun have ended.
 */
export async function sideBySide<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
  isOver: () => boolean,
): Promise<readonly Result[]> {
  const results: { readonly at: number; readonly result: Result }[] = [];
  const waiting = [...items.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined && !isOver(); next = waiting.shift()) {
      const [at, item] = next;
      results.push({ at, result: await work(item) });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results.toSorted((one, other) => one.at - other.at).map(({ result }) => result);
}
