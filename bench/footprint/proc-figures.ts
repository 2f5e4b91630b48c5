/** Memory of a process as /proc/<pid>/smaps_rollup tells it, in KiB. */
export interface MemoryFigures {
  readonly rss: number;
  readonly pss: number;
  readonly anon: number;
  /** Resident pages of files: binary, libraries. */
  readonly file: number;
}

export function parseSmapsRollup(text: string): MemoryFigures {
  const field = (name: string): number => {
    const [, kibibytes] = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text) ?? [];
    if (kibibytes === undefined) throw new Error(`smaps_rollup has no ${name}`);
    return Number(kibibytes);
  };
  const rss = field('Rss');
  const anon = field('Anonymous');
  return { rss, pss: field('Pss'), anon, file: rss - anon };
}

/** Clock ticks that all threads of a process have used: fields 14 and 15 (utime, stime) of /proc/<pid>/stat, see proc(5). */
export function cpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name may hold anything; field 3 comes first
  const [utime, stime] = [Number(fields[11]), Number(fields[12])];
  if (!Number.isInteger(utime) || !Number.isInteger(stime)) throw new Error(`not a line of /proc/<pid>/stat: ${stat}`);
  return utime + stime;
}

/** Sum of voluntary and involuntary context switches in /proc/<pid>/task/<tid>/status. */
export function contextSwitches(status: string): number {
  return [...status.matchAll(/ctxt_switches:\s+(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values');
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return (lower + upper) / 2;
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly n: number;
}

export function spreadOf(values: readonly number[], digits: number): Spread {
  const round = (value: number): number => Number(value.toFixed(digits));
  return {
    min: round(Math.min(...values)),
    median: round(median(values)),
    max: round(Math.max(...values)),
    n: values.length,
  };
}
