import { execIn } from '../lab/netns.ts';
import type { LabState, LabStatus } from '../lab/state.ts';
import type { LabGuest } from '../lab/topology.ts';

/** One way to move taps of hypervisor 1, forward and back. */
export interface Method extends AsyncDisposable {
  readonly name: string;
  cut(guests: readonly LabGuest[]): Promise<void>;
  revert(guests: readonly LabGuest[]): Promise<void>;
}

/** What people type today: `ip link … nomaster`, then `ovs-vsctl add-port`; tap after tap. The baseline. */
export function shellMethod(lab: LabState, status: LabStatus): Method {
  const hypervisor = status.hypervisors[0];
  if (!hypervisor) throw new Error('the lab has no hypervisor');
  const vsctl = `ovs-vsctl --db=unix:${hypervisor.ovsdb}`;
  const bridgeOf = (guest: LabGuest) =>
    lab.topology.networks.find((network) => network.id === guest.networkId)?.bridge ?? '';
  const script = async (lines: readonly string[]) => {
    await execIn(hypervisor.netns, ['sh', '-ec', lines.join('\n')]);
  };
  return {
    name: 'shell',
    cut: (guests) =>
      script(
        guests.map(
          ({ tap, portId }) =>
            `ip link set ${tap} nomaster; ${vsctl} add-port br-int ${tap} -- set Interface ${tap} external_ids:iface-id=${portId}`,
        ),
      ),
    revert: (guests) =>
      script(
        guests.map(
          (guest) => `${vsctl} del-port br-int ${guest.tap}; ip link set ${guest.tap} master ${bridgeOf(guest)}`,
        ),
      ),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
