import { hypervisorOf, type LabState } from '../state.ts';
import type { Fault } from './fault.ts';
import { loseEverything } from './lossy-link.ts';

/**
 * Cuts a hypervisor's management network: gRPC, NATS and OVN's southbound hang, half-open, with the link still up. Guests' networks and
 * the underlay are untouched.
 */
export function cutManagement(lab: LabState, hypervisor: string): Promise<Fault> {
  const { name } = hypervisorOf(lab, hypervisor);
  return loseEverything({ netns: lab.topology.centralNetns, device: `m-${name}`, way: 'both' });
}
