import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readReverts } from '../../agent/journal/attempt-journal.ts';
import { donePhaseOf } from '../../domain/attempt/operation-phases.ts';
import type { TapTarget } from '../../domain/network-model.ts';
import type { CutGrant } from '../../domain/orders.ts';
import { AgentHost } from './agent/agent-host.ts';

type Asked = Pick<CutGrant, 'operation' | 'direction'>;

const stage = { operation: 'stage', direction: 'forward' } as const satisfies Asked;
const flip = { operation: 'cut', direction: 'forward' } as const satisfies Asked;
const flipBack = { operation: 'cut', direction: 'back' } as const satisfies Asked;
const unstage = { operation: 'stage', direction: 'back' } as const satisfies Asked;

let host: AgentHost;
let epoch = 0;
beforeAll(async () => {
  host = await AgentHost.up({ guests: 2 });
});
afterAll(() => host?.[Symbol.asyncDispose]());

const shunted = (target: TapTarget): TapTarget => ({ ...target, method: 'shunt' });
const first = () => host.taps()[0]!; // two guests were asked for
const second = () => host.taps()[1]!; // as above

async function begin(asked: Asked, taps: readonly TapTarget[], more: Partial<CutGrant> = {}): Promise<void> {
  epoch += 1;
  const grant = { ...asked, method: 'shunt', taps, ...more } as const;
  expect(await host.prepare(epoch, grant)).toEqual(expect.objectContaining({ kind: 'accepted' }));
  expect(await host.cut(epoch, grant)).toMatchObject({ kind: 'accepted' });
}

async function operate(asked: Asked, taps: readonly TapTarget[]): Promise<void> {
  await begin(asked, taps);
  expect((await host.phase(epoch, 'committing')).verdict?.kind).toBe('pass');
  await host.commit(epoch);
  await host.phase(epoch, donePhaseOf({ ...asked, method: 'shunt' }));
}

/** Where the agent says that both are, and that both answer. */
async function places(...wanted: readonly string[]): Promise<void> {
  await host.until(`the taps to be seen ${wanted.join(', ')}`, () => {
    const seen = host.taps().map(({ tap }) => host.inventory?.taps.find((one) => one.tap === tap)?.plug);
    const kinds = seen.map((plug) => (plug?.kind === 'shunt' ? plug.place : plug?.kind));
    return kinds.join() === wanted.join() ? true : undefined;
  });
  expect(await host.allAnswer()).toBe(true);
}

describe('an attempt that flips one tap and cuts another direct', () => {
  beforeAll(() => operate(stage, [shunted(first())]));

  it('goes back with both to where each was, when the word does not come', async () => {
    await begin(flip, [shunted(first()), second()], { deadlineMs: 3_000 });
    expect(await host.phase(epoch, 'reverted')).toMatchObject({ code: 'timed-out' });
    await places('staged', 'legacy');
  });

  it('moves each by its own method, and takes each back by it', async () => {
    await operate(flip, [shunted(first()), second()]);
    await places('shunted', 'target');
    await operate(flipBack, [shunted(first()), second()]);
    await places('staged', 'legacy');
  });
});

describe('a flip', () => {
  const both = () => host.taps().map(shunted);
  const undone = () => readReverts(host.stateDir, epoch).find((record) => record.type === 'revert-done');
  beforeAll(async () => {
    await operate(unstage, [shunted(first())]);
    await operate(stage, both());
  });

  it('whose agent is killed and not started again is taken back by the dead man', async () => {
    await begin(flip, both(), { deadlineMs: 3_000 });
    await host.phase(epoch, 'committing');
    await host.kill('SIGKILL');
    await host.until('the dead man to be done', undone);
    await host.start();
    await host.phase(epoch, 'reverted');
    await places('staged', 'staged');
  });

  it('that is committed is taken back by shunt-agent revert, beside the agent and without it', async () => {
    await operate(flip, both());
    const beside = await host.command('revert', '--attempt', String(epoch));
    expect([beside.exitCode, beside.stdout]).toEqual([3, expect.stringContaining('"reverted"')]);
    await host.phase(epoch, 'reverted');
    await places('staged', 'staged');
    await operate(flip, both());
    await host.kill('SIGTERM');
    const alone = await host.command('revert', '--attempt', String(epoch));
    expect([alone.exitCode, alone.stdout]).toEqual([3, expect.stringContaining('"reverted"')]);
    const { tap, portId, mac } = first();
    const byHand = await host.command('cut', '--once', tap, '--port', portId, '--mac', mac);
    expect([byHand.exitCode, byHand.stderr]).toEqual([1, expect.stringContaining('is on a shunt')]);
    await host.start();
    await host.phase(epoch, 'reverted');
    await places('staged', 'staged');
  });

  it('whose guest was started anew, and is direct since, is taken back with it by the method of each', async () => {
    const { tap, legacyBridge } = second();
    await operate(flip, both());
    const { netns } = host.guests[1]!; // two guests were asked for
    const mac = /link\/ether (\S+)/.exec(await host.inHost('ip', '-o', 'link', 'show', tap))?.[1] ?? '';
    // The guest's own side stays: its tap moves out and comes again, as new as a started guest's.
    await host.inHost('ip', 'link', 'set', tap, 'netns', netns, 'name', 'away0');
    await host.until('the claim to be released', () => (host.log.includes('"kind":"tap-gone"') ? true : undefined));
    await host.inHost('ip', '-n', netns, 'link', 'set', 'away0', 'netns', `${host.name}-hv1`, 'name', tap);
    await host.inHost('ip', 'link', 'set', tap, 'address', mac, 'master', legacyBridge, 'up');
    await places('shunted', 'target');
    await operate(flipBack, [shunted(first()), second()]);
    await places('staged', 'legacy');
    await operate(unstage, [shunted(first())]);
    await places('legacy', 'legacy');
    expect(await host.inHost('ip', '-o', 'link')).not.toMatch(/ (qbr|qvb|qvo|sha|shb)/);
  });
});
