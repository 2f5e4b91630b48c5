import { closeSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { decodeRecords, encodeRecord, type JsonRecord } from './records.ts';

/**
 * One file of a spool: a header record, then one record for each report, whose sequence numbers follow each other from the number in the
 * file's name. Written once, by one process; a later one reads it and begins a file of its own.
 */
export class SpoolSegment {
  readonly path: string;
  readonly firstSeq: number;
  /** Reports in it. */
  count: number;
  bytes: number;
  #writeFd = -1;
  #readOffset = 0;

  private constructor(
    path: string,
    state: { readonly firstSeq: number; readonly count: number; readonly bytes: number },
  ) {
    this.path = path;
    this.firstSeq = state.firstSeq;
    this.count = state.count;
    this.bytes = state.bytes;
  }

  /** A new file; one of that name holds nothing that counts and is overwritten. */
  static create(dir: string, firstSeq: number, bootId: string): SpoolSegment {
    const path = join(dir, `${String(firstSeq).padStart(16, '0')}.spool`);
    const segment = new SpoolSegment(path, { firstSeq, count: 0, bytes: 0 });
    segment.#writeFd = openSync(path, 'w', 0o600);
    try {
      segment.#write({ format: 1, boot: bootId, first: firstSeq });
      return segment;
    } catch (error) {
      segment.remove(); // a full disk: do not fill it with empty files
      throw error;
    }
  }

  /** The files of a directory, oldest first. What does not bear a segment's name is left alone. */
  static list(dir: string): readonly SpoolSegment[] {
    return readdirSync(dir)
      .flatMap((name) => /^(\d{16})\.spool$/.exec(name)?.[1] ?? [])
      .toSorted()
      .map((digits) => {
        const path = join(dir, `${digits}.spool`);
        const lines = countLines(path);
        return new SpoolSegment(path, {
          firstSeq: Number(digits),
          count: Math.max(0, lines - 1),
          bytes: statSync(path).size,
        });
      });
  }

  get nextSeq(): number {
    return this.firstSeq + this.count;
  }

  /** The boot that wrote it; empty when its header is not readable. */
  bootId(): string {
    const [header] = decodeRecords(readFrom(this.path, 0), this.path, { onCorruption: 'stop' }).records;
    return typeof header?.['boot'] === 'string' ? header['boot'] : '';
  }

  append(record: JsonRecord): void {
    this.#write(record);
    this.count += 1;
  }

  /** The reports that were not read before, as far as the file is sound. */
  read(): readonly JsonRecord[] {
    const { records, validBytes } = decodeRecords(readFrom(this.path, this.#readOffset), this.path, {
      onCorruption: 'stop',
    });
    const first = this.#readOffset === 0 ? 1 : 0; // after the header
    this.#readOffset += validBytes;
    return records.slice(first);
  }

  /** The next `read` gives all of them once more. */
  readAgain(): void {
    this.#readOffset = 0;
  }

  /** Nothing is written to it any more. */
  seal(): void {
    if (this.#writeFd >= 0) closeSync(this.#writeFd);
    this.#writeFd = -1;
  }

  remove(): void {
    this.seal();
    rmSync(this.path, { force: true });
  }

  #write(record: JsonRecord): void {
    const line = Buffer.from(encodeRecord(record));
    for (let done = 0; done < line.length; ) done += writeSync(this.#writeFd, line, done);
    this.bytes += line.length;
  }
}

function readFrom(path: string, offset: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(Math.max(0, statSync(path).size - offset));
    const length = readSync(fd, bytes, 0, bytes.length, offset);
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

function countLines(path: string): number {
  const bytes = readFrom(path, 0);
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}
