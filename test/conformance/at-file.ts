/**
 * Reads OVS's autotest files: enough of m4 and of the shell to find the vectors in them. Text is one character a byte (latin1), since
 * some vectors are not UTF-8.
 */
export interface AtCall {
  readonly name: string;
  readonly args: readonly string[];
  readonly line: number;
}

/** Calls of these macros in the order of the file, with the outer quotes of their arguments taken off; definitions are skipped. */
export function macroCalls(text: string, names: ReadonlySet<string>): readonly AtCall[] {
  const calls: AtCall[] = [];
  let at = 0;
  while (at < text.length) {
    const token = TOKEN.exec(text.slice(at, at + 200));
    const comment = COMMENT.exec(text.slice(at, at + 5));
    if (comment !== null) at = endOfLine(text, at);
    else if (text[at] === '[') at = closing(text, at) + 1;
    else if (token === null) at++;
    else if (text[at + token[0].length] === '(' && (names.has(token[0]) || token[0] === 'm4_define')) {
      const { args, next } = readArguments(text, at + token[0].length + 1);
      if (names.has(token[0])) calls.push({ name: token[0], args, line: text.slice(0, at).split('\n').length });
      at = next;
    } else at += token[0].length;
  }
  return calls;
}

/** What m4 makes of an argument when it scans it again: quotes off, `dnl` and the few builtins that vectors use done. */
export function expand(text: string): string {
  let result = '';
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at, at + 200);
    const token = TOKEN.exec(rest)?.[0];
    if (text[at] === '[') {
      const end = closing(text, at);
      result += text.slice(at + 1, end);
      at = end + 1;
    } else if (token === 'dnl') at = endOfLine(text, at) + 1;
    else if (token !== undefined && text[at + token.length] === '(' && token in BUILTINS) {
      const { args, next } = readArguments(text, at + token.length + 1);
      result += BUILTINS[token]?.(args) ?? '';
      at = next;
    } else {
      result += token ?? text[at];
      at += token?.length ?? 1;
    }
  }
  return result;
}

/** Elements of an m4 list, with the quotes of each taken off. */
export function splitList(text: string): readonly string[] {
  return readArguments(`${text})`, 0).args;
}

/** Autoconf's names for characters that m4 would take for its own. */
export function quadrigraphs(text: string): string {
  return text
    .replaceAll('@<:@', '[')
    .replaceAll('@:>@', ']')
    .replaceAll('@S|@', '$')
    .replaceAll('@%:@', '#')
    .replaceAll('@&t@', '');
}

/** Words of a shell command, up to its end; quotes of both kinds and backslashes. `rest` is what follows a `;`. */
export function shellWords(command: string): { readonly words: readonly string[]; readonly rest: string } {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < command.length; at++) {
    const char = command[at] ?? '';
    if (char === ';')
      return { words: word === undefined ? words : [...words, word], rest: command.slice(at + 1).trim() };
    if (char === "'") {
      const end = command.indexOf("'", at + 1);
      word = (word ?? '') + command.slice(at + 1, end);
      at = end;
    } else if (char === '\\') {
      at++;
      if (command[at] !== '\n') word = (word ?? '') + (command[at] ?? '');
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  return { words: word === undefined ? words : [...words, word], rest: '' };
}

const TOKEN = /^[A-Za-z_][A-Za-z0-9_]*/;
const COMMENT = /^(?:#|dnl\b)/;
const BUILTINS: Readonly<Record<string, (args: readonly string[]) => string>> = {
  m4_esyscmd: ([command = '']) => printfBytes(expand(command)),
  m4_for: ([, first = '0', last = '0', step = '1', body = '']) => {
    const turns = Math.floor((Number(last) - Number(first)) / Number(step)) + 1;
    return quadrigraphs(body).repeat(turns);
  },
};

/** `printf "\300"`, the only command that vectors run. */
function printfBytes(command: string): string {
  const [, format = ''] = /^printf "(.*)"$/.exec(command) ?? [];
  return format.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function readArguments(text: string, start: number): { readonly args: readonly string[]; readonly next: number } {
  const args: string[] = [];
  let at = skipBlanks(text, start);
  let arg = '';
  for (let depth = 0; at < text.length; ) {
    const char = text[at] ?? '';
    if (char === '[') {
      const end = closing(text, at);
      arg += text.slice(at + 1, end);
      at = end + 1;
      continue;
    }
    if (depth === 0 && char === ')') return { args: [...args, arg], next: at + 1 };
    if (depth === 0 && char === ',') {
      args.push(arg);
      arg = '';
      at = skipBlanks(text, at + 1);
      continue;
    }
    if (COMMENT.test(text.slice(at, at + 5)) && text.startsWith('dnl', at)) {
      at = skipBlanks(text, endOfLine(text, at));
      continue;
    }
    if (char === '(') depth++;
    if (char === ')') depth--;
    arg += char;
    at++;
  }
  return { args: [...args, arg], next: at };
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '[') depth++;
    else if (text[at] === ']' && --depth === 0) return at;
  }
  return text.length;
}

function skipBlanks(text: string, start: number): number {
  let at = start;
  while (/\s/.test(text[at] ?? '')) at++;
  return at;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}
