import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropByMac } from '../../lab/faults/drop-by-mac.ts';
import { guestNicDown } from '../../lab/faults/guest-nic-down.ts';
import { execIn } from '../../lab/netns.ts';
import { killProgram, restartProgram } from '../../lab/programs.ts';
import { Cloud } from './fixture/cloud.ts';

describe('a cutover in a real cloud', () => {
  let cloud: Cloud;

  beforeAll(async () => {
    cloud = await Cloud.up({ name: `vd${process.pid % 10_000}`, hosts: 2, guests: 4, networks: 2 });
  });

  afterAll(async () => {
    await cloud?.[Symbol.asyncDispose]();
  });

  const closed = (hypervisor: string) => cloud.host(hypervisor).then((host) => host.attempt);

  it('goes back by itself when a guest’s NIC is taken down after its cut, port and flows intact', async () => {
    const [guest] = cloud.guestsOf('hv1');
    if (!guest) throw new Error('no guest');
    const run = await cloud.startRun({ hosts: ['hv1'], soak: '6s' });
    const { epoch } = await cloud.untilPhase('hv1', ['soaking']);
    const fault = await guestNicDown(cloud.lab, guest.name);
    try {
      const attempt = await cloud.untilClosed('hv1', epoch - 1);
      expect(attempt).toMatchObject({ epoch, outcome: 'reverted' });
      expect(attempt.why).toContain(guest.tap);
      expect(await cloud.silentGuests()).toEqual([guest.name]);
      expect((await cloud.untilRun(run, ['paused'])).pausedWhy).toBeTruthy();
      await cloud.untilPlug('hv1', 'legacy');
    } finally {
      await fault.remove();
    }
    // The far side's kernel had given the guest up; its neighbour entry needs a moment.
    await cloud.until('the guest to answer again', async () =>
      (await cloud.silentGuests()).length === 0 ? true : undefined,
    );
    await cloud.api.abortRun({ runId: run.id, by: 'test' }, AbortSignal.timeout(10_000));
  });

  it('goes back by itself when br-int drops a guest’s frames, and succeeds when it is retried without the fault', async () => {
    const [, guest] = cloud.guestsOf('hv1');
    if (!guest) throw new Error('no guest');
    const fault = await dropByMac(cloud.lab, 'hv1', guest.mac);
    const before = (await closed('hv1'))?.epoch ?? 0;
    const run = await cloud.startRun({ hosts: ['hv1'] });
    expect(await cloud.untilClosed('hv1', before)).toMatchObject({ outcome: 'reverted', code: 'verdict-failed' });
    expect(await cloud.silentGuests()).toEqual([]);
    await fault.remove();

    await cloud.untilRun(run, ['paused']);
    await cloud.api.retryHost({ host: 'hv1', by: 'test' }, AbortSignal.timeout(10_000));
    await cloud.api.resumeRun({ runId: run.id, by: 'test' }, AbortSignal.timeout(10_000));
    expect((await cloud.untilRun(run, ['done'])).state).toBe('done');
    expect((await closed('hv1'))?.outcome).toBe('committed');
    await cloud.untilPlug('hv1', 'target');
  });

  it('leaves guests of both worlds, the gateway and the ext host within reach of each other', async () => {
    const [moved] = cloud.guestsOf('hv1');
    const stayed = cloud.guestsOf('hv2').find((guest) => guest.networkId === moved?.networkId);
    const network = cloud.lab.topology.networks.find((candidate) => candidate.id === moved?.networkId);
    if (!moved || !stayed || !network) throw new Error('the lab should have two guests on one network');
    const paths = [
      [moved, stayed.ip4],
      [stayed, moved.ip4],
      [moved, network.gateway.ip4],
      [moved, network.ext.ip4],
    ] as const;
    const reached = await Promise.all(paths.map(([from, to]) => cloud.ping(from, to)));
    expect(reached).toEqual([true, true, true, true]);
  });

  it('ends with every tap on br-int and ovn-installed', async () => {
    const hypervisor = cloud.status.hypervisors.find((candidate) => candidate.name === 'hv1');
    if (!hypervisor) throw new Error('no hv1');
    for (const guest of cloud.guestsOf('hv1')) {
      const { stdout } = await execIn(hypervisor.netns, [
        'ovs-vsctl',
        `--db=unix:${hypervisor.ovsdb}`,
        'get',
        'Interface',
        guest.tap,
        'external_ids:ovn-installed',
      ]);
      expect(stdout.trim()).toBe('"true"');
    }
    const taps = (await cloud.host('hv1')).taps.filter((tap) => tap.plug === 'target').map((tap) => tap.tap);
    expect(taps.toSorted()).toEqual(
      cloud
        .guestsOf('hv1')
        .map((guest) => guest.tap)
        .toSorted(),
    );
  });

  it('goes back on order, and every guest answers', async () => {
    await cloud.back('hv1');
    await cloud.untilPlug('hv1', 'legacy');
    expect(await cloud.silentGuests()).toEqual([]);
  });

  it('comes to rest by itself when the coordinator is gone: back at the deadline, in time and without a word', async () => {
    const before = (await closed('hv2'))?.epoch ?? 0;
    await cloud.startRun({ hosts: ['hv2'], deadline: '6s', soak: '3s' });
    await cloud.untilPhase('hv2', ['soaking'], before);
    killProgram(cloud.lab.topology.name, 'coordinator');
    try {
      await cloud.until('the agent to be at rest', async () =>
        (await cloud.agentPhase('hv2')) === 'reverted' ? true : undefined,
      );
      expect(await cloud.silentGuests()).toEqual([]);
    } finally {
      await restartProgram(cloud.lab.topology.name, 'coordinator');
    }
    expect(await cloud.untilClosed('hv2', before)).toMatchObject({ outcome: 'reverted' });
    expect(await cloud.silentGuests()).toEqual([]);
  });
});
