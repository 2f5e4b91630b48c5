/** `npm run faults` asks for every moment of a row; `npm test` for one that stands for them. */
export const everyMoment = process.env['SHUNT_FAULTS'] === 'thorough';

/** The cases of a row: all of them, or those that `npm test` has time for. */
export function moments<T>(all: readonly T[], representative: (candidate: T) => boolean): readonly T[] {
  if (everyMoment) return all;
  const some = all.filter(representative);
  if (some.length === 0) throw new Error('no case stands for the others: the row would pass without a test');
  return some;
}
