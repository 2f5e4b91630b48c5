import type { LabState } from '../state.ts';
import { type Fault, standingFault } from './fault.ts';
import { ofctl } from './ofctl.ts';

/** Cookie of these flows, so that they go and no other's. */
const COOKIE = '0x5b0f4a17';
/** Where OVN has no flows. */
const JUDGING_TABLE = 250;
/** Frames that were let by: they go on as if nothing had been there. */
const LET_BY = '0x5b0f';

/**
 * Lets a hypervisor's `br-int` drop frames from and to a MAC that are longer than so many bytes, and no others: a target path whose MTU is
 * smaller than it seems. Harmless while the guest is on its legacy plug.
 */
export async function dropLargeByMac(
  lab: LabState,
  hypervisor: string,
  { mac, aboveBytes }: { readonly mac: string; readonly aboveBytes: number },
): Promise<Fault> {
  const measured = `check_pkt_larger(${aboveBytes})->NXM_NX_REG0[0],resubmit(,${JUDGING_TABLE})`;
  const flows = [
    ...['dl_src', 'dl_dst'].map(
      (field) => `cookie=${COOKIE},table=0,priority=65535,pkt_mark=0,${field}=${mac},actions=${measured}`,
    ),
    `cookie=${COOKIE},table=${JUDGING_TABLE},priority=2,reg0=0x1/0x1,actions=drop`,
    `cookie=${COOKIE},table=${JUDGING_TABLE},priority=1,actions=load:${LET_BY}->NXM_NX_PKT_MARK[],resubmit(,0)`,
  ];
  await ofctl(lab, hypervisor, ['add-flows', 'br-int', '-'], `${flows.join('\n')}\n`);
  const what = `frames of ${mac} above ${aboveBytes} bytes are dropped in br-int of ${hypervisor}`;
  return standingFault(what, async () => {
    for (const field of ['dl_src', 'dl_dst'])
      await ofctl(lab, hypervisor, ['del-flows', 'br-int', `cookie=${COOKIE}/-1,table=0,${field}=${mac}`]);
  });
}
