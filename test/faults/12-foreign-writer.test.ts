import { afterEach, describe, expect, it } from 'vitest';
import type { Phase } from '../../domain/phases.ts';
import type { LabSource } from '../../lab/sources/lab-source.ts';
import { AgentHost } from '../lab/agent/agent-host.ts';
import { expectAtRest } from './host-at-rest.ts';
import { everyMoment, moments } from './moments.ts';
import { titleOf } from './rows.ts';

/** What somebody else does to the last tap, and what has to be left of it. */
interface Writing {
  readonly what: string;
  readonly source: LabSource;
  readonly write: (host: AgentHost, tap: string) => Promise<unknown>;
  /** As the database or the kernel tells it afterwards. */
  readonly left: (host: AgentHost, tap: string) => Promise<string>;
  readonly stays: string;
  readonly undo: (host: AgentHost, tap: string) => Promise<unknown>;
}

const writings: readonly Writing[] = [
  {
    what: 'gives a tap a port of its own',
    source: 'linux-bridge',
    write: (host, tap) => host.vsctl('add-port', 'br-int', tap),
    left: (host, tap) => host.vsctl('port-to-br', tap),
    stays: 'br-int',
    undo: (host, tap) => host.vsctl('del-port', 'br-int', tap),
  },
  {
    what: 'puts a tap into another bridge',
    source: 'linux-bridge',
    write: async (host, tap) => {
      await host.inHost('ip', 'link', 'add', 'elsewhere', 'type', 'bridge');
      await host.inHost('ip', 'link', 'set', tap, 'master', 'elsewhere');
    },
    left: (host, tap) => host.inHost('ip', '-o', 'link', 'show', tap),
    stays: 'master elsewhere',
    undo: (host, tap) =>
      host.inHost('ip', 'link', 'set', tap, 'master', host.taps().find((one) => one.tap === tap)?.legacyBridge ?? ''),
  },
  {
    what: 'changes what the port of a tap says',
    source: 'ml2-ovs',
    write: (host, tap) => host.vsctl('set', 'Port', tap, 'external_ids:somebody=else'),
    left: (host, tap) => host.vsctl('get', 'Port', tap, 'external_ids:somebody'),
    stays: 'else',
    undo: (host, tap) => host.vsctl('remove', 'Port', tap, 'external_ids', 'somebody'),
  },
];

describe(titleOf(12), () => {
  let host: AgentHost;
  afterEach(() => host?.[Symbol.asyncDispose]());

  it.each(moments(writings, ({ what }) => what !== 'puts a tap into another bridge'))(
    'somebody $what ($source) between arming and cutting: nothing is half written, all go back, and what was written stays',
    async ({ source, write, left, stays, undo }) => {
      host = await AgentHost.up({ source });
      const tap = host.guests.at(-1)?.tap ?? '';
      const { promise: written, resolve } = Promise.withResolvers<void>();
      await host.prepare(1);
      await stopped(host, 'cutting', async () => {
        await write(host, tap);
        resolve();
      });
      await host.cut(1, { batchSize: 2 });
      await written;
      expect(await host.phase(1, 'reverted')).toMatchObject({
        code: 'preimage-changed',
        why: expect.stringContaining(tap),
      });
      expect(await left(host, tap)).toContain(stays);
      await undo(host, tap);
      await expectAtRest(host, 1, { plug: 'legacy' });
    },
  );

  const changes = [
    {
      what: 'the tag',
      change: (tap: string) => ['set', 'Port', tap, 'tag=5'],
      says: 'the tag of its port is 5, not none',
    },
    {
      what: 'the iface-id',
      change: (tap: string) => ['set', 'Interface', tap, 'external_ids:iface-id=nobody'],
      says: 'iface-id in the external_ids of its interface is nobody',
    },
    {
      what: 'our mark',
      change: (tap: string) => ['remove', 'Port', tap, 'external_ids', 'shunt-owner'],
      says: 'shunt-owner is gone from the external_ids of its port',
    },
    {
      what: 'the bridge',
      change: (tap: string) => ['del-port', tap, '--', 'add-port', 'br-ex', tap],
      says: 'its port on br-int is gone',
    },
  ] as const;

  it('somebody changes what was moved, before its commit and after: by put-back it is as it was, and who did it is named', async () => {
    host = await AgentHost.up();
    const tap = host.guests[0]?.tap ?? '';
    await host.prepare(1);
    await host.cut(1, { deadlineMs: 60_000 });
    await host.phase(1, 'committing');
    const tried = everyMoment ? changes.slice(0, 3) : changes.slice(0, 2);
    for (const { change, says } of tried) {
      await host.vsctl(...change(tap));
      const told = await shown(host, says);
      expect(told).toMatchObject({ kind: 'tap-replugged', tap, message: expect.stringContaining('ovs-vsctl') });
    }
    await host.commit(1);
    await host.phase(1, 'committed');
    await host.vsctl('set', 'Port', tap, 'tag=7');
    await shown(host, 'the tag of its port is 7');
    expect((await host.vsctl('get', 'Port', tap, 'tag')).trim()).toBe('[]');
    await expectAtRest(host, 1, { plug: 'target' });
  });

  it('by hold it is left alone, holds the hypervisor, keeps the attempt from its commit; by revert the attempt goes back', async () => {
    host = await AgentHost.up();
    const tap = host.guests[0]?.tap ?? '';
    const policy = async (name: string) => {
      host.env = { SHUNT_GUARD_FOREIGN_WRITERS: name };
      await host.kill('SIGKILL');
      await host.start();
    };
    await policy('hold');
    await host.prepare(1);
    await host.cut(1, { deadlineMs: 60_000 });
    await host.phase(1, 'committing');
    await host.vsctl('set', 'Port', tap, 'tag=5');
    expect(await shown(host, 'the tag of its port is 5')).toMatchObject({ kind: 'foreign-writer', severity: 'error' });
    expect((await host.vsctl('get', 'Port', tap, 'tag')).trim()).toBe('5');
    await host.commit(1);
    expect(await host.phase(1, 'reverted')).toMatchObject({
      code: 'preimage-changed',
      why: expect.stringContaining(tap),
    });
    await expectAtRest(host, 1, { plug: 'legacy' });

    await policy('revert');
    await host.prepare(2);
    await host.cut(2, { deadlineMs: 60_000 });
    await host.phase(2, 'committing');
    await host.commit(2);
    await host.phase(2, 'committed');
    await host.vsctl('set', 'Port', tap, 'tag=5');
    expect(await host.phase(2, 'reverted')).toMatchObject({
      code: 'preimage-changed',
      why: expect.stringContaining('tag'),
    });
    await expectAtRest(host, 2, { plug: 'legacy' });
  });
});

/** Stops the agent in that phase, lets somebody write, and wakes it. */
async function stopped(host: AgentHost, phase: Phase, write: () => Promise<void>): Promise<void> {
  host.onState = (state) => {
    if (state.phase !== phase) return;
    host.onState = () => undefined;
    void host
      .kill('SIGSTOP')
      .then(write)
      .finally(() => host.kill('SIGCONT'));
  };
}

/** What is promised of foreign writers, and as much again for a machine that has much else to do. */
const seenWithinMs = 4_000;

/** A finding that the agent shows, by what it says. */
function shown(host: AgentHost, says: string) {
  return host.until(
    `the agent to show that ${says}`,
    () => host.inventory?.findings.find(({ message }) => message.includes(says)),
    seenWithinMs,
  );
}
