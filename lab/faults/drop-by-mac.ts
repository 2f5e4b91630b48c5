import type { LabState } from '../state.ts';
import { type Fault, standingFault } from './fault.ts';
import { ofctl } from './ofctl.ts';

/** Cookie of all flows that the lab puts into a switch, so that it removes its own and no other's. */
const FAULT_COOKIE = '0x5b0f4017';

/**
 * Lets a hypervisor's `br-int` drop every frame from and to a MAC: above all of OVN's flows, in its first table. ovn-controller
 * leaves flows alone that it has not made, unless it is started again. Harmless while the guest is on its legacy plug.
 */
export async function dropByMac(lab: LabState, hypervisor: string, mac: string): Promise<Fault> {
  const flows = ['dl_src', 'dl_dst'].map(
    (field) => `cookie=${FAULT_COOKIE},table=0,priority=65535,${field}=${mac},actions=drop`,
  );
  await ofctl(lab, hypervisor, ['add-flows', 'br-int', '-'], `${flows.join('\n')}\n`);
  return standingFault(`frames of ${mac} are dropped in br-int of ${hypervisor}`, async () => {
    for (const field of ['dl_src', 'dl_dst']) {
      await ofctl(lab, hypervisor, ['del-flows', 'br-int', `cookie=${FAULT_COOKIE}/-1,${field}=${mac}`]);
    }
  });
}
