import type { TapMove } from '../../domain/rewire/moves.ts';
import { isShuntError } from '../../platform/shunt-error.ts';
import { Unixctl } from '../../platform/unixctl.ts';
import type { OpenVSwitch } from '../host/open-vswitch.ts';

/** How long ovn-controller may take to write down the zone of a port that it has claimed. */
const zoneWaitMs = 2_000;
/** Where Debian's ovn-controller lies when it does not share Open vSwitch's folder. */
const ovnRunDir = '/run/ovn';

export interface ZoneSource {
  readonly ovs: OpenVSwitch;
  readonly runDir: string;
}

/**
 * OVN's conntrack zones of the ports that it has claimed here, by tap. ovn-controller writes a zone down (Bridge.external_ids
 * `ct-zone-<port>`) once it has emptied it, so what is put into it from then on stays. Ports that it has not claimed are missing.
 */
export async function targetZones(
  moves: readonly TapMove[],
  { ovs, runDir }: ZoneSource,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const written = (): ReadonlyMap<string, number> => {
    const ids = ovs.bridge(ovs.integrationBridge)?.external_ids;
    return new Map(moves.flatMap(({ tap, portId }) => pair(tap, ids?.get(`ct-zone-${portId}`))));
  };
  const patience = AbortSignal.timeout(zoneWaitMs);
  const complete = (): ReadonlyMap<string, number> | undefined => {
    const zones = written();
    return zones.size === moves.length ? zones : undefined;
  };
  try {
    return await ovs.replica.waitFor(complete, { signal: AbortSignal.any([signal, patience]) });
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw error;
  }
  const told = await askOvn(runDir, signal);
  return new Map([...moves.flatMap(({ tap, portId }) => pair(tap, told.get(portId))), ...written()]);
}

/** By name, as ovn-controller itself tells; empty when it cannot be asked. */
async function askOvn(runDir: string, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  for (const dir of [runDir, ovnRunDir]) {
    try {
      using control = await Unixctl.ofDaemon(dir, 'ovn-controller', signal);
      const text = await control.call('ct-zone-list', [], signal);
      return new Map([...text.matchAll(/^(\S+) (\d+)$/gm)].map(([, name = '', zone = '']) => [name, zone]));
    } catch (error) {
      if (!isShuntError(error) || signal.aborted) throw error;
    }
  }
  return new Map();
}

function pair(tap: string, zone: string | undefined): readonly (readonly [string, number])[] {
  return zone === undefined ? [] : [[tap, Number(zone)]];
}
