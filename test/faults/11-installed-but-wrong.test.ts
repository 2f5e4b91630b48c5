import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shuntNames } from '../../domain/rewire/shunt-plug.ts';
import type { RunView } from '../../domain/run-state.ts';
import type { Fault } from '../../lab/faults/fault.ts';
import { type FlowLoss, loseFlows } from '../../lab/faults/lost-flows.ts';
import { deleteGroup } from '../../lab/faults/missing-group.ts';
import type { LabGuest } from '../../lab/topology.ts';
import { Cloud, type PlanWishes } from '../lab/fixture/cloud.ts';
import { freshLabName } from '../lab/fixture/own-lab.ts';
import { expectAtRest } from './cloud-at-rest.ts';
import { everyMoment, moments } from './moments.ts';
import { titleOf } from './rows.ts';

/** What is wrong behind the plug of a guest that OVN calls installed. */
interface Wrong {
  readonly what: string;
  /** As soon as it is installed. */
  readonly strike: (cloud: Cloud, plug: string) => Promise<Fault>;
}

const flows = (what: string, loss: FlowLoss): Wrong => ({
  what,
  strike: ({ lab }, plug) => loseFlows(lab, 'hv1', plug, loss),
});
const gone = flows('its flows are gone', 'gone');
const changed = flows('the flow that leads to it leads nowhere', 'changed');
const group: Wrong = { what: 'its port group is missing', strike: ({ lab }) => deleteGroup(lab) };

const hosts = ['hv1', 'hv2'];

describe(titleOf(11), () => {
  let cloud: Cloud;

  if (everyMoment)
    describe('on a wire, which tells the hypervisor itself, and its peers', () => {
      beforeAll(async () => {
        cloud = await Cloud.up({ name: freshLabName(), hosts: 2, guests: 2, networks: 1, prometheus: false });
      });
      afterAll(() => cloud?.[Symbol.asyncDispose]());

      const noticed = new Map([
        [gone, 'wire: 0 of '],
        [changed, 'wire: 0 of '],
        [group, 'remote from hv2: 0 of '],
      ]);
      const cases = [
        { method: 'direct', before: 'legacy', wrong: gone },
        { method: 'direct', before: 'legacy', wrong: group },
        { method: 'direct', before: 'legacy', wrong: changed },
        { method: 'shunt', before: 'staged', wrong: gone },
        { method: 'shunt', before: 'staged', wrong: group },
      ] as const;

      it.each(cases)(
        '$method: OVN says that a port is installed, and $wrong.what: back by the verdict, which says what was silent',
        async ({ method, before, wrong }) => {
          const { tap, portId } = guestOfHv1();
          if (before === 'staged') await moves({ hosts: ['hv1'], method, goal: 'staged' });
          const run = await cloud.startRun({ hosts: ['hv1'], method, soak: '2s' });
          await using fault = await wrong.strike(cloud, before === 'staged' ? shuntNames(portId).targetLeg.outer : tap);
          await ends(run, { outcome: 'reverted', why: [tap, noticed.get(wrong) ?? ''] });
          await expectAtRest(cloud, { plugs: { hv1: before, hv2: 'legacy' } });
          await fault.remove();
          if (before === 'staged') await moves({ hosts: ['hv1'], method, goal: 'legacy' });
        },
      );

      it.each(['direct', 'shunt'] as const)('%s: without any of that the same cut commits', async (method) => {
        await moves({ hosts: ['hv1'], method });
        await expectAtRest(cloud, { plugs: { hv1: method === 'direct' ? 'target' : 'shunted', hv2: 'legacy' } });
        await moves({ hosts: ['hv1'], method, goal: 'legacy' });
      });
    });

  describe('on an overlay, whose guests nobody asks through OVN before they are there', () => {
    beforeAll(async () => {
      const guests = { hosts: hosts.length, guests: 1, networks: 0, overlays: 1 };
      cloud = await Cloud.up({ name: freshLabName(), ...guests, prometheus: false });
    });
    afterAll(() => cloud?.[Symbol.asyncDispose]());

    it.each(everyMoment ? [gone, changed, group] : [])(
      'staged: OVN says that a port is installed, and $what: nobody is flipped, and the refusal names the tap; without that all are',
      async (wrong) => {
        const { tap, portId } = guestOfHv1();
        await moves({ hosts, method: 'shunt', goal: 'staged' });
        await using fault = await wrong.strike(cloud, shuntNames(portId).targetLeg.outer);
        const run = await cloud.startRun({ hosts, method: 'shunt' });
        await ends(run, {
          outcome: 'blocked',
          why: [tap, wrong === group ? 'no ping comes through them' : 'no frame comes through them'],
        });
        await expectAtRest(cloud, { plugs: { hv1: 'staged', hv2: 'staged' } });
        await fault.remove();
        await moves({ hosts, method: 'shunt' });
        await expectAtRest(cloud, { plugs: { hv1: 'shunted', hv2: 'shunted' } });
        await moves({ hosts, method: 'shunt', goal: 'legacy' });
      },
    );

    const soon = [
      { method: 'direct', goal: 'target', wrong: gone, noticed: 'through OVN on this hypervisor: 0 of ' },
      { method: 'direct', goal: 'target', wrong: group, noticed: 'through OVN on this hypervisor, by IP: 0 of ' },
      { method: 'shunt', goal: 'staged', wrong: gone, noticed: 'through OVN on this hypervisor: 0 of ' },
      { method: 'shunt', goal: 'staged', wrong: group, noticed: 'through OVN on this hypervisor, by IP: 0 of ' },
    ] as const;

    it.each(moments(soon, ({ method }) => method === 'direct'))(
      '$method to $goal: OVN says that a port is installed, and $wrong.what: back by the verdict, all of them',
      async ({ method, goal, wrong, noticed }) => {
        const { tap, portId } = guestOfHv1();
        const run = await cloud.startRun({ hosts, method, goal, soak: '2s' });
        await using fault = await wrong.strike(cloud, method === 'direct' ? tap : shuntNames(portId).targetLeg.outer);
        await ends(run, { outcome: 'reverted', why: [noticed] });
        await expectAtRest(cloud, { plugs: { hv1: 'legacy', hv2: 'legacy' } });
        await fault.remove();
      },
    );

    it('direct: without that the same cut commits', async () => {
      await moves({ hosts, method: 'direct' });
      await expectAtRest(cloud, { plugs: { hv1: 'target', hv2: 'target' } });
    });
  });

  function guestOfHv1(): LabGuest {
    const [guest] = cloud.guestsOf('hv1');
    if (guest === undefined) throw new Error('no guest');
    return guest;
  }

  async function moves(wishes: PlanWishes): Promise<void> {
    const { state } = await cloud.untilRun(await cloud.startRun(wishes), ['done', 'paused']);
    const whys = (await Promise.all(hosts.map((host) => cloud.host(host)))).map(({ attempt }) => attempt?.why);
    expect([state, ...whys]).toEqual(['done', ...hosts.map(() => undefined)]);
  }

  interface Ending {
    readonly outcome: 'reverted' | 'blocked';
    readonly why: readonly string[];
  }

  /** One of them says why; the others may have gone back with it. */
  async function ends(run: RunView, { outcome, why }: Ending): Promise<void> {
    expect(await cloud.untilRun(run, ['done', 'paused'])).toMatchObject({ state: 'paused' });
    await cloud.api.abortRun({ runId: run.id, by: 'test' }, AbortSignal.timeout(10_000));
    const touched = (await Promise.all(hosts.map((host) => cloud.host(host)))).filter(({ attempt }) => attempt);
    const attempts = await Promise.all(touched.map(({ systemId }) => cloud.untilClosed(systemId)));
    const words = expect.stringMatching(new RegExp(why.join('.*')));
    expect(attempts).toContainEqual(expect.objectContaining({ outcome, code: 'verdict-failed', why: words }));
  }
});
