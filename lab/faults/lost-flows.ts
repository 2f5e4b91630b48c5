import { until } from '../command.ts';
import { hypervisorPlace } from '../hypervisor.ts';
import { vsctl } from '../open-vswitch.ts';
import { restartProgram } from '../programs.ts';
import { hypervisorOf, type LabState } from '../state.ts';
import { type Fault, standingFault } from './fault.ts';
import { ofctl } from './ofctl.ts';

/** What becomes of the flows that lead to a port and from it: all gone, or those that lead to it changed to lead nowhere. */
export type FlowLoss = 'gone' | 'changed';

/**
 * Waits until OVN says of an interface that its flows are installed, and takes them out of `br-int`, or changes them: OVN goes on saying so, since
 * ovn-controller does not look at what it once sent. Removing starts ovn-controller again, which makes all its flows anew.
 */
export async function loseFlows(lab: LabState, hypervisor: string, name: string, loss: FlowLoss): Promise<Fault> {
  const place = hypervisorPlace(lab.topology.name, hypervisorOf(lab, hypervisor));
  const get = (column: string) =>
    vsctl(place, ['--if-exists', 'get', 'Interface', name, column]).then((text) => String(text).trim());
  const installed = async () => (await get('external_ids:ovn-installed').catch(() => '')) === '"true"' || undefined;
  await until(`${name} to be installed`, installed, { timeoutMs: 60_000 });
  await losses[loss](lab, hypervisor, await get('ofport'));
  return standingFault(`flows of ${name} in br-int of ${hypervisor} are ${loss}`, () =>
    restartProgram(lab.topology.name, `${hypervisor}-controller`),
  );
}

const losses = {
  gone: async (lab, hypervisor, ofport) => {
    for (const match of [`in_port=${ofport}`, `out_port=${ofport}`])
      await ofctl(lab, hypervisor, ['del-flows', 'br-int', match]);
  },
  changed: async (lab, hypervisor, ofport) => {
    const found = await ofctl(lab, hypervisor, ['dump-flows', 'br-int', `out_port=${ofport}`, '--no-stats']);
    const matches = found
      .split('\n')
      .flatMap((line) => /(table=\d+),.*?((?:reg\d+|metadata)=\S+) actions=/.exec(line)?.slice(1).join(',') ?? []);
    if (matches.length === 0) throw new Error(`no flow of br-int leads to port ${ofport}:\n${found}`);
    for (const match of matches) await ofctl(lab, hypervisor, ['mod-flows', 'br-int', `${match},actions=drop`]);
  },
} as const satisfies Record<FlowLoss, (lab: LabState, hypervisor: string, ofport: string) => Promise<void>>;
