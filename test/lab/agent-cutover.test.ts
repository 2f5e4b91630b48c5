import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AgentHost } from './agent/agent-host.ts';

describe('an agent that is told to cut', () => {
  let host: AgentHost;
  beforeAll(async () => {
    host = await AgentHost.up();
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  it('moves every tap, proves every guest, soaks, waits for the word, and commits', async () => {
    const prepared = await host.prepare(1);
    expect(prepared).toMatchObject({ kind: 'accepted' });
    expect(await host.cut(1)).toMatchObject({ kind: 'accepted' });
    const soaked = await host.phase(1, 'committing');
    expect(soaked.verdict?.kind).toBe('pass');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'target'));
    expect(await host.commit(1)).toMatchObject({ kind: 'accepted' });
    const committed = await host.phase(1, 'committed');
    expect(committed.blackouts).toHaveLength(host.guests.length);
    expect(await host.allAnswer()).toBe(true);
  });

  it('goes back by a new attempt, and repeats nothing that was done', async () => {
    expect(await host.prepare(2, { direction: 'back' })).toMatchObject({ kind: 'accepted' });
    expect(await host.cut(2, { direction: 'back' })).toMatchObject({ kind: 'accepted' });
    await host.phase(2, 'committing');
    await host.commit(2);
    await host.phase(2, 'committed');
    expect(await host.plugs()).toEqual(host.guests.map(() => 'legacy'));
    expect(await host.commit(2)).toMatchObject({ kind: 'accepted' });
    expect(await host.prepare(1)).toMatchObject({ kind: 'refused', code: 'epoch-stale' });
    expect(await host.allAnswer()).toBe(true);
  });
});
