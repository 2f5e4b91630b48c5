import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run as runCommand } from '../../lab/command.ts';
import { inNetns } from '../../lab/netns.ts';
import { findProgram, killProgram, restartProgram } from '../../lab/programs.ts';
import { pathsOf } from '../../lab/run-dir.ts';
import { signal } from '../lab/coordinator/cloud.ts';
import { Cloud } from '../lab/fixture/cloud.ts';
import { freshLabName } from '../lab/fixture/own-lab.ts';
import { expectAtRest } from './cloud-at-rest.ts';
import { titleOf } from './rows.ts';

const hosts = ['hv1', 'hv2'] as const;
const reader = join(import.meta.dirname, 'stream-process.ts');
const agentBundle = join(import.meta.dirname, '../../dist/shunt-agent.mjs');

describe(titleOf(8), () => {
  let cloud: Cloud;
  beforeAll(async () => {
    cloud = await Cloud.up({ name: freshLabName(), hosts: 2, guests: 2, networks: 1, prometheus: false });
  });
  afterAll(() => cloud?.[Symbol.asyncDispose]());

  it('gone in the middle of a move: what is open commits, nothing starts, and its reports catch up without a gap', async () => {
    const run = await cloud.startRun({ hosts: ['hv1'], soak: '4s', deadline: '20s' });
    await cloud.untilPhase('hv1', ['cutting', 'verifying', 'soaking', 'committing']);
    killProgram(cloud.lab.topology.name, 'nats');
    await cloud.until('the coordinator to notice', async () =>
      (await cloud.api.status(signal())).natsConnected ? undefined : true,
    );
    expect(await cloud.untilClosed('hv1')).toMatchObject({ outcome: 'committed' });
    await cloud.untilRun(run, ['done']);
    const next = await cloud.startRun({ hosts: ['hv2'], soak: '500ms' });
    const why = await cloud.api.why({ target: { kind: 'run', runId: next.id } }, signal());
    expect(why.map((one) => one.kind)).toContain('reports-down');
    await cloud.until('reports to wait on disk', async () => ((await pendingAt('hv1')) > 5 ? true : undefined));
    expect((await cloud.host('hv2')).attempt).toBeUndefined();

    await restartProgram(cloud.lab.topology.name, 'nats');
    await cloud.untilRun(next, ['done']);
    await expectAtRest(cloud, { plugs: { hv1: 'target', hv2: 'target' } });
    await expectNoGapAndNothingTwice();
  });

  it('put back to what it had synced half a minute ago: what it had acknowledged since goes out again, once', async () => {
    const { dir } = pathsOf(cloud.lab.topology.name);
    const store = join(dir, 'nats');
    const older = join(dir, 'nats-older');
    await restartAfter(() => cpSync(store, older, { recursive: true }));
    const had = await numbersOf('hv1');
    await cloud.back('hv1');
    await cloud.back('hv2');
    await cloud.until('all reports to be acknowledged', async () =>
      (await pendingAt('hv1')) + (await pendingAt('hv2')) === 0 ? true : undefined,
    );
    const acknowledged = await numbersOf('hv1');
    expect(acknowledged.length).toBeGreaterThan(had.length + 5);

    await restartAfter(() => {
      rmSync(store, { recursive: true });
      cpSync(older, store, { recursive: true });
    });
    await cloud.until('what was lost to be there again', async () => {
      const now = await numbersOf('hv1');
      return acknowledged.every((seq) => now.includes(seq)) ? true : undefined;
    });
    await expectNoGapAndNothingTwice();
    await expectAtRest(cloud, { plugs: { hv1: 'legacy', hv2: 'legacy' } });
  });

  it('doubled, reordered and forged reports change nothing: no decision hangs on them', async () => {
    const before = (await cloud.api.status(signal())).lastSeq;
    const { published, duplicates } = JSON.parse(await inCentral('confuse', 'hv2')) as {
      published: number;
      duplicates: number;
    };
    expect(published).toBeGreaterThan(50);
    expect(duplicates, 'those of the last two minutes are known by their id').toBeGreaterThan(0);
    const { lastSeq, stuckHosts, openAttempts } = await cloud.api.status(signal());
    expect([lastSeq, stuckHosts, openAttempts]).toEqual([before, [], []]);
    await cloud.untilRun(await cloud.startRun({ hosts: ['hv2'], soak: '500ms' }), ['done']);
    await expectAtRest(cloud, { plugs: { hv1: 'legacy', hv2: 'target' } });
  });

  async function restartAfter(change: () => void): Promise<void> {
    const { name } = cloud.lab.topology;
    killProgram(name, 'nats');
    await cloud.until('NATS to be gone', async () => (findProgram(name, 'nats') ? undefined : true));
    change();
    await restartProgram(cloud.lab.topology.name, 'nats');
    await cloud.until('the stream', async () => ((await cloud.api.status(signal())).natsConnected ? true : undefined));
  }

  /** Reports that wait in the spool, as the agent tells. */
  async function pendingAt(hypervisor: string): Promise<number> {
    const socket = cloud.status.hypervisors.find((one) => one.name === hypervisor)?.agent ?? '';
    const status = await runCommand([process.execPath, agentBundle, 'status', '--socket', socket, '--output', 'json']);
    return (JSON.parse(status) as { reports: { pending: number } }).reports.pending; // the agent's own JSON
  }

  function inCentral(...args: readonly string[]): Promise<string> {
    return runCommand(inNetns(cloud.lab.topology.centralNetns, [process.execPath, reader, ...args]));
  }

  /** The numbers of a hypervisor's reports in the stream, in its order. */
  async function numbersOf(hypervisor: string): Promise<readonly number[]> {
    const ids = JSON.parse(await inCentral('read')) as readonly string[];
    return ids.filter((id) => id.startsWith(`${hypervisor}/`)).map((id) => Number(id.split('/').at(-1)));
  }

  async function expectNoGapAndNothingTwice(): Promise<void> {
    for (const hypervisor of hosts) {
      const numbers = await numbersOf(hypervisor);
      expect(numbers.length).toBeGreaterThan(0);
      expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    }
  }
});
