import { run } from '../command.ts';
import { extraOf } from '../guest/guest-extra.ts';
import { inNetns } from '../netns.ts';
import { guestOf, hypervisorOf, type LabState } from '../state.ts';
import { orderRelay } from '../tap-relay.ts';
import { type Fault, standingFault } from './fault.ts';

/** Each frame is late by `delayMs` and up to `jitterMs` more, at random: frames may overtake each other. */
export interface Delay {
  readonly delayMs: number;
  readonly jitterMs: number;
}

/** Delays what a guest with a real tap sends and is sent, in the relay that is its wire: no netem is needed. */
export async function delayGuest(lab: LabState, guest: string, delay: Delay): Promise<Fault> {
  const found = guestOf(lab, guest);
  const { nic, relay = found.hypervisor } = extraOf(found, lab.topology.tap);
  if (nic !== 'tap') throw new Error(`guest ${guest} has a ${nic}: only a real tap goes through the lab's relay`);
  const taps = [`${hypervisorOf(lab, found.hypervisor).netns}/${found.tap}`, `${found.netns}/eth0`];
  const order = (by: Delay) => orderRelay(lab.topology.name, relay, { kind: 'delay', taps, ...by });
  await order(delay);
  return standingFault(`frames of ${guest} are late by ${delay.delayMs} to ${delay.delayMs + delay.jitterMs} ms`, () =>
    order({ delayMs: 0, jitterMs: 0 }),
  );
}

/** Delays what leaves by a device, by the kernel's netem (`sch_netem`; a kernel without it refuses: there is one in `lab vm`). */
export async function netem(place: { readonly netns: string; readonly device: string }, delay: Delay): Promise<Fault> {
  const { netns, device } = place;
  const words = ['delay', `${delay.delayMs}ms`, `${delay.jitterMs}ms`];
  await run(inNetns(netns, ['tc', 'qdisc', 'replace', 'dev', device, 'root', 'netem', ...words]));
  return standingFault(`frames leave ${device} in ${netns} late`, () =>
    run(inNetns(netns, ['tc', 'qdisc', 'del', 'dev', device, 'root'])),
  );
}
