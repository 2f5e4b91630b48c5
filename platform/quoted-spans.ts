/** A part of a text. */
export interface Span {
  readonly from: number;
  /** One behind the last character. */
  readonly to: number;
}

/** The value behind a quote. */
export interface QuotedSpan extends Span {
  /** Nobody knows whether it is the value: no quote ends it, and it is what its line has left, or it follows a word of prose. */
  readonly isOpen?: true;
}

/** The first quote of a value, or of such as are like it. */
export interface Quote {
  readonly mark: string;
  /** Backslashes before it. */
  readonly depth: number;
}

/** Characters of a quoted value that is longer than its line; a private key of 16,384 bits has 13,000. */
const linesCharsMax = 16_384;

/** Where quoted values of one text end. Asked from its beginning to its end it reads each character a bounded number of times. */
export class QuotedSpans {
  readonly #text: string;
  readonly #strings: Generator<Span, undefined>;
  /** Where it was found that no such quote ends anything. */
  readonly #without = new Map<string, Span>();
  #string: Span | undefined;
  #line: Span = { from: 0, to: -1 };

  constructor(text: string) {
    this.#text = text;
    this.#strings = stringsOf(text);
    this.#string = this.#strings.next().value;
  }

  /**
   * To the quote that ends what begins at `from`; to the end of its line where there is none, or only one that is too far away. What a `'` begins
   * in a string of JSON is over with that string.
   */
  spanFrom(from: number, quote: Quote): QuotedSpan {
    const string = quote.mark === "'" ? this.#stringAround(from) : undefined;
    const lineEnd = string?.to ?? this.#lineEnd(from);
    const end = closingQuote(this.#text, quote, { from, to: lineEnd });
    if (end !== undefined) return { from, to: end };
    if (this.#text[lineEnd] === '"') return { from, to: lineEnd };
    const below = this.#closingBelow(quote, { from: lineEnd, to: from + linesCharsMax });
    if (below !== undefined) return { from, to: below };
    return { from, to: lineEnd > from && this.#text[lineEnd - 1] === '\r' ? lineEnd - 1 : lineEnd, isOpen: true };
  }

  #lineEnd(at: number): number {
    if (at < this.#line.from || at > this.#line.to) {
      const to = this.#text.indexOf('\n', at);
      this.#line = { from: at, to: to < 0 ? this.#text.length : to };
    }
    return this.#line.to;
  }

  #stringAround(at: number): Span | undefined {
    while (this.#string !== undefined && this.#string.to < at) this.#string = this.#strings.next().value;
    return this.#string !== undefined && this.#string.from <= at ? this.#string : undefined;
  }

  /** From the end of a line on; never reads twice where it found none. */
  #closingBelow(quote: Quote, { from, to }: Span): number | undefined {
    const key = `${quote.depth}${quote.mark}`;
    const known = this.#without.get(key);
    const isKnown = known !== undefined && known.from <= from && from < known.to;
    const rest = { from: isKnown ? known.to : from, to };
    if (rest.from >= to) return undefined;
    while (/["'\\]/.test(this.#text[rest.to] ?? '')) rest.to += 1; // quotes that stand together are understood together
    const end = closingQuote(this.#text, quote, rest);
    if (end === undefined) this.#without.set(key, { from: isKnown ? known.from : from, to: rest.to });
    return end;
  }
}

/**
 * The quote that ends a value has as many backslashes before it as the first one, or more by such as are escaped themselves. One that is followed by
 * a letter or by another of its kind ends nothing: `'it''s'`, `'it'\''s'`.
 */
function closingQuote(text: string, { mark, depth }: Quote, { from, to }: Span): number | undefined {
  const part = text.slice(0, to);
  const quotes = mark === '"' ? /(\\*)"/g : /(\\*)'/g;
  quotes.lastIndex = from;
  for (let found = quotes.exec(part); found !== null; found = quotes.exec(part)) {
    const backslashes = found[1]?.length ?? 0;
    if (backslashes < depth) return found.index; // the string around it ends here
    const isEscaped = (backslashes - depth) % (2 * (depth + 1)) !== 0;
    const pair = matchAt(mark === '"' ? /\\*"(?=\w)/y : /'|\\''/y, text, quotes.lastIndex);
    if (pair) quotes.lastIndex += pair[0].length;
    else if (!isEscaped && !matchAt(/\w/y, text, quotes.lastIndex)) return quotes.lastIndex - 1 - depth;
  }
  return undefined;
}

/** What is between double quotes, as in JSON: to the first one without a backslash, or to the end of the line. */
function* stringsOf(text: string): Generator<Span, undefined> {
  const begin = /(?:^|[{[(,:=])[ \t]*"/gm;
  const end = /\\.|"(?=[\s,:;}\])]|$)|\n/g;
  while (begin.exec(text) !== null) {
    const from = begin.lastIndex;
    end.lastIndex = from;
    let found = end.exec(text);
    while (found?.[0].startsWith('\\')) found = end.exec(text);
    yield { from, to: found?.index ?? text.length };
    if (found === null) return;
    begin.lastIndex = end.lastIndex;
  }
}

export function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
