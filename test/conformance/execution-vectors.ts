import { type AtCall, expand, macroCalls, quadrigraphs, splitList } from './at-file.ts';

/** One `OVSDB_CHECK_EXECUTION`: transactions for a new database, and what is replied, with UUIDs numbered. */
export interface ExecutionVector {
  readonly title: string;
  readonly line: number;
  readonly schema: Buffer;
  readonly transactions: readonly Buffer[];
  readonly replies: string;
}

/** All of `ovsdb-execution.at`, those too that stand in macros for other files to use. */
export function executionVectorsOf(bytes: Buffer): readonly ExecutionVector[] {
  const text = bytes.toString('latin1');
  const examples = macroCalls(text, new Set(['m4_define'])).filter(
    ({ args }) => args[0]?.endsWith('EXAMPLE') || args[0]?.endsWith('EXAMPLES'),
  );
  const calls: readonly AtCall[] = [
    ...macroCalls(text, CHECK),
    ...examples.flatMap(({ args, line }) =>
      macroCalls(args[1] ?? '', CHECK).map((call) => ({ ...call, line: line + call.line })),
    ),
  ];
  return calls.map(({ args, line }) => ({
    title: args[0] ?? '',
    line,
    schema: Buffer.from(schemaOf(text, args[1] ?? ''), 'latin1'),
    transactions: splitList(args[2] ?? '').map((json) => Buffer.from(quadrigraphs(expand(json)), 'latin1')),
    replies: Buffer.from(quadrigraphs(expand(args[3] ?? '')), 'latin1').toString(),
  }));
}

const CHECK = new Set(['OVSDB_CHECK_EXECUTION']);

/** Schemas are printed by functions of the shell: `name () { cat <<'EOF' … EOF }`. */
function schemaOf(text: string, name: string): string {
  const pattern = new RegExp(`^${name} \\(\\) \\{\\n\\s*cat ?<< ?'EOF'\\n(.*?)\\nEOF`, 'ms');
  return pattern.exec(text)?.[1] ?? '';
}
