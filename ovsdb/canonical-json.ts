import { formatReal } from './json-number.ts';

/** JSON as ovsdb-server prints it in its errors: members sorted, no blanks, reals with 15 digits. Not for sending: reals lose digits. */
export function canonicalJson(json: unknown): string {
  if (typeof json === 'number') return Number.isSafeInteger(json) ? String(json) : formatReal(json);
  if (typeof json === 'bigint') return json.toString();
  if (Array.isArray(json)) return `[${json.map(canonicalJson).join(',')}]`;
  if (typeof json === 'object' && json !== null) {
    const members = Object.entries(json).sort(([a], [b]) => compareText(a, b));
    return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${canonicalJson(value)}`).join(',')}}`;
  }
  return JSON.stringify(json) ?? 'null';
}

/** Order of UTF-8's bytes, which is the order of code points; JavaScript's own is that of UTF-16 and differs beyond U+FFFF. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return byCodePoint(left) - byCodePoint(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for what is beyond U+FFFF, so they go behind U+E000 to U+FFFF. */
function byCodePoint(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
