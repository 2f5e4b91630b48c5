import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeedReport } from '../../agent/connections/seed-report.ts';
import { downLab } from '../../lab/down.ts';
import type { LabGuest, Topology } from '../../lab/topology.ts';
import { startTraffic, type TrafficSession } from '../../lab/traffic/traffic.ts';
import { upLab } from '../../lab/up.ts';
import { cutByHand, nbctl, seed } from './connections/cut-by-hand.ts';
import { leaveExpired, pickUpElsewhere } from './connections/leftover.ts';
import { Talker } from './connections/talkers.ts';
import { freshLabName } from './fixture/own-lab.ts';

const name = freshLabName();
/** What a guest says, or is told, arrives within this; what does not will not. */
const heardMs = 1_500;
/** What nobody has taken for some seconds is said again within this. */
const repeatedMs = 15_000;
let topology: Topology;
let copied: LabGuest;
let left: LabGuest;
let report: SeedReport;
let traffic: TrafficSession;
const open = new AsyncDisposableStack();

beforeAll(async () => {
  ({ topology } = await upLab({ name, hosts: 2, guests: 2, networks: 1, services: false, owner: 'process' }));
  copied = guest('g1-1');
  left = guest('g1-2');
  traffic = open.use(
    await startTraffic(name, [
      ...[copied, left].flatMap(({ name: own }) => [
        { kind: 'idle', id: `far-first ${own}`, from: own, to: 'ext' } as const,
        { kind: 'idle', id: `far-first6 ${own}`, from: own, to: 'ext', family: 6 } as const,
        { kind: 'idle', id: `guest-first ${own}`, from: 'g2-1', to: own } as const,
      ]),
    ]),
  );
});
afterAll(async () => {
  await open.disposeAsync();
  await downLab(name);
});

describe('connections that were open when their guest went to OVN', () => {
  const ext = (): Talker => extTalker;
  let extTalker: Talker;
  let talkers: ReadonlyMap<string, Talker>;

  it('are copied in their true direction, and told', async () => {
    extTalker = open.use(new Talker(extOf().netns));
    talkers = new Map([copied, left].map((one) => [one.name, open.use(new Talker(one.netns))]));
    for (const [index, one] of [copied, left].entries()) await converse(one, 5_000 + index);

    await cutByHand(topology, [copied, left]);
    report = await seed(topology, [copied]);
    expect(report).toMatchObject({ seeded: 4, known: 0, missing: 0, withoutZone: 0 });
    expect(report.skipped).toMatchObject({ silent: 0, ended: 0, translated: 0 });
  });

  it('go on over UDP when the far side speaks', async () => {
    for (const one of [copied, left]) await ext().tell({ op: 'say', id: one.name });
    await expect.poll(() => heardBy(copied), { timeout: 10_000 }).toBe(2);
    expect(await heardBy(left)).toBe(1);
  });

  it.each(['far-first', 'far-first6'])(
    '%s: the far side is heard where they were copied, and nowhere else',
    async (id) => {
      expect(await traffic.speak(`${id} ${copied.name}`, heardMs)).toBe(true);
      expect(await traffic.speak(`${id} ${left.name}`, heardMs)).toBe(false);
    },
  );

  it('are copied anew where OVN picked them up where they are not any more', async () => {
    let heard = true;
    for (let quarter = 0; heard && quarter < 4; quarter += 1) {
      await pickUpElsewhere(topology, copied, quarter);
      heard = await traffic.speak(`far-first ${copied.name}`, heardMs);
    }
    expect(heard).toBe(false);
    await seed(topology, [copied]);
    expect(await traffic.speak(`far-first ${copied.name}`, heardMs), 'nothing in a dump tells').toBe(false);
    expect(await seed(topology, [copied], { onPath: true })).toMatchObject({ missing: 0 });
    expect(await traffic.speak(`far-first ${copied.name}`, repeatedMs)).toBe(true);
  });

  it('let the guest speak first under a group that lets nothing new out', async () => {
    await nbctl(topology, 'acl-del', group(), 'from-lport');
    expect(await traffic.speak(`guest-first ${copied.name}`, heardMs)).toBe(true);
    expect(await traffic.speak(`guest-first ${left.name}`, heardMs)).toBe(false);
  });

  it('open nothing else: new connections are judged as before, to a copied one’s port too', async () => {
    const { ip4: local } = extOf();
    const attempt = (remote: string, port: number, withinMs = 1_200) =>
      ext().tell({ op: 'connect', local, remote, port, withinMs });
    expect(await attempt(copied.ip4, 22, 20_000)).toBe('refused'); // the group lets SSH in, and nobody listens
    expect(await attempt(copied.ip4, 9_999)).toBe('silent');
    expect(await attempt(copied.ip4, 5_000)).toBe('silent');
  });

  it('are copied once: what OVN knows as it is stays', async () => {
    const again = await seed(topology, [copied]);
    expect(again).toMatchObject({ seeded: 0, missing: 0 });
    expect(again.known).toBeGreaterThanOrEqual(3);
  });

  it('are copied anew where OVN’s own have just expired, and vswitchd lives', async () => {
    await leaveExpired(topology, copied);
    const again = await seed(topology, [copied], { overlay: true });
    expect(again).toMatchObject({ missing: 0 });
    expect(again.seeded).toBeGreaterThanOrEqual(1);
    expect(await traffic.speak(`far-first ${copied.name}`, heardMs)).toBe(true);
  });

  /** A question from the guest and its answer: both firewalls take what the far side says next for a part of it. */
  async function converse(one: LabGuest, port: number): Promise<void> {
    const talker = talkers.get(one.name);
    const far = { local: extOf().ip4, port, remote: one.ip4, remotePort: port };
    await ext().tell({ op: 'udp', id: one.name, ...far });
    await talker?.tell({ op: 'udp', id: 'udp', local: one.ip4, port, remote: extOf().ip4, remotePort: port });
    await talker?.tell({ op: 'say', id: 'udp' });
    await expect.poll(() => ext().tell({ op: 'heard', id: one.name })).toBe(1);
    await ext().tell({ op: 'say', id: one.name });
    await expect.poll(() => heardBy(one)).toBe(1);
  }

  function heardBy(one: LabGuest): Promise<unknown> {
    return talkers.get(one.name)?.tell({ op: 'heard', id: 'udp' }) ?? Promise.resolve(undefined);
  }
});

function extOf() {
  const network = topology.networks.find((one) => one.id === copied.networkId);
  if (network === undefined) throw new Error('the guest is on no network');
  return network.ext;
}

/** Neutron's port group of the lab's security group. */
function group(): string {
  return `pg_${topology.securityGroupId.replaceAll('-', '_')}`;
}

function guest(which: string): LabGuest {
  const found = topology.guests.find((one) => one.name === which);
  if (found === undefined) throw new Error(`no guest ${which}`);
  return found;
}
