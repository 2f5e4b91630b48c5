import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Failpoint, failpointOf, faultsOf, withoutFailpoint } from '../../../agent/journal/failpoint.ts';
import { RecordWriter } from '../../../platform/record-writer.ts';
import { readRecords } from '../../../platform/records.ts';

const given = (text: string) => failpointOf({ SHUNT_FAILPOINT: text });
const armed = { type: 'event', event: { type: 'armed' }, atMs: 1 };
const checkpoint = { type: 'checkpoint', batch: 1 };

describe('a failpoint', () => {
  it('is absent where nobody asks for it: then writing costs nothing more', () => {
    expect([failpointOf({}), given(''), faultsOf(undefined)]).toEqual([undefined, undefined, undefined]);
  });

  it('names a record, which of them, the moment and what happens there', () => {
    expect(given('journal:event/armed=kill')).toEqual({ step: 'event/armed', nth: 1, moment: 'after', action: 'kill' });
    expect(given('journal:checkpoint:3:middle=stop')).toEqual({
      step: 'checkpoint',
      nth: 3,
      moment: 'middle',
      action: 'stop',
    });
    expect(given('journal:sync:2=eio')).toEqual({ step: 'sync', nth: 2, moment: 'before', action: 'eio' });
  });

  it.each(['journal:', 'journal:armed', 'journal:armed=boom', 'spool:armed=kill', 'journal:armed:0=kill'])(
    'that is written as %s is refused',
    (text) => {
      expect(() => given(text)).toThrow(expect.objectContaining({ code: 'config-invalid' }));
    },
  );

  it('is not handed on to the dead man', () => {
    expect(withoutFailpoint({ SHUNT_FAILPOINT: 'journal:sync=eio', PATH: '/bin' })).toEqual({ PATH: '/bin' });
  });
});

describe('a failpoint at a record', () => {
  let dir: string;
  let path: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'shunt-failpoint-'));
    path = join(dir, 'records');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const struck: string[] = [];
  const writerWith = (failpoint: Partial<Failpoint>) => {
    struck.length = 0;
    const full: Failpoint = { step: 'event/armed', nth: 1, moment: 'after', action: 'kill', ...failpoint };
    // What is in the file at that instant is what a process that ends there leaves behind.
    const means = { signal: (name: string) => void struck.push(`${name} with ${readFileSync(path).length} bytes`) };
    return RecordWriter.create(path, { faults: faultsOf(full, means) });
  };

  it('strikes after it is written, before it, and with half of it written', () => {
    for (const moment of ['before', 'middle', 'after'] as const) {
      rmSync(path, { force: true });
      using writer = writerWith({ moment });
      writer.append(checkpoint);
      const before = writer.bytes;
      writer.append(armed);
      const line = writer.bytes - before;
      const there = { before, middle: before + (line >> 1), after: before + line }[moment];
      expect(struck).toEqual([`SIGKILL with ${there} bytes`]);
    }
  });

  it('strikes at the one that is meant, once', () => {
    using writer = writerWith({ step: 'checkpoint', nth: 2, action: 'stop' });
    for (const record of [checkpoint, armed, checkpoint, checkpoint]) writer.append(record);
    expect(struck).toHaveLength(1);
    expect(readRecords(path).records).toHaveLength(4);
  });

  it('that fails a write or a sync is final: nothing more is written, and no sync is tried again', () => {
    using writer = writerWith({ step: 'sync', moment: 'before', action: 'eio' });
    writer.append(armed);
    writer.sync(); // of a journal that another process began: not meant
    writer.append({ type: 'attempt' });
    expect(() => writer.sync()).toThrow(expect.objectContaining({ code: 'io-failed' }));
    expect(() => writer.sync()).toThrow(expect.objectContaining({ code: 'io-failed' }));
    expect(() => writer.append(armed)).toThrow(expect.objectContaining({ code: 'io-failed' }));
    expect(readRecords(path).records).toHaveLength(2);
  });
});
