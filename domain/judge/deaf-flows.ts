import type { ProbeResult } from '../probes.ts';

/**
 * Taps whose guests answer there, and not through OVN's flows on their own hypervisor, which OVN says that it has installed: going over to these would cut
 * them off. Where OVN was asked by IP silence says nothing: groups may forbid that.
 */
export function deafFlows(baseline: readonly ProbeResult[]): readonly string[] {
  const alive = new Set(baseline.filter((one) => one.vantage === 'local' && one.answered > 0).map((one) => one.tap));
  return baseline
    .filter((one) => one.vantage === 'remote' && one.from === undefined && !one.byIp)
    .filter((one) => one.sent > 0 && one.answered === 0 && alive.has(one.tap))
    .map(({ tap }) => tap);
}
