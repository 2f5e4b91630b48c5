import { matchAt, type QuotedSpan, QuotedSpans } from './quoted-spans.ts';

/** Where the value of a key that is called like a secret stands in a text. */
export type SecretSpan = QuotedSpan;

/** Names of keys whose values nobody else may read. `psk`: Open vSwitch's tunnels with IPsec have it in a row. `pass`: of flags alone, for verdicts are called so. */
const secretName =
  '(?:passw(?:or)?d|passphrase|secret|token|credential|api[_-]?key|private[_-]?key|psk|nkey|jwt|seed|(?<=--[A-Za-z0-9_-]{0,64})pass)[A-Za-z0-9_-]{0,128}';

/** Of a command line: behind a flag, and behind the word alone. A quote that ends a string begins no value. */
const blank = `[ \\t]{1,8}(?!--|\\\\*["'](?:[\\s,:;}\\])]|$))(?=\\S)`;
const ofCommands = `(?=[ \\t])(?:(?<=--[A-Za-z0-9_-]{0,224})${blank}|(?<=(?<![A-Za-z0-9_-])(?:passw(?:or)?d|passphrase))(${blank}))`;

/**
 * `key: `, `key=`, `"key":`, also where quotes are escaped; `"key",` of a map in the JSON of OVSDB; `--key ` and `password ` of a command line. What stands
 * before the word does not matter.
 */
const names = `${secretName}(?:(?:\\\\*["'])?\\s*([:=])[ \\t]*|\\\\*"\\s*,\\s*(?=\\\\*")|${ofCommands})`;

/**
 * Values of keys that are called like secrets, in their order, none within another. Rather too long than too short: what a reader of YAML, JSON, a
 * shell or a log could take for a part of it is one. Reads each character a bounded number of times, whatever the text is.
 */
export function* secretSpans(text: string): Generator<SecretSpan> {
  const name = new RegExp(names, 'gi');
  const quotes = new QuotedSpans(text);
  for (let found = name.exec(text); found !== null; found = name.exec(text)) {
    const [, separator, mayBeProse] = found;
    const value = valueAt(text, { from: name.lastIndex, name: found.index, separator }, quotes);
    const span = mayBeProse === undefined ? value : wordOfProse(text, value);
    if (!isSecret(text.slice(span.from, span.to))) continue; // it may hold others that are
    yield span;
    name.lastIndex = span.to;
  }
}

/** What stands there instead of a secret. */
export const gone = '<redacted>';

/** A flag or a small number is none. */
function isSecret(value: string): boolean {
  return value !== '' && value !== gone && !/^(?:true|false|null|\d{1,5}|~),?$/.test(value);
}

/** Nothing is known of what it is elsewhere, and the lines below are others'. */
function wordOfProse(text: string, { from, to }: SecretSpan): SecretSpan {
  const [line = ''] = text.slice(from, to).split(/\r?\n/, 1);
  return { from, to: from + line.length, isOpen: true };
}

interface Place {
  readonly from: number;
  /** Where its name begins, or the last part of it. */
  readonly name: number;
  readonly separator: string | undefined;
}

function valueAt(text: string, { from, name, separator }: Place, quotes: QuotedSpans): SecretSpan {
  const column = separator === ':' ? keyColumn(text, name) : undefined;
  const header = separator === ':' ? matchAt(/([|>][-+0-9]{0,2}[ \t]*)?(?:#[^\n]*)?\r?(?=\n)/y, text, from) : null;
  if (header === null)
    return valueFrom(text, from, quotes) ?? (column === undefined ? wordFrom(text, from) : lineFrom(text, from));
  const start = contentBelow(text, from + header[0].length, column ?? 0);
  const isBlock = header[1] !== undefined;
  const none = { from, to: from };
  if (start === undefined || (!isBlock && isKey(text, start))) return none;
  return (
    (isBlock ? undefined : valueFrom(text, start, quotes)) ?? { from: start, to: blockEnd(text, start, column ?? 0) }
  );
}

/** Of a value that tells by its first characters where it ends; none of a path, where a secret lies, nor of a list or a map, whatever is in it. */
function valueFrom(text: string, from: number, quotes: QuotedSpans): SecretSpan | undefined {
  const quoted = matchAt(/(\\*)(["'])/y, text, from);
  const first = from + (quoted?.[0].length ?? 0);
  if ('/[{'.includes(text[first] ?? ' ')) return { from, to: from };
  if (quoted === null) return undefined;
  return quotes.spanFrom(first, { mark: quoted[2] ?? '"', depth: quoted[1]?.length ?? 0 });
}

function isKey(text: string, at: number): boolean {
  return matchAt(/- |["']?[\w.-]+["']?:(?:\s|$)/y, text, at) !== null;
}

/** To white space, or to a quote behind which the string around it is over; without what closes brackets and lists. */
function wordFrom(text: string, from: number): SecretSpan {
  const word = /[^\s"']*/y;
  word.lastIndex = from;
  let to = from;
  for (;;) {
    word.exec(text);
    to = word.lastIndex;
    if (!matchAt(/["'](?!\s|[,:;}\])]|$)/y, text, to)) break;
    word.lastIndex = to + 1;
  }
  while (to > from && ',;}])\\'.includes(text[to - 1] ?? '')) to -= 1;
  return { from, to };
}

/** A plain scalar of YAML: to the end of the line, or to a comment. */
function lineFrom(text: string, from: number): SecretSpan {
  const line = matchAt(/[^\n]*/y, text, from)?.[0] ?? '';
  const comment = line.search(/[ \t]#/);
  return { from, to: from + (comment < 0 ? line : line.slice(0, comment)).trimEnd().length };
}

/** Behind the white space that begins here, where that ends in a line that is further in than a key; undefined: it does not, or nothing follows. */
function contentBelow(text: string, from: number, column: number): number | undefined {
  const at = from + (matchAt(/\s*/y, text, from)?.[0].length ?? 0);
  const indent = at - 1 - text.lastIndexOf('\n', at - 1);
  return at < text.length && indent > column ? at : undefined;
}

/** A block scalar of YAML: the lines that are further in than its key, and empty ones between them. */
function blockEnd(text: string, from: number, column: number): number {
  const line = /[^\n]*/y;
  line.lastIndex = from;
  for (;;) {
    line.exec(text);
    const end = line.lastIndex;
    const next = contentBelow(text, end, column);
    if (next === undefined) return text[end - 1] === '\r' ? end - 1 : end;
    line.lastIndex = next;
  }
}

/** Of the key that begins its line, behind the dashes of lists; undefined: something else stands before it. */
function keyColumn(text: string, name: number): number | undefined {
  let start = name;
  while (start > 0 && name - start < keyLengthMax && /[\w."'-]/.test(text[start - 1] ?? '')) start -= 1;
  const key = start;
  while (start > 0 && key - start < keyLengthMax && /[ \t-]/.test(text[start - 1] ?? '')) start -= 1;
  const isFirst = start === 0 || text[start - 1] === '\n';
  return isFirst ? key - start : undefined;
}

/** Of what stands before the word in a key, and of its indentation. */
const keyLengthMax = 256;
