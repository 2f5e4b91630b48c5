import { expect, it } from 'vitest';
import { deafFlows } from '../../../domain/judge/deaf-flows.ts';
import type { ProbeResult } from '../../../domain/probes.ts';

function result(vantage: ProbeResult['vantage'], answered: number, over: Partial<ProbeResult> = {}): ProbeResult {
  return { vantage, tap: 'a', portId: 'port-a', sent: 8, answered, ...over };
}

it('names a guest that answers at its tap and not through OVN', () => {
  expect(deafFlows([result('local', 8), result('legacy', 8), result('remote', 0)])).toEqual({ toAll: ['a'], toIp: [] });
});

it('names a guest that answers pings in the legacy world and not through OVN', () => {
  const byIp = [result('legacy', 8, { byIp: true }), result('remote', 0, { byIp: true })];
  expect(deafFlows([result('local', 8), result('remote', 8), ...byIp])).toEqual({ toAll: [], toIp: ['a'] });
});

it.each([
  ['answers through OVN, if seldom', [result('local', 8), result('remote', 1)]],
  ['is silent itself', [result('local', 0), result('remote', 0)]],
  ['was not asked through OVN', [result('local', 8)]],
  ['was asked by IP through OVN only', [result('local', 8), result('remote', 8), result('remote', 0, { byIp: true })]],
  ['may not be pinged anywhere', [result('legacy', 0, { byIp: true }), result('remote', 0, { byIp: true })]],
  ['is not heard by a peer', [result('local', 8), result('remote', 0, { from: 'hv2' })]],
])('leaves out a guest that %s', (_, baseline) => {
  expect(deafFlows(baseline)).toEqual({ toAll: [], toIp: [] });
});
