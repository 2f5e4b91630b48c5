/** The numbers that `1,5-7` names, in order, each once. Throws for what is no such list, or not within `1..last`. */
export function selectRows(text: string, last: number): readonly number[] {
  const numbers = text.split(',').flatMap((part) => {
    const [, from, to] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part) ?? [];
    const first = Number(from);
    const end = to === undefined ? first : Number(to);
    if (!(first >= 1 && first <= end && end <= last)) {
      throw new RangeError(`rows '${text}': numbers and ranges of 1 to ${last}, as 1,5-7`);
    }
    return Array.from({ length: end - first + 1 }, (_, index) => first + index);
  });
  return [...new Set(numbers)].toSorted((a, b) => a - b);
}
