/**
 * Takes the escapes out of what stands between the quotes of a JSON string, by ovsdb-server's rules: no NUL, a leading surrogate is
 * followed by a trailing one. A trailing one alone passes. `fault` has ovsdb-server's words.
 */
export function readEscapes(raw: string): { readonly text: string } | { readonly fault: string } {
  let text = '';
  let from = 0;
  for (let at = raw.indexOf('\\'); at !== -1; at = raw.indexOf('\\', from)) {
    text += raw.slice(from, at);
    const letter = raw[at + 1];
    if (letter === undefined) return { fault: 'quoted string may not end with backslash' };
    from = at + 2;
    if (letter === 'u') {
      const unit = readUnicode(raw, from);
      if (typeof unit === 'string') return { fault: unit };
      text += unit.text;
      from = unit.next;
    } else {
      const plain = PLAIN_ESCAPES[letter];
      if (plain === undefined) return { fault: `bad escape \\${letter}` };
      text += plain;
    }
  }
  return { text: text + raw.slice(from) };
}

/** What is wrong with text as a string of the database, in ovsdb-server's words; undefined for well-formed text. */
export function utf8Fault(text: string): string | undefined {
  if (text.isWellFormed()) return undefined;
  const lone = LONE_SURROGATE.exec(text)?.[0].charCodeAt(0) ?? 0;
  // UTF-8 would write a surrogate as 0xed, then 0xa0 to 0xbf, which it does not allow there.
  return `invalid UTF-8 sequence 0xed 0x${(0x80 | ((lone >> 6) & 0x3f)).toString(16)}`;
}

/** The first sequence of bytes that is not UTF-8, in ovsdb-server's words; undefined when all are. */
export function utf8BytesFault(bytes: Uint8Array): string | undefined {
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] ?? 0;
    const form = UTF8_FORMS.find(([[low, high]]) => lead >= low && lead <= high);
    let length = 1;
    let fits = form !== undefined;
    while (fits && form !== undefined && length < form.length) {
      const [low, high] = form[length] ?? [0, 0];
      const byte = bytes[at + length] ?? 0;
      fits = byte >= low && byte <= high;
      length++;
    }
    if (!fits) {
      const shown = Array.from({ length }, (_, n) => ` 0x${(bytes[at + n] ?? 0).toString(16).padStart(2, '0')}`);
      return `invalid UTF-8 sequence${shown.join('')}`;
    }
    at += length;
  }
  return undefined;
}

const PLAIN_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const HEX4 = /^[0-9a-fA-F]{4}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
type Range = readonly [low: number, high: number];
const TAIL: Range = [0x80, 0xbf];
/** RFC 3629 section 4. */
const UTF8_FORMS: readonly (readonly [Range, ...Range[]])[] = [
  [[0x00, 0x7f]],
  [[0xc2, 0xdf], TAIL],
  [[0xe0, 0xe0], [0xa0, 0xbf], TAIL],
  [[0xe1, 0xec], TAIL, TAIL],
  [[0xed, 0xed], [0x80, 0x9f], TAIL],
  [[0xee, 0xef], TAIL, TAIL],
  [[0xf0, 0xf0], [0x90, 0xbf], TAIL, TAIL],
  [[0xf1, 0xf3], TAIL, TAIL, TAIL],
  [[0xf4, 0xf4], [0x80, 0x8f], TAIL, TAIL],
];

function readUnicode(raw: string, at: number): { readonly text: string; readonly next: number } | string {
  const first = readHex4(raw, at);
  if (typeof first === 'string') return first;
  if (first < 0xd800 || first > 0xdbff) return { text: String.fromCharCode(first), next: at + 4 };
  if (raw.slice(at + 4, at + 6) !== '\\u') return 'malformed escaped surrogate pair';
  const second = readHex4(raw, at + 6);
  if (typeof second === 'string') return second;
  if (second < 0xdc00 || second > 0xdfff) return 'second half of escaped surrogate pair is not trailing surrogate';
  return { text: String.fromCharCode(first, second), next: at + 10 };
}

function readHex4(raw: string, at: number): number | string {
  const digits = raw.slice(at, at + 4);
  if (digits.length < 4) return 'quoted string ends within \\u escape';
  if (!HEX4.test(digits)) return 'malformed \\u escape';
  return Number.parseInt(digits, 16) || 'null bytes not supported in quoted strings';
}
