/**
 * Takes a guest along its shunt by the agent's own steps, on whatever datapath labs have here, and prints what lived at each place: a
 * {@link Walked} as one line of JSON. Idle connections are silent until they are spoken on, by the far side and by a guest whose group
 * lets nothing new out.
 */
import { addGuest } from '../../../lab/guest/guest-lifecycle.ts';
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
  }[];
}

const way = ['staged', 'shunted', 'staged', 'shunted', 'hybrid'] as const;
const speakMs = 10_000;
const name = `walk${process.pid}`;

await upLab({ name, hosts: 2, guests: 1, networks: 1, services: false, owner: 'process' });
const answering = await addGuest(name, { hypervisor: 'hv1', network: 'net1', egress: false });
await using plane = await PlaneLab.on(requireLabState(name));
const moves = [plane.move('g1-1'), plane.move(answering.name)];
const idle = way.flatMap((_, look) => [
  { kind: 'idle', id: `${look} far side first`, from: 'g1-1', to: 'g2-1' } as const,
  { kind: 'idle', id: `${look} guest without egress first`, from: 'g2-1', to: answering.name } as const,
]);
await using traffic = await startTraffic(name, idle, { readyMs: 60_000 });
await using mesh = await TcpMesh.open(name, ['g1-1', 'g2-1', answering.name]);
const steps: Walked['steps'][number][] = [];
for (const [look, place] of way.entries()) {
  await plane.to(place, moves);
  const due = idle.filter(({ id }) => Number.parseInt(id, 10) <= look);
  const heard = await Promise.all(due.map(async ({ id }) => ({ id, heard: await traffic.speak(id, speakMs) })));
  const silent = heard.flatMap((one) => (one.heard ? [] : [one.id]));
  steps.push({ place, silent, broken: brokenPairs(await mesh.round({ times: 3 })) });
}
const datapath = (await plane.vsctl('get', 'Bridge', 'br-int', 'datapath_type')).trim().replaceAll('"', '');
process.stdout.write(`walked ${JSON.stringify({ datapath, steps } satisfies Walked)}\n`);
