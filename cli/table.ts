import { stripVTControlCharacters } from 'node:util';
import type { Style } from './style.ts';

/** A column; numbers stand to the right. */
export interface Column {
  readonly head: string;
  readonly align?: 'right';
}

/** Aligned columns, two spaces apart, no trailing blanks. Cells may be coloured. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string {
  const width = (text: string) => stripVTControlCharacters(text).length;
  const widths = columns.map(({ head }, at) =>
    rows.reduce((max, row) => Math.max(max, width(row[at] ?? '')), head.length),
  );
  const pad = (text: string, at: number) => {
    const blanks = ' '.repeat((widths[at] ?? 0) - width(text));
    return columns[at]?.align === 'right' ? blanks + text : text + blanks;
  };
  const line = (cells: readonly string[]) => cells.map(pad).join('  ').trimEnd();
  return [style.dim(line(columns.map(({ head }) => head))), ...rows.map(line)].join('\n');
}

/** Lines of `name: value`, values aligned. */
export function renderFacts(facts: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...facts.map(([name]) => name.length)) + 1;
  return facts.map(([name, value]) => `${`${name}:`.padEnd(width)} ${value}`.trimEnd()).join('\n');
}
