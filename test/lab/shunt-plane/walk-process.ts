/**
 * Takes guests along their shunts by the agent's own steps, on whatever datapath labs have here, and prints what lived at each place and what was lost
 * on the way there: a {@link Walked} as one line of JSON. Idle connections are silent until they are spoken on, by the far side and by a guest
 * whose group lets nothing new out. First argument: how many guests move, two at least; second: frames a second to each.
 */
import { addGuest } from '../../../lab/guest/guest-lifecycle.ts';
import { startPinger } from '../../../lab/pinger.ts';
import { requireLabState } from '../../../lab/state.ts';
import { brokenPairs, TcpMesh } from '../../../lab/traffic/tcp-mesh.ts';
import { startTraffic } from '../../../lab/traffic/traffic.ts';
import { upLab } from '../../../lab/up.ts';
import { PlaneLab } from './plane-lab.ts';

export interface Walked {
  readonly datapath: string;
  readonly steps: readonly {
    readonly place: string;
    readonly silent: readonly string[];
    readonly broken: readonly string[];
    /** Frames of the guest that lost most. */
    readonly lost: number;
  }[];
  readonly load: { readonly guests: number; readonly hz: number };
  /** Lost while nothing was done: where that is not 0, nothing can be said of `lost`. */
  readonly lostByItself: number;
}

const way = ['staged', 'shunted', 'staged', 'shunted', 'hybrid'] as const;
const speakMs = 10_000;
const nullMs = 3_000;
const name = `walk${process.pid}`;
const [guests = 2, hz = 50] = process.argv.slice(2).map(Number);

await upLab({ name, hosts: 2, guests: 1, networks: 1, services: false, owner: 'process' });
const answering = await addGuest(name, { hypervisor: 'hv1', network: 'net1', egress: false });
for (let more = 2; more < guests; more += 1) await addGuest(name, { hypervisor: 'hv1', network: 'net1' });
await using plane = await PlaneLab.on(requireLabState(name));
const moving = plane.guests.filter(({ hypervisor }) => hypervisor === 'hv1');
const moves = moving.map((guest) => plane.move(guest.name));
const idle = way.flatMap((_, look) => [
  { kind: 'idle', id: `${look} far side first`, from: 'g1-1', to: 'g2-1' } as const,
  { kind: 'idle', id: `${look} guest without egress first`, from: 'g2-1', to: answering.name } as const,
]);
await using traffic = await startTraffic(name, idle, { readyMs: 60_000 });
await using mesh = await TcpMesh.open(name, ['g1-1', 'g2-1', answering.name]);
await using pinger = startPinger({
  netns: plane.lab.topology.networks[0]?.ext.netns ?? '',
  targets: moving.map((guest) => ({ id: guest.name, ip: guest.ip4, hz })),
  readyMs: 60_000,
});
await pinger.ready;
const lostByItself = (await pinger.nullRun(nullMs)).lost;
const steps: Walked['steps'][number][] = [];
for (const [look, place] of way.entries()) {
  const fromNs = pinger.mark();
  await plane.to(place, moves);
  const { targets } = await pinger.report({ fromNs, toNs: pinger.mark() });
  const lost = Math.max(...targets.map((target) => target.lost));
  const due = idle.filter(({ id }) => Number.parseInt(id, 10) <= look);
  const heard = await Promise.all(due.map(async ({ id }) => ({ id, heard: await traffic.speak(id, speakMs) })));
  const silent = heard.flatMap((one) => (one.heard ? [] : [one.id]));
  steps.push({ place, silent, broken: brokenPairs(await mesh.round({ times: 3 })), lost });
}
const datapath = (await plane.vsctl('get', 'Bridge', 'br-int', 'datapath_type')).trim().replaceAll('"', '');
const walked: Walked = { datapath, load: { guests: moves.length, hz }, lostByItself, steps };
process.stdout.write(`walked ${JSON.stringify(walked)}\n`);
