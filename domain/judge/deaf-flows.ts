import type { ProbeResult } from '../probes.ts';

/** Taps that would be cut off by going over to OVN's flows on their own hypervisor, which OVN says that it has installed. */
export interface DeafFlows {
  /** The guest answers at its tap, and not through OVN. */
  readonly toAll: readonly string[];
  /** The guest answers pings in the legacy world, and not through OVN: what forbids them there alone is a group that is missing. */
  readonly toIp: readonly string[];
}

/** By what was asked from the hypervisor itself before anything is touched. */
export function deafFlows(baseline: readonly ProbeResult[]): DeafFlows {
  const own = baseline.filter((one) => one.from === undefined && one.sent > 0);
  const [byArp, byIp] = [own.filter((one) => !one.byIp), own.filter((one) => one.byIp)];
  return { toAll: deafer(byArp, 'local'), toIp: deafer(byIp, 'legacy') };
}

function deafer(results: readonly ProbeResult[], than: ProbeResult['vantage']): readonly string[] {
  const alive = new Set(results.filter((one) => one.vantage === than && one.answered > 0).map(({ tap }) => tap));
  const silent = results.filter((one) => one.vantage === 'remote' && one.answered === 0);
  return silent.filter(({ tap }) => alive.has(tap)).map(({ tap }) => tap);
}
