import ts from 'typescript';

/** What a function does instead: all of its body, or one piece of it that must be there exactly once. */
export type Edit = { readonly body: string } | { readonly from: string; readonly to: string };

/**
 * Changes one function of a source text, and nothing else. `name`: `restore`, or `PlugGuard.#check` for a method. Throws when there is not exactly one
 * such function, or when the edit does not fit: what was meant to be stubbed out must not go on in silence.
 */
export function editFunction(source: string, name: string, edit: Edit): string {
  const found = bodiesNamed(ts.createSourceFile('mutant.ts', source, ts.ScriptTarget.Latest, true), name);
  const [body] = found;
  if (body === undefined || found.length > 1)
    throw new Error(`${found.length} functions are called ${name}: one is needed`);
  const before = source.slice(body.start, body.end);
  const after = 'body' in edit ? `{ ${edit.body} }` : replaceOnce(before, edit.from, edit.to, name);
  if (after === before) throw new Error(`the edit changes nothing in ${name}`);
  return source.slice(0, body.start) + after + source.slice(body.end);
}

function replaceOnce(text: string, from: string, to: string, name: string): string {
  const pieces = text.split(from);
  if (pieces.length !== 2)
    throw new Error(`${name} holds ${JSON.stringify(from)} ${pieces.length - 1} times: once is needed`);
  return pieces.join(to);
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function bodiesNamed(file: ts.SourceFile, name: string): readonly Span[] {
  const spans: Span[] = [];
  const visit = (node: ts.Node, inside: string): void => {
    const own = ts.isClassDeclaration(node) ? `${node.name?.text ?? ''}.` : inside;
    if ((ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) && node.body !== undefined) {
      const full = `${ts.isMethodDeclaration(node) ? inside : ''}${node.name?.getText(file) ?? ''}`;
      if (full === name) spans.push({ start: node.body.getStart(file), end: node.body.getEnd() });
    }
    ts.forEachChild(node, (child) => visit(child, own));
  };
  visit(file, '');
  return spans;
}
