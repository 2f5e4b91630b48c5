/** What a manual page is called, and what it is about. */
export interface PageHead {
  readonly name: string;
  readonly section: 1 | 5 | 8;
  readonly about: string;
  readonly date: string;
  readonly version: string;
}

/** One manual page in the macros of man(7). */
export class ManPage {
  readonly #lines: string[] = [];

  constructor({ name, section, about, date, version }: PageHead) {
    this.#lines.push('.\\" Made by scripts/release from the programs\' own definitions; do not edit.');
    const title = [name.toUpperCase(), String(section), date, `Shunt ${version}`, 'Shunt'];
    this.#lines.push(`.TH ${title.map((word) => `"${prose(word)}"`).join(' ')}`); // a date has to stay one: no literal hyphens
    this.section('NAME');
    this.#lines.push(`${literal(name)} \\- ${prose(about)}`);
  }

  section(title: string): this {
    return this.#heading('SH', title);
  }

  subsection(title: string): this {
    return this.#heading('SS', title);
  }

  /** A paragraph; blank lines begin another. */
  text(text: string): this {
    for (const paragraph of text.split(/\n\s*\n/)) this.#paragraph(textLine(oneLine(paragraph)));
    return this;
  }

  /** A term in bold, and what it means below it. */
  term(term: string, meaning: string): this {
    this.#lines.push('.TP', `\\fB${literal(term)}\\fR`, textLine(oneLine(meaning) || ' '));
    return this;
  }

  /** Lines as they are. */
  block(lines: readonly string[]): this {
    this.#paragraph('.RS 4', '.nf', ...lines.map((line) => guarded(literal(line))), '.fi', '.RE');
    return this;
  }

  /** Help text of a command: paragraphs, and indented lines as they are. */
  help(text: string): this {
    for (const chunk of chunks(text)) {
      if (chunk.indented) this.block(chunk.lines.map((line) => line.replace(/^ {2}/, '')));
      else this.text(chunk.lines.join(' '));
    }
    return this;
  }

  seeAlso(pages: readonly string[]): this {
    this.section('SEE ALSO');
    this.#lines.push(
      pages.map((page) => `\\fB${literal(page.replace(/\(.*/, ''))}\\fR${page.replace(/^[^(]*/, '')}`).join(', '),
    );
    return this;
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #heading(macro: 'SH' | 'SS', title: string): this {
    this.#lines.push(`.${macro} "${literal(title).replaceAll('"', '\\(dq')}"`);
    return this;
  }

  /** A heading has begun one already. */
  #paragraph(...lines: readonly string[]): void {
    const begun = /^\.S[HS] /.test(this.#lines.at(-1) ?? '');
    this.#lines.push(...(begun ? [] : ['.PP']), ...lines);
  }
}

interface Chunk {
  readonly indented: boolean;
  readonly lines: readonly string[];
}

function chunks(text: string): readonly Chunk[] {
  const found: { indented: boolean; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    // A key of YAML or a command begins at the margin of an indented block, or is one: only prose has no colon-led shape.
    const indented = /^\s/.test(line) || /^[A-Za-z]+: +\S+.*( # |$)/.test(line);
    const last = found.at(-1);
    if (last?.indented === indented) last.lines.push(line);
    else found.push({ indented, lines: [line] });
  }
  return found;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** Running text in short lines, as diff and mandoc like them. */
function textLine(text: string): string {
  const lines: string[] = [];
  for (const word of prose(text).split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > 78) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.map(guarded).join('\n');
}

/** A line that begins with a dot or an apostrophe would be a request. */
function guarded(line: string): string {
  return /^[.']|^\\\(aq/.test(line) ? `\\&${line}` : line;
}

const glyphs: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '~': '\\(ti',
  '^': '\\(ha',
  '`': '\\(ga',
  '…': '...',
  '’': "'",
  '“': '\\(lq',
  '”': '\\(rq',
  '–': '\\(en',
  '—': '\\(em',
};

function escaped(text: string, more: Readonly<Record<string, string>>): string {
  return Array.from(text, (char) => {
    const known = more[char] ?? glyphs[char];
    if (known !== undefined) return known;
    const code = char.codePointAt(0) ?? 0;
    return code < 0x80 ? char : `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
  }).join('');
}

/** Text to be copied: hyphens and quotes stay the ASCII ones. */
function literal(text: string): string {
  return escaped(text, { '-': '\\-', "'": '\\(aq' });
}

/** Running text; an option in it is to be copied, too. */
function prose(text: string): string {
  return escaped(text, { "'": '\\(aq' }).replaceAll(/(?<![\w-])-{1,2}(?=[a-z])[a-z-]*/g, (option) =>
    option.replaceAll('-', '\\-'),
  );
}
