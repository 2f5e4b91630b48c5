import type { LabState } from '../../lab/state.ts';
import { CutterProcess } from './cutter-process.ts';
import { targetOf } from './direct-method.ts';
import type { Method, Site } from './method.ts';
import type { ShuntRequest } from './shunt-cutter.ts';

/** The product's shunt, on hypervisor 1: its whole way there and back. */
export async function shuntMethod(lab: LabState, site: Site): Promise<Method> {
  const cutter = await CutterProcess.start(site, 'cutover/shunt-cutter.ts');
  const [network] = lab.topology.networks;
  if (network === undefined) throw new Error('the lab has no network');
  const { mtu, zone } = network;
  return {
    name: 'shunt',
    round: ['enter', 'flip', 'flip-back', 'flip', 'finish', 'unfinish', 'flip-back', 'exit'],
    perform: async (op, guests) => {
      if (op === 'cut' || op === 'revert') throw new Error(`a shunt has no ${op}`);
      const request: ShuntRequest = { op, taps: guests.map((guest) => targetOf(lab, guest)), mtu, zone };
      await cutter.ask(request);
    },
    [Symbol.asyncDispose]: () => cutter[Symbol.asyncDispose](),
  };
}
