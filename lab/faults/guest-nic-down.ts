import { defaultRoutes } from '../guests.ts';
import { scriptIn } from '../netns.ts';
import { guestOf, type LabState } from '../state.ts';
import { type Fault, standingFault } from './fault.ts';

/** Takes a guest's NIC down inside the guest: tap, port and flows stay as they are. Its end brings back the routes that went with it. */
export async function guestNicDown(lab: LabState, guest: string): Promise<Fault> {
  const found = guestOf(lab, guest);
  await scriptIn(found.netns, ['ip link set eth0 down']);
  const routes = defaultRoutes(lab.topology, found).map((route) => `ip route replace ${route}`);
  return standingFault(`the NIC of guest ${guest} is down`, () =>
    scriptIn(found.netns, ['ip link set eth0 up', ...routes]),
  );
}
