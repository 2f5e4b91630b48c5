import { downLab } from '../lab/down.ts';
import type { LabState } from '../lab/state.ts';
import { upLab } from '../lab/up.ts';

/** Runs `body` in a lab of one hypervisor with as many taps, one VLAN network, and one guest more, which warms the switch and is not measured. */
export async function onOneHypervisor<T>(name: string, taps: number, body: (lab: LabState) => Promise<T>): Promise<T> {
  const lab = await upLab({
    name,
    hosts: 1,
    guests: taps + 1,
    networks: 1,
    programs: false,
    prometheus: false,
    owner: 'process',
  });
  try {
    return await body(lab);
  } finally {
    await downLab(name);
  }
}
