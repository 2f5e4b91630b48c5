import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, release } from 'node:os';
import { hypervisorPlace } from '../lab/hypervisor.ts';
import { vsctl } from '../lab/open-vswitch.ts';
import type { LabState } from '../lab/state.ts';

/** What figures depend on, besides the code. */
export interface BenchEnvironment {
  /** Who forwards frames in the lab, as OVS says it: `netdev` or `system`. */
  readonly datapath: string;
  readonly kernel: string;
  readonly ovs: string;
  readonly ovn: string;
  readonly cores: number;
  readonly cpu: string;
  /** In a virtual machine of `lab vm`: how its processor is had. Figures of an emulated one (`tcg`) say nothing about speed. */
  readonly accel?: string;
}

/** Asked of the lab that runs, not of how it was meant. */
export async function environmentOf({ topology }: LabState): Promise<BenchEnvironment> {
  const [hypervisor] = topology.hypervisors;
  if (hypervisor === undefined) throw new Error(`lab ${topology.name} has no hypervisor`);
  const place = hypervisorPlace(topology.name, hypervisor);
  const answer = await vsctl(place, ['get', 'Bridge', 'br-int', 'datapath_type']);
  const datapath = answer.trim().replaceAll('"', '');
  const accel = process.env['SHUNT_LAB_VM'];
  return {
    datapath: datapath === '' ? 'system' : datapath, // ovs-vswitchd.conf.db(5): the empty type is the kernel's
    kernel: release(),
    ovs: version('ovs-vswitchd'),
    ovn: version('ovn-controller'),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? '',
    ...(accel === undefined ? {} : { accel }),
  };
}

/** One line, for people. */
export function describeEnvironment(env: BenchEnvironment): string {
  const { datapath, kernel, ovs, ovn, cores, cpu, accel } = env;
  const machine = accel === undefined ? '' : `, in a virtual machine (${accel})`;
  return `datapath ${datapath}, Linux ${kernel}, OVS ${ovs}, OVN ${ovn}, ${cores} cores of ${cpu}${machine}`;
}

function version(program: string): string {
  return /\d+\.\d+\.\d+/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[0] ?? '';
}
