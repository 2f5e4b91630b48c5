import type { LegacyPlace, RewireFacts } from './moves.ts';

/** Names of guests' taps, and of our own legs: what never leads to the wire by itself. */
const neverOut = /^(tap|vnet|sh[al][0-9a-f-]{1,11}$)/;

/** A legacy bridge as it is now, with its ways out. */
export function legacyPlaceIn(bridge: string, facts: Pick<RewireFacts, 'bridges'>): LegacyPlace {
  const found = facts.bridges.find((candidate) => candidate.bridge === bridge);
  const { uplink, provider, members = [] } = found ?? {};
  const besides = members.filter((member) => member !== uplink && !neverOut.test(member));
  return {
    bridge,
    ...(uplink === undefined ? {} : { uplink }),
    ...(besides.length === 0 ? {} : { besides }),
    ...(provider === undefined ? {} : { provider: { bridge: provider.bridge, port: provider.port } }),
  };
}
