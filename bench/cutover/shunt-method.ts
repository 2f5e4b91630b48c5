import type { NetworkTarget } from '../../domain/network-model.ts';
import type { LabState } from '../../lab/state.ts';
import { CutterProcess } from './cutter-process.ts';
import { targetOf } from './direct-method.ts';
import type { Method, Site } from './method.ts';
import type { ShuntRequest } from './shunt-cutter.ts';

/** Taps of a micro-batch of a shunt, as a plan has them where it says nothing else. */
export const shuntBatchSize = 4;

/** The product's shunt, on hypervisor 1: its whole way there and back. */
export async function shuntMethod(lab: LabState, site: Site): Promise<Method> {
  const cutter = await CutterProcess.start(site, 'cutover/shunt-cutter.ts');
  const network = networkOf(lab);
  const ask = (op: ShuntRequest['op'], guests: Parameters<Method['perform']>[1]) =>
    cutter.ask({
      op,
      taps: guests.map((guest) => targetOf(lab, guest)),
      network,
      batchSize: shuntBatchSize,
    } satisfies ShuntRequest);
  return {
    name: 'shunt',
    round: ['enter', 'flip', 'flip-back', 'flip', 'finish', 'unfinish', 'flip-back', 'exit'],
    perform: async (op, guests) => {
      if (op === 'cut' || op === 'revert') throw new Error(`a shunt has no ${op}`);
      await ask(op, guests);
    },
    bringHome: async (guests) => {
      await ask('home', guests);
    },
    [Symbol.asyncDispose]: () => cutter[Symbol.asyncDispose](),
  };
}

/** The lab's first network, as an order names it. */
export function networkOf(lab: LabState): NetworkTarget {
  const [network] = lab.topology.networks;
  if (network === undefined) throw new Error('the lab has no network');
  return {
    networkId: network.id,
    legacyBridge: network.bridge,
    class: 'vlan',
    vlan: network.vlan ?? 0,
    mtu: network.mtu,
  };
}
