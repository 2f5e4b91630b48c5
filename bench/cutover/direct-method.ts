import type { LabState } from '../../lab/state.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { CutterProcess } from './cutter-process.ts';
import type { CutterRequest } from './direct-cutter.ts';
import type { Method, Site } from './method.ts';

export interface DirectOptions {
  /** Taps a micro-batch. */
  readonly batchSize: number;
}

/** The product's direct method, on hypervisor 1, through one connection that stays open. */
export async function directMethod(lab: LabState, site: Site, { batchSize }: DirectOptions): Promise<Method> {
  const cutter = await CutterProcess.start(site, 'cutover/direct-cutter.ts');
  // As the agent's probe port does when it prepares: OVN knows the switch on this host before the first tap moves.
  const warm = lab.topology.guests.slice(-1).map((guest) => targetOf(lab, guest));
  await cutter.ask({ op: 'cut', taps: warm, batchSize } satisfies CutterRequest);
  return {
    name: 'direct',
    round: ['cut', 'revert'],
    perform: async (op, guests) => {
      if (op !== 'cut' && op !== 'revert') throw new Error(`direct has no ${op}`);
      const request: CutterRequest = { op, taps: guests.map((guest) => targetOf(lab, guest)), batchSize };
      await cutter.ask(request);
    },
    bringHome: async (guests) => {
      await cutter.ask({ op: 'revert', taps: guests.map((guest) => targetOf(lab, guest)), batchSize });
    },
    [Symbol.asyncDispose]: async () => {
      await cutter
        .ask({ op: 'revert', taps: warm, batchSize } satisfies CutterRequest)
        .finally(() => cutter[Symbol.asyncDispose]());
    },
  };
}

/** A guest as an order names it. */
export function targetOf(lab: LabState, guest: LabGuest): CutterRequest['taps'][number] {
  const legacyBridge = lab.topology.networks.find((network) => network.id === guest.networkId)?.bridge ?? '';
  const { tap, portId, networkId, mac, deviceId } = guest;
  return { tap, portId, networkId, mac, deviceId, legacyBridge, ips: [guest.ip4, guest.ip6] };
}
