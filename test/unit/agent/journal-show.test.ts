import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { journalPath, openRevertNotes } from '../../../agent/journal/attempt-journal.ts';
import { showJournal } from '../../../agent/journal-show.ts';
import { armed, attemptWith, committed } from './journaled.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-show-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function shown(epoch?: number): readonly string[] {
  const lines: string[] = [];
  showJournal({ stateDir: dir, output: 'text', ...(epoch === undefined ? {} : { epoch }) }, (line) => lines.push(line));
  return lines;
}

describe('shunt-agent journal show', () => {
  it('lists old files and broken ones', () => {
    attemptWith(dir, 1, committed);
    attemptWith(dir, 2, [armed]);
    writeFileSync(journalPath(dir, 2), readFileSync(journalPath(dir, 2), 'utf8').replace('"armed"', '"ar?ed"'));
    attemptWith(dir, 3, []);
    rmSync(journalPath(dir, 3));
    writeFileSync(journalPath(dir, 3), '{"format":2,"type":"attempt","crc":"00000000"}\n');
    expect(shown()).toEqual([
      expect.stringMatching(/^1 forward committed, 1 taps, deadline 2023-/),
      expect.stringMatching(/^2 forward arming, 1 taps/),
      expect.stringMatching(/^3 .*empty/),
    ]);
  });

  it('prints the good part of a file, and says where that ends and why', () => {
    attemptWith(dir, 1, committed);
    appendFileSync(journalPath(dir, 1), '{"type":"event","ev');
    expect(shown(1).at(-1)).toMatch(/^torn {7}.*"bytes":19/);
    attemptWith(dir, 2, committed);
    const text = readFileSync(journalPath(dir, 2), 'utf8');
    writeFileSync(journalPath(dir, 2), text.replace('cut-done', 'cut-dome'));
    expect(shown(2)).toHaveLength(3);
    expect(shown(2).at(-1)).toMatch(/^damaged {4}.*"atByte":\d+/);
  });

  it('prints what a revert beside the agent wrote', () => {
    attemptWith(dir, 1, [armed]);
    using notes = openRevertNotes(dir, 1);
    notes.append({ format: 1, type: 'revert-began', by: 'the dead man' });
    notes.append({ type: 'revert-done', why: 'reverted by the dead man' });
    expect(shown(1).slice(-2)).toEqual([
      expect.stringContaining('revert-began'),
      expect.stringContaining('reverted by the dead man'),
    ]);
  });

  it('says so where there is no such attempt', () => {
    expect(() => shown(7)).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});
