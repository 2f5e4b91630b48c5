import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { listNamespaces } from '../../lab/netns.ts';
import { listLabs } from '../../lab/state.ts';

const root = join(import.meta.dirname, '../..');
const tree = mkdtempSync(join(tmpdir(), 'shunt-demo-tree-'));
afterEach(() => rmSync(tree, { recursive: true, force: true }));

/** What a clone holds and nothing that was built here: a demo that needs somebody else's build fails. */
function freshTree(): string {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0');
  const files = listed.filter((path) => path !== '' && existsSync(join(root, path)));
  for (const path of files) cpSync(join(root, path), join(tree, path));
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  return tree;
}

it('npm run demo, in a fresh clone, moves every guest, survives its fault, measures every blackout and leaves nothing', () => {
  const name = `dm${process.pid % 10_000}`;
  const demo = spawnSync('npm', ['run', '--silent', 'demo', '--', '--name', name], {
    cwd: freshTree(),
    encoding: 'utf8',
    timeout: 170_000,
  });
  expect(demo.stdout, demo.stderr).toMatch(/hv3\.\S+ attempt 1 reverted/);
  expect(demo.stdout).toMatch(/hv3\.\S+ attempt 2 committed/);
  expect(demo.stdout).toMatch(/all 24 guests: median \d+ ms, worst \d+ ms/);
  expect(demo.stdout).toContain('every tap is on br-int, and all 24 guests answer');
  expect(demo.stdout).toContain('Where to look next');
  expect(demo.status).toBe(0);
  expect(listNamespaces(name)).toEqual([]);
  expect(listLabs()).not.toContain(name);
});
