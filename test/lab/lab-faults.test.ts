import { expect, it } from 'vitest';
import { run, until } from '../../lab/command.ts';
import { dropByMac } from '../../lab/faults/drop-by-mac.ts';
import { execIn } from '../../lab/netns.ts';
import { runDirEnv } from '../../lab/open-vswitch.ts';
import { hypervisorDir } from '../../lab/run-dir.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { ownLab } from './fixture/own-lab.ts';

it.each(['veth', 'tap'] as const)(
  'has an OVN that takes a %s over, and a fault by MAC that waits for it there',
  async (tap) => {
    await using own = await ownLab({ tap });
    const guest = own.lab.topology.guests.find((g) => g.hypervisor === 'hv1') as LabGuest;
    const network = own.lab.topology.networks.find((n) => n.id === guest.networkId);
    const peer = own.lab.topology.guests.find(
      (g) => g.hypervisor === 'hv2' && g.networkId === guest.networkId,
    ) as LabGuest;
    const destinations = [network?.gateway.ip4 ?? '', network?.ext.ip6 ?? '', peer.ip4];
    const pings = async (count: number) => {
      const results = await Promise.all(
        destinations.map((ip) =>
          execIn(guest.netns, ['ping', '-n', '-q', '-c', String(count), '-i', '0.1', '-W', '1', ip]),
        ),
      );
      return results.map((result) => result.exitCode === 0);
    };

    const fault = await dropByMac(own.lab, 'hv1', guest.mac);
    expect(await pings(3)).toEqual([true, true, true]); // harmless on the legacy plug
    await moveByHand(own.name, guest);
    expect(await pings(5)).toEqual([false, false, false]);
    await fault.remove();
    await until('the guest to be reachable through OVN', async () =>
      (await pings(1)).every(Boolean) ? true : undefined,
    );
  },
);

/** The cut as a shell would do it; waits until OVN has installed the port. */
async function moveByHand(lab: string, guest: LabGuest): Promise<void> {
  const env = runDirEnv(hypervisorDir(lab, guest.hypervisor));
  const netns = `${lab}-${guest.hypervisor}`;
  await run(['ip', '-n', netns, 'link', 'set', guest.tap, 'nomaster']);
  const plug = ['--', 'set', 'Interface', guest.tap, `external_ids:iface-id="${guest.portId}"`];
  await run(['ovs-vsctl', 'add-port', 'br-int', guest.tap, ...plug], { env });
  await until('the port to be installed', async () => {
    const installed = await run(['ovs-vsctl', 'get', 'Interface', guest.tap, 'external_ids:ovn-installed'], {
      env,
    }).catch(() => '');
    return installed.includes('true') ? true : undefined;
  });
}
