import { killProgram, restartProgram } from '../programs.ts';
import { hypervisorOf, type LabState } from '../state.ts';
import { type Fault, standingFault } from './fault.ts';
import { loseEverything } from './lossy-link.ts';
import { cutManagement } from './management-cut.ts';

/**
 * Takes a hypervisor away: its agent and ovn-controller are killed, and neither the management network nor the underlay reaches it. The dead man
 * of an attempt that is open there lives on, as the boot hook would after a power cut. Removing brings all of it back.
 */
export async function loseHypervisor(lab: LabState, hypervisor: string): Promise<Fault> {
  const { name } = hypervisorOf(lab, hypervisor);
  const programs = [`agent-${name}`, `${name}-controller`] as const;
  for (const program of programs) killProgram(lab.topology.name, program);
  const cuts = await Promise.all([
    cutManagement(lab, name),
    loseEverything({ netns: lab.topology.fabricNetns, device: `u-${name}`, way: 'both' }),
  ]);
  return standingFault(`${name} is lost`, async () => {
    await Promise.all(cuts.map((cut) => cut.remove()));
    for (const program of programs.toReversed()) await restartProgram(lab.topology.name, program);
  });
}
