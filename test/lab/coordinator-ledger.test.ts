import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Ledger } from '../../coordinator/ledger/ledger.ts';
import { isShuntError } from '../../platform/shunt-error.ts';
import { paused } from '../unit/coordinator/ledger-events.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-co-ledger-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe('the ledger under kill -9', () => {
  it('loses nothing that was acknowledged, and its chain holds, five times over', async () => {
    let acknowledged = 0;
    for (let round = 1; round <= 5; round += 1) acknowledged = await appendAndKill(dir, acknowledged + 20 * round);
    await using ledger = await Ledger.open(dir); // checks the chain
    const entries = await ledger.read(1);
    expect(entries.length).toBeGreaterThanOrEqual(acknowledged);
    expect(entries.length - acknowledged, 'at most the one append in flight').toBeLessThanOrEqual(1);
  });
});

describe('the ledger on a full disk', () => {
  it('refuses with a typed error, keeps what it has, and goes on when there is room again', async () => {
    const small = join(dir, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', small]);
    try {
      await using ledger = await Ledger.open(small);
      let seq = await appendSome(ledger, 0, 10);
      const ballast = join(small, 'ballast');
      const { bavail, bsize } = statfsSync(small);
      writeFileSync(ballast, Buffer.alloc(bavail * bsize));
      const { error, seq: kept } = await appendUntilRefused(ledger, seq);
      expect(isShuntError(error, 'ledger-failed') && error.detail).toEqual({ reason: 'disk-full' });
      expect(await ledger.read(1), 'what was there is there, what was refused is not').toHaveLength(kept);
      await expect(ledger.append(kept, []), 'asked whether it would').rejects.toMatchObject({ code: 'ledger-failed' });
      rmSync(ballast);
      expect(await ledger.append(kept, [])).toEqual({ kind: 'appended', entries: [] });
      seq = await appendSome(ledger, kept, 10);
      expect(seq).toBe(kept + 10);
    } finally {
      execFileSync('umount', [small]);
    }
  });
});

/** Returns the last number that was acknowledged before the process was killed. */
async function appendAndKill(stateDir: string, until: number): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'coordinator', 'append-for-ever.ts'), stateDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  const last = (): number => Number(text.slice(0, text.lastIndexOf('\n')).split('\n').at(-1) || 0);
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (last() >= until) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  return last();
}

async function appendSome(ledger: Ledger, seq: number, count: number): Promise<number> {
  let at = seq;
  for (let n = 0; n < count; n += 1) {
    const result = await ledger.append(at, [paused(`entry ${at + 1}`)]);
    expect(result.kind).toBe('appended');
    at += 1;
  }
  return at;
}

async function appendUntilRefused(ledger: Ledger, seq: number): Promise<{ error: unknown; seq: number }> {
  for (let at = seq; at < seq + 1_000; at += 1) {
    try {
      await ledger.append(at, [paused('x'.repeat(4_000))]);
    } catch (error) {
      return { error, seq: at };
    }
  }
  throw new Error('a full disk refused nothing');
}
