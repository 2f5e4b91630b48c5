import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { promisify } from 'node:util';
import koffi from 'koffi';

/** A stretch of addresses. */
export interface PageRun {
  readonly start: number;
  readonly bytes: number;
}

/** One of a file that can only be read; `file` is its device, inode and path. */
export interface FileMapping extends PageRun {
  readonly file: string;
}

const MADV_WILLNEED = 3;
const MADV_DONTNEED = 4;
const MADV_POPULATE_READ = 22; // Linux 5.14
/** Smaller mappings are not worth a call. */
const mappingBytesMin = 256 * 1024;
/** Runs with less between them are brought back as one. */
const gapBytesMax = 128 * 1024;

/**
 * The resident pages of program files: node's binary, libraries. A start touches tens of MiB of them, rest a small part. `release` takes
 * them out of this process (they stay in the kernel's page cache, and come back by a minor fault each), `restore` brings back, all at once,
 * what was resident at the release, so that nobody waits for a disk afterwards.
 *
 * Safe: only mappings that cannot be written and hold no page of our own are touched (relocated data has some; so has code with a probe in it),
 * and of these only what was there already when this object was made: a library that another thread is loading while we read has such
 * mappings for a moment, and then writes its relocations to them.
 */
export class FilePages {
  readonly #madvise: Madvise;
  readonly #pageBytes: number;
  readonly #known: readonly FileMapping[];
  #released: readonly PageRun[] = [];

  constructor(known = settledMappings()) {
    const library = koffi.load('libc.so.6');
    this.#madvise = library.func('int madvise(uintptr_t, size_t, int)') as unknown as Madvise; // koffi's type knows no prototypes
    this.#pageBytes = library.func('int getpagesize(void)')() as number; // as it says
    this.#known = known;
  }

  /** Bytes that were taken out. */
  release(): number {
    const mappings = among(this.#known, unwrittenMappings(readFileSync('/proc/self/smaps', 'utf8')));
    const runs = mappings.flatMap((mapping) => residentRuns(mapping, this.#pageBytes));
    for (const { start, bytes } of mappings) this.#madvise(start, bytes, MADV_DONTNEED); // locked ones refuse, and stay
    // What came back since the release before is a part of it: only the first one sees all that a start needs.
    if (sizeOf(runs) > sizeOf(this.#released)) this.#released = merged(runs);
    return sizeOf(runs);
  }

  /** Resolves when all is resident again; on another thread, for a cold disk may take its time. Never fails: faults do the same later. */
  async restore(): Promise<void> {
    const advise = promisify(this.#madvise.async);
    for (const { start, bytes } of this.#released) {
      const done = (await advise(start, bytes, MADV_POPULATE_READ)) === 0;
      if (!done) await advise(start, bytes, MADV_WILLNEED);
    }
  }
}

type Madvise = ((start: number, bytes: number, advice: number) => number) & {
  readonly async: (
    start: number,
    bytes: number,
    advice: number,
    done: (error: Error | null, result: number) => void,
  ) => void;
};

/** Of the text of /proc/<pid>/smaps (proc(5)): private mappings of files, not writable, without an anonymous page. */
export function unwrittenMappings(smaps: string): readonly FileMapping[] {
  return smaps.split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/).flatMap((mapping) => {
    const [, from, to, file] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ (\S+ \d+ +\/.*)$/m.exec(mapping) ?? [];
    if (from === undefined || to === undefined || file === undefined) return [];
    const [, anonymous] = /^Anonymous: +(\d+) kB$/m.exec(mapping) ?? [];
    const start = Number.parseInt(from, 16);
    const bytes = Number.parseInt(to, 16) - start;
    return anonymous === '0' && bytes >= mappingBytesMin ? [{ start, bytes, file }] : [];
  });
}

/** Those of `now` that are, or are the beginning of, one that was known before. */
export function among(known: readonly FileMapping[], now: readonly FileMapping[]): readonly FileMapping[] {
  return now.filter(({ start, bytes, file }) =>
    known.some((before) => before.start === start && before.file === file && bytes <= before.bytes),
  );
}

/** Where /proc is hidden: none, and nothing is ever released. */
function settledMappings(): readonly FileMapping[] {
  try {
    return unwrittenMappings(readFileSync('/proc/self/smaps', 'utf8'));
  } catch {
    return [];
  }
}

/** By /proc/self/pagemap: 64 bits a page, the highest says that it is present. */
function residentRuns({ start, bytes }: PageRun, pageBytes: number): readonly PageRun[] {
  const entries = Buffer.alloc((bytes / pageBytes) * 8);
  const file = openSync('/proc/self/pagemap', 'r');
  try {
    const length = readSync(file, entries, 0, entries.length, (start / pageBytes) * 8);
    return presentRuns(entries.subarray(0, length), start, pageBytes);
  } finally {
    closeSync(file);
  }
}

/** Runs of present pages among entries of a pagemap, the first of which is the page at `start`. */
export function presentRuns(entries: Buffer, start: number, pageSize: number): readonly PageRun[] {
  const runs: PageRun[] = [];
  let began = -1;
  const pages = Math.floor(entries.length / 8);
  for (let page = 0; page <= pages; page += 1) {
    const present = page < pages && ((entries[page * 8 + 7] ?? 0) & 0x80) !== 0;
    if (present && began < 0) began = page;
    if (!present && began >= 0) {
      runs.push({ start: start + began * pageSize, bytes: (page - began) * pageSize });
      began = -1;
    }
  }
  return runs;
}

/** In ascending order; neighbours with a small gap between them become one. */
export function merged(runs: readonly PageRun[]): readonly PageRun[] {
  const joined: PageRun[] = [];
  for (const run of runs.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    const gap = last === undefined ? Number.POSITIVE_INFINITY : run.start - (last.start + last.bytes);
    if (last !== undefined && gap <= gapBytesMax) {
      joined[joined.length - 1] = { start: last.start, bytes: run.start + run.bytes - last.start };
    } else joined.push(run);
  }
  return joined;
}

function sizeOf(runs: readonly PageRun[]): number {
  return runs.reduce((sum, run) => sum + run.bytes, 0);
}
