import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordWriter } from '../../../platform/record-writer.ts';
import { decodeRecords, encodeRecord, type JsonRecord, readRecords } from '../../../platform/records.ts';
import { isShuntError } from '../../../platform/shunt-error.ts';

const records: readonly JsonRecord[] = [{ format: 1, epoch: 7 }, { step: 'détacher', tap: 'tap1' }, { done: true }];
const bytes = Buffer.from(records.map(encodeRecord).join(''));

describe('records', () => {
  it('stay readable as JSON lines, with their own keys first', () => {
    expect(encodeRecord({ format: 1 })).toMatch(/^\{"format":1,"crc":"[0-9a-f]{8}"\}\n$/);
    expect(JSON.parse(encodeRecord({ a: [1, '"'] }))).toMatchObject({ a: [1, '"'] });
  });

  it('come back as they were written', () => {
    const record = fc.dictionary(
      fc.string().filter((key) => key !== 'crc' && key !== '__proto__'),
      fc.jsonValue(),
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(fc.array(record), (written) => {
        const read = decodeRecords(Buffer.from(written.map(encodeRecord).join('')), 'x');
        expect(read.records).toEqual(JSON.parse(JSON.stringify(written)));
        expect(read.tornBytes).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('cut anywhere give the whole records before the cut and tell what is torn', () => {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const read = decodeRecords(bytes.subarray(0, cut), 'x');
      expect(read.records).toEqual(records.slice(0, read.records.length));
      expect(read.validBytes + read.tornBytes).toBe(cut);
      expect(bytes.subarray(0, cut).filter((byte) => byte === 0x0a).length).toBe(read.records.length);
    }
  });

  it('with any damaged byte before the end of the last but one are refused, and never believed', () => {
    const lastStart = bytes.lastIndexOf(0x0a, bytes.length - 2) + 1;
    for (let at = 0; at < lastStart - 1; at += 1) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 0x01;
      let failure: unknown;
      try {
        decodeRecords(damaged, 'the journal');
      } catch (error) {
        failure = error;
      }
      expect(isShuntError(failure, 'records-corrupt'), `byte ${at}`).toBe(true);
      const good = decodeRecords(damaged, 'x', { onCorruption: 'stop' });
      expect(records.slice(0, good.records.length)).toEqual(good.records);
      expect(good.corruptAt).toBe(good.validBytes);
    }
  });

  it('treat a damaged last record as torn: it may never have been synced', () => {
    const damaged = Buffer.from(bytes);
    damaged[bytes.length - 4] = 0x20;
    const read = decodeRecords(damaged, 'x');
    expect(read.records).toEqual(records.slice(0, 2));
    expect(read.tornBytes).toBeGreaterThan(0);
  });

  it('refuse to be written without keys or with a checksum of their own', () => {
    expect(() => encodeRecord({})).toThrow(TypeError);
    expect(() => encodeRecord({ crc: 1 })).toThrow(TypeError);
  });
});

describe('RecordWriter', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'pf-records-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('appends what a reader finds, also before any sync', async () => {
    const path = join(dir, 'a');
    using writer = RecordWriter.create(path);
    for (const record of records) writer.append(record);
    expect(readRecords(path).records).toEqual(records);
    writer.sync();
    await writer.syncAsync();
    expect(writer.bytes).toBe(bytes.length);
  });

  it('never overwrites a file that exists', () => {
    const path = join(dir, 'a');
    RecordWriter.create(path)[Symbol.dispose]();
    expect(() => RecordWriter.create(path)).toThrow(expect.objectContaining({ code: 'already-exists' }));
  });

  it('cuts a torn tail off before going on', () => {
    const path = join(dir, 'a');
    writeFileSync(path, Buffer.concat([bytes, Buffer.from('{"half')]));
    const { writer, records: found, tornBytes } = RecordWriter.reopen(path);
    using _ = writer;
    expect(found).toEqual(records);
    expect(tornBytes).toBe(6);
    writer.append({ after: 1 });
    expect(readRecords(path)).toMatchObject({ records: [...records, { after: 1 }], tornBytes: 0 });
  });

  it('refuses to go on in a file with damage in the middle', () => {
    const path = join(dir, 'a');
    const damaged = Buffer.from(bytes);
    damaged[3] = 0x21;
    writeFileSync(path, damaged);
    expect(() => RecordWriter.reopen(path)).toThrow(expect.objectContaining({ code: 'records-corrupt' }));
    expect(readFileSync(path)).toEqual(damaged);
  });

  it('refuses what is no regular file, which may have no end', () => {
    expect(() => RecordWriter.reopen('/dev/zero')).toThrow(expect.objectContaining({ code: 'io-failed' }));
  });

  it('says no to everything once it is closed', async () => {
    const writer = RecordWriter.create(join(dir, 'a'));
    writer[Symbol.dispose]();
    const refused = expect.objectContaining({ code: 'io-failed' });
    expect(() => writer.append({ a: 1 })).toThrow(refused);
    expect(() => writer.sync()).toThrow(refused);
    await expect(writer.syncAsync()).rejects.toThrow(refused);
  });
});
