import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { AgentHost } from './agent/agent-host.ts';

let host: AgentHost;
afterEach(() => host?.[Symbol.asyncDispose]());

/** Resident pages of files, KiB; what the agent had when it had just begun counts as 1. */
const residentKib = () => Number(/^RssFile:\s+(\d+)/m.exec(readFileSync(`/proc/${host.pid}/status`, 'utf8'))?.[1]);
/** A third of its pages is what a resting agent uses; a beginning brings all back. */
const small = 0.75;

it('gives its program back at rest, has it again before it arms, and keeps it in an attempt that it finds at its start', async () => {
  host = await AgentHost.up({ guests: 2 });
  const begunKib = residentKib();
  const toBeSmall = () => (residentKib() < begunKib * small ? true : undefined);
  await host.until('the resting agent to be small', toBeSmall);
  expect((await host.prepare(1)).kind).toBe('accepted');
  expect(residentKib()).toBeGreaterThan(begunKib * small);

  // Longer than the calm after which memory goes.
  expect((await host.cut(1, { soakMs: 8_000, deadlineMs: 60_000 })).kind).toBe('accepted');
  await host.phase(1, 'soaking');
  await host.kill('SIGKILL');
  host.states.length = 0;
  await host.start();
  let least = Number.POSITIVE_INFINITY;
  await host.until('the soak to be over', () => {
    least = Math.min(least, residentKib());
    return host.newest?.phase === 'committing' ? true : undefined;
  });
  expect(least).toBeGreaterThan(begunKib * small);
  await host.commit(1);
  await host.phase(1, 'committed');
  await host.until('the agent to be small again', toBeSmall);
});
