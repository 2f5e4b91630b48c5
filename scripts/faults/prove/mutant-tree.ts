import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../run-program.ts';
import { editFunction } from './edit-function.ts';
import type { Mutant } from './mutants.ts';

const root = join(import.meta.dirname, '../../..');
const leftOut = new Set(['.git', 'dist', 'node_modules']);
const buildLimitMs = 120_000;

/** A copy of this tree, with or without a mutant's edits, and its bundles. Its end removes it; the checkout is never written to. */
export interface MutantTree extends Disposable {
  readonly folder: string;
}

/** Copies, edits and builds. Throws when an edit does not apply exactly, or when what is left does not build. */
export async function mutantTree(mutant?: Pick<Mutant, 'edits'>): Promise<MutantTree> {
  const folder = mkdtempSync(join(tmpdir(), 'shunt-prove-'));
  const tree = { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  try {
    for (const entry of readdirSync(root)) {
      if (!leftOut.has(entry)) cpSync(join(root, entry), join(folder, entry), { recursive: true });
    }
    copyModules(folder);
    for (const [file, text] of mutate(mutant?.edits ?? [])) writeFileSync(join(folder, file), text);
    await buildIn(folder);
    return tree;
  } catch (error) {
    tree[Symbol.dispose]();
    throw error;
  }
}

/** The edited files, by path. */
export function mutate(edits: Mutant['edits']): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const edit of edits) {
    const before = files.get(edit.file) ?? readFileSync(join(root, edit.file), 'utf8');
    files.set(edit.file, editFunction(before, edit.function, edit));
  }
  return files;
}

/** By links where the file system can: nobody writes into packages. */
function copyModules(folder: string): void {
  const [from, to] = [join(root, 'node_modules'), join(folder, 'node_modules')];
  const copied = (how: string) => spawnSync('cp', [how, from, to], { stdio: 'ignore' }).status === 0;
  if (copied('-al')) return;
  rmSync(to, { recursive: true, force: true });
  if (!copied('-a')) throw new Error(`${from} could not be copied to ${to}`);
}

async function buildIn(folder: string): Promise<void> {
  const argv = ['--disable-warning=ExperimentalWarning', join(folder, 'scripts/build.ts')];
  const { status, output } = await runProgram(process.execPath, argv, { cwd: folder, limitMs: buildLimitMs });
  if (status !== 0) throw new Error(`the copy in ${folder} does not build (status ${status}):\n${output}`);
}
