import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { listNamespaces } from '../../lab/netns.ts';
import { listLabs } from '../../lab/state.ts';

it('the demo moves every guest, survives its fault, measures every blackout and leaves nothing', () => {
  const name = `dm${process.pid % 10_000}`;
  const demo = spawnSync(process.execPath, ['lab/demo.ts', '--name', name], { encoding: 'utf8', timeout: 170_000 });
  expect(demo.stderr).toBe('');
  expect(demo.stdout).toMatch(/hv3\.\S+ attempt 1 reverted/);
  expect(demo.stdout).toMatch(/hv3\.\S+ attempt 2 committed/);
  expect(demo.stdout).toMatch(/all 24 guests: median \d+ ms, worst \d+ ms/);
  expect(demo.stdout).toContain('every tap is on br-int, and all 24 guests answer');
  expect(demo.stdout).toContain('Where to look next');
  expect(demo.status).toBe(0);
  expect(listNamespaces(name)).toEqual([]);
  expect(listLabs()).not.toContain(name);
});
