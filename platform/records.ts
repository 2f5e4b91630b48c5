import { readFileSync, statSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { ShuntError } from './shunt-error.ts';

/** A JSON object with at least one key and no key `crc`. */
export type JsonRecord = Readonly<Record<string, unknown>>;

export interface RecordsRead {
  readonly records: readonly JsonRecord[];
  /** Length of the good prefix, up to the end of the last good record. */
  readonly validBytes: number;
  /** Bytes after the last good record: what a crash in the middle of an append leaves. Zero when the file ends cleanly. */
  readonly tornBytes: number;
  /** Where a bad line stands before a good one (with `onCorruption: 'stop'`). */
  readonly corruptAt: number | undefined;
  /** The good lines behind that one. They need not be of this file: a power cut may leave blocks of another. */
  readonly beyond: readonly JsonRecord[];
}

export interface RecordsReadOptions {
  /**
   * A bad line before a good one: `refuse` (default) throws `records-corrupt`; `stop` returns the good prefix and tells where it
   * ended. A revert wants `stop`: everything it needs was synced before the rest was written.
   */
  readonly onCorruption?: 'refuse' | 'stop';
}

const newline = 0x0a;
const tailPattern = /^,"crc":"([0-9a-f]{8})"\}$/;
const tailLength = ',"crc":"00000000"}'.length;

/** One line: the record's JSON with its CRC32 as last key, `{"a":1,"crc":"1a2b3c4d"}\n`; the CRC covers the bytes before `,"crc"`. */
export function encodeRecord(record: JsonRecord): string {
  const json = JSON.stringify(record);
  if (json === '{}' || Object.hasOwn(record, 'crc')) throw new TypeError('a record has keys, and none of them is crc');
  const body = json.slice(0, -1);
  return `${body},"crc":"${crcOf(Buffer.from(body))}"}\n`;
}

/** Reads all records; a torn tail is told, corruption before a good record refused. `source` names the file in errors. */
export function decodeRecords(bytes: Buffer, source: string, options: RecordsReadOptions = {}): RecordsRead {
  const records: JsonRecord[] = [];
  const beyond: JsonRecord[] = [];
  let validBytes = 0;
  let badAt: number | undefined;
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(newline, start);
    if (end < 0) break;
    const record = decodeLine(bytes.subarray(start, end));
    if (record === undefined) badAt ??= start;
    else if (badAt === undefined) {
      records.push(record);
      validBytes = end + 1;
    } else if (options.onCorruption === 'stop') {
      beyond.push(record);
    } else throw corrupt(source, badAt, records.length);
    start = end + 1;
  }
  if (beyond.length > 0) return { records, validBytes, tornBytes: 0, corruptAt: badAt, beyond };
  return { records, validBytes, tornBytes: bytes.length - validBytes, corruptAt: undefined, beyond };
}

/** {@link decodeRecords} of a file. */
export function readRecords(path: string, options: RecordsReadOptions = {}): RecordsRead {
  let bytes: Buffer;
  try {
    if (!statSync(path).isFile()) throw new Error('not a regular file'); // a device may have no end
    bytes = readFileSync(path);
  } catch (cause) {
    throw new ShuntError('io-failed', `reading ${path}`, { cause, detail: { path } });
  }
  return decodeRecords(bytes, path, options);
}

function decodeLine(line: Buffer): JsonRecord | undefined {
  const split = line.length - tailLength;
  if (split < 2) return undefined;
  const crc = tailPattern.exec(line.toString('latin1', split))?.[1];
  const body = line.subarray(0, split);
  if (crc === undefined || crcOf(body) !== crc) return undefined;
  try {
    return JSON.parse(`${body.toString('utf8')}}`) as JsonRecord; // an object: it was one when its checksum was made
  } catch {
    return undefined;
  }
}

function crcOf(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0');
}

function corrupt(source: string, offset: number, goodRecords: number): ShuntError {
  return new ShuntError(
    'records-corrupt',
    `reading ${source}: the line at byte ${offset} is damaged, good ones follow`,
    {
      detail: { path: source, offset, goodRecords },
    },
  );
}
