import type { RandomRecord, RecordedRun } from './record.ts';
import type { RunResult } from './run-schedule.ts';
import { faultKinds } from './schedule.ts';

/** What many runs say together. */
export function summarize(results: readonly RunResult[]): Readonly<Record<string, unknown>> {
  const faults = results.flatMap((result) => result.faults);
  const outages = results.map((result) => result.longestOutageMs).toSorted((a, b) => a - b);
  return {
    runs: results.length,
    violations: results.flatMap(({ seed, violations }) => violations.map((what) => `seed ${seed}: ${what}`)),
    rests: counted(results.flatMap(({ hosts }) => Object.values(hosts))),
    faults: {
      planned: faults.length,
      struck: faults.filter((fault) => fault.struck).length,
      byKind: Object.fromEntries(
        faultKinds.map((kind) => [kind, faults.filter((fault) => fault.kind === kind && fault.struck).length]),
      ),
    },
    longestOutageMs: { p50: outages[Math.floor(outages.length / 2)] ?? 0, max: outages.at(-1) ?? 0 },
  };
}

/** docs/results/faults-random.json: whatever parts it was played in, and on which trees. */
export function describeRecord({ schedules, mended }: RandomRecord): Readonly<Record<string, unknown>> {
  return {
    format: 1,
    seeds: rangesOf(schedules),
    commits: counted(schedules.map(({ commit }) => commit)),
    played: schedules.reduce((sum, { played }) => sum + played, 0),
    ...summarize(schedules),
    mended,
    schedules,
  };
}

/** `1-20, 31`: the seeds that are there, and so those that are not. */
export function rangesOf(schedules: readonly Pick<RecordedRun, 'seed'>[]): string {
  const ranges: [number, number][] = [];
  for (const { seed } of schedules) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === seed - 1) last[1] = seed;
    else ranges.push([seed, seed]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ');
}

/** One run in a line or a few, as it is over. */
export function describeResult(result: RunResult): string {
  const { seed, plan, faults, hosts, longestOutageMs, seconds, violations } = result;
  const struck = faults.map((fault) => `  ${fault.struck ? 'struck' : 'missed'}: ${fault.what}`);
  const rests = Object.entries(hosts).map(([host, rest]) => `${host} ${rest}`);
  return [
    `seed ${seed}, ${seconds} s: ${plan}`,
    ...struck,
    `  ${rests.join('; ')}; longest outage ${longestOutageMs} ms`,
    ...violations.map((what) => `  VIOLATED ${what}`),
  ].join('\n');
}

function counted(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words.toSorted()) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
