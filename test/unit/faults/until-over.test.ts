import { describe, expect, it } from 'vitest';
import type { HostView, RunView } from '../../../domain/run-state.ts';
import { type Asked, untilOver } from '../../faults/random/until-over.ts';

const run: RunView = {
  id: 'run-1',
  planId: 'p-1',
  planName: 'random',
  state: 'running',
  errors: 0,
  errorBudget: 0,
  waves: [{ number: 1, state: 'running', hosts: [{ systemId: 'hv1', hostname: 'hv1' }] }],
};
const limits = { overWithinMs: 10_000, heldForMs: 50, forgottenAfterMs: 300 };
const host = { systemId: 'hv1', connected: true } as HostView; // what is asked of it

/** A coordinator on which nothing is open; `seen`: the state of its run, look by look. */
function fleet(why: (target: string) => readonly string[], seen: (look: number) => RunView['state'] = () => 'running') {
  let looks = 0;
  const asked: Asked = {
    hosts: async () => [host],
    cloud: {
      api: {
        getRun: async () => {
          looks += 1;
          return { ...run, state: seen(looks) };
        },
        why: async ({ target }) => why(target.kind).map((message) => ({ kind: 'k', message, evidence: 'e', ageMs: 0 })),
        abortRun: async () => run,
      },
    },
  };
  return asked;
}

describe('the end of a random run', () => {
  it.each(['done', 'paused', 'aborted'] as const)('is there when it is %s', async (state) => {
    expect(
      await untilOver(
        run,
        fleet(
          () => [],
          () => state,
        ),
        [host],
        limits,
      ),
    ).toEqual({ kind: 'over' });
  });

  it('is a hold where the coordinator names one', async () => {
    const end = await untilOver(
      run,
      fleet((kind) => [`${kind} waits`]),
      [host],
      limits,
    );
    const hosts = [{ systemId: 'hv1', why: ['host waits'] }];
    expect(end).toEqual({ kind: 'held', held: { why: ['run waits'], hosts } });
  });

  it('is a run with nothing in its way where none is named for long: it was forgotten', async () => {
    const end = await untilOver(
      run,
      fleet(() => []),
      [host],
      limits,
    );
    expect(end).toEqual({ kind: 'held', held: { why: [], hosts: [{ systemId: 'hv1', why: [] }] } });
  });

  it('is a hypervisor with nothing in its way where only the run has something', async () => {
    const end = await untilOver(
      run,
      fleet((kind) => (kind === 'run' ? ['hv2: is away'] : [])),
      [host],
      limits,
    );
    expect(end).toMatchObject({ kind: 'held', held: { hosts: [{ systemId: 'hv1', why: [] }] } });
  });

  it('is not told of one that has nothing in its way since it is about to end', async () => {
    const ending = fleet(
      () => [],
      (look) => (look > 4 ? 'done' : 'running'),
    );
    expect(await untilOver(run, ending, [host], { ...limits, forgottenAfterMs: 60_000 })).toEqual({ kind: 'over' });
  });

  it('never comes for a hypervisor that does not come back', async () => {
    const away = fleet(() => []);
    const before = [host, { ...host, systemId: 'hv2' }];
    expect(await untilOver(run, away, before, { ...limits, overWithinMs: 300 })).toMatchObject({
      kind: 'late',
      what: expect.stringContaining('hv2 did not come back'),
    });
  });
});
