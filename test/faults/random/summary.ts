import type { RunResult } from './run-schedule.ts';
import { faultKinds } from './schedule.ts';

/** What many runs say together, for docs/results/faults-random.json. */
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
    schedules: results.map(({ faults: planned, ...rest }) => ({
      ...rest,
      faults: planned.map(({ what, struck }) => (struck ? what : `${what} (its moment never came)`)),
    })),
  };
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
