import { expand, macroCalls, quadrigraphs, shellWords } from './at-file.ts';

/** One check of an autotest file: what to run, and what must come of it. */
export interface Vector {
  readonly title: string;
  readonly line: number;
  readonly run: VectorRun;
  readonly expect: VectorExpectation;
}
export type VectorRun =
  | { readonly program: 'test-ovsdb'; readonly args: readonly Buffer[]; readonly trailer: string }
  | { readonly program: 'test-json'; readonly input: Buffer; readonly multiple: boolean };
export interface VectorExpectation {
  readonly status: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** A part of what is printed on stderr. */
  readonly stderrHas?: string;
  /** The place is taken out of `error: place: words`. */
  readonly withoutPlace?: boolean;
}

/** All vectors of a file that are for the C programs; those for Python alone, and those that need a server, are left out. */
export function vectorsOf(bytes: Buffer): readonly Vector[] {
  const vectors: Vector[] = [];
  let setup = '';
  for (const { name, args, line } of macroCalls(bytes.toString('latin1'), MACROS)) {
    const [title = ''] = args;
    if (name === 'AT_SETUP') setup = title;
    else if (name === 'AT_CHECK') vectors.push(...plainCheck(setup, args, line));
    else if (name.startsWith('JSON_')) vectors.push(jsonVector(name, args, line));
    else {
      const command = args[1] ?? '';
      vectors.push(ovsdbVector(name, args, { title, line, command }));
      if (!name.endsWith('_IDX')) continue;
      const indexed = command.replaceAll('"columns":', `"indexes": [${args[5] ?? ''}], "columns":`);
      vectors.push(ovsdbVector(name, args, { title: `indexed ${title}`, line, command: indexed }));
    }
  }
  return vectors;
}

const MACROS = new Set([
  'AT_SETUP',
  'AT_CHECK',
  'OVSDB_CHECK_POSITIVE',
  'OVSDB_CHECK_POSITIVE_CPY',
  'OVSDB_CHECK_POSITIVE_IDX',
  'OVSDB_CHECK_NEGATIVE',
  'OVSDB_CHECK_NEGATIVE_CPY',
  'JSON_CHECK_POSITIVE',
  'JSON_CHECK_POSITIVE_C',
  'JSON_CHECK_NEGATIVE',
  'JSON_CHECK_NEGATIVE_C',
]);

function ovsdbVector(
  name: string,
  args: readonly string[],
  { title, line, command }: { readonly title: string; readonly line: number; readonly command: string },
): Vector {
  const output = finish(args[2] ?? '');
  const positive = name.startsWith('OVSDB_CHECK_POSITIVE');
  return {
    title,
    line,
    run: testOvsdb(finish(command)),
    expect: positive ? { status: 0, stdout: `${output}\n` } : { status: 1, stderrHas: output },
  };
}

function jsonVector(
  name: string,
  [title = '', input = '', output = '', options = '']: readonly string[],
  line: number,
): Vector {
  const positive = name.startsWith('JSON_CHECK_POSITIVE');
  return {
    title,
    line,
    run: { program: 'test-json', input: bytesOf(finish(input)), multiple: options.includes('--multiple') },
    expect: { status: positive ? 0 : 1, stdout: `${finish(output)}\n`, withoutPlace: !positive },
  };
}

/** `AT_CHECK([command], [status], [stdout], [stderr])` of one of the two programs; anything else is for a shell. */
function plainCheck(title: string, args: readonly string[], line: number): readonly Vector[] {
  const [command = '', status = '', stdout = '', stderr = ''] = args.map(finish);
  const expect = { status: Number(status), ...(stderr === '' ? { stdout } : { stdout, stderr }) };
  const words = /^test-ovsdb\s+(.*)$/s.exec(command)?.[1];
  if (words !== undefined) return [{ title, line, run: testOvsdb(words), expect }];
  const piped = /^printf '(.*)' \| ovstest test-json -$/.exec(command)?.[1];
  const input = piped?.replaceAll('\\"', '"') ?? (command === 'ovstest test-json /dev/null' ? '' : undefined);
  if (input === undefined) return [];
  return [{ title, line, run: { program: 'test-json', input: bytesOf(input), multiple: false }, expect }];
}

function testOvsdb(command: string): VectorRun {
  const { words, rest } = shellWords(command);
  return { program: 'test-ovsdb', args: words.map(bytesOf), trailer: rest === 'echo' ? '\n' : '' };
}

function finish(text: string): string {
  return quadrigraphs(expand(text));
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
