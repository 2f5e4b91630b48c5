import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptRecord, RunView } from '../../../domain/run-state.ts';
import type { EventView } from '../../../wire/operators-api.ts';
import { attempt, committed, coordinatorStatus, FakeWorld, hostView, reverted, runView } from './fake-world.ts';

let world: FakeWorld;

beforeEach(async () => {
  world = await new FakeWorld().start();
});
afterEach(() => world[Symbol.asyncDispose]());

/** The coordinator shows these views, one after the other, and then nothing more. */
function shows(...views: readonly RunView[]): void {
  world.api.watchRun = async function* (_, signal) {
    yield* views;
    await untilAborted(signal);
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));
}

const cutting = attempt('hv1');
const soaking = attempt('hv1', { phase: 'soaking' });
const noAnswer = 'tap7: no answer from the guest';

describe('wave start --wait', () => {
  beforeEach(() => {
    world.api.startWave = async () => runView('running', []);
  });

  it('tells each change once, then how it ended', async () => {
    shows(
      runView('running', []),
      runView('running', [cutting]),
      runView('running', [cutting]),
      runView('running', [soaking, attempt('hv2')]),
      runView('done', [committed('hv1', 12), committed('hv2', 9, 31)]),
    );
    expect(await world.run(['wave', 'start', 'p-1', '--wait'])).toMatchInlineSnapshot(`
      {
        "err": "",
        "out": "   0.0 s  run r-1 running
         0.0 s  hv1 attempt 1 cutting
         0.0 s  hv1 attempt 1 soaking
         0.0 s  hv2 attempt 1 cutting
         0.0 s  run r-1 done
         0.0 s  hv1 attempt 1 committed
         0.0 s  hv2 attempt 1 committed

      run r-1 of plan p-1 (move-1): done, through wave 2 of 2, 0 of 0 errors
      TAP       HOST  BLACKOUT      +-  LOST  ASKED
      taphv2-2  hv2    31.0 ms  5.0 ms     6    400
      taphv1-1  hv1    12.0 ms  5.0 ms     2    400
      taphv2-1  hv2     9.0 ms  5.0 ms     2    400
      3 guests: median 12.0 ms, worst 31.0 ms
      ",
        "status": 0,
      }
    `);
    expect(world.asked.at(-1)).toEqual(['watchRun', { runId: 'r-1' }]);
  });

  it('with JSON prints the last view only', async () => {
    const done = runView('done', [committed('hv1', 12)]);
    shows(runView('running', [cutting]), done);
    const ran = await world.run(['wave', 'start', 'p-1', '--wait', '--output', 'json']);
    expect(JSON.parse(ran.out)).toEqual(done);
  });

  const paused = { pausedWhy: 'budget' };
  it.each<[string, number, RunView]>([
    ['done', 0, runView('done', [committed('hv1', 1)])],
    ['through what was asked, more waves to come', 0, runView('pending', [committed('hv1', 1)], { throughWave: 1 })],
    ['paused', 2, runView('paused', [committed('hv1', 1)], paused)],
    ['aborted', 2, runView('aborted', [committed('hv1', 1)])],
    ['reverted', 3, runView('paused', [reverted('hv1', noAnswer)], paused)],
    ['blocked', 4, runView('paused', [reverted('hv1', ''), attempt('hv2', { outcome: 'blocked' })], paused)],
    ['stuck', 5, runView('paused', [attempt('hv1', { outcome: 'stuck' }), reverted('hv2', noAnswer)], paused)],
    ['done without one that was left out', 0, runView('done', [reverted('hv1', noAnswer)])],
    ['a failure beyond what was started', 0, runView('pending', [reverted('hv2', noAnswer)], { throughWave: 1 })],
  ])('ends with the worst: %s is %i', async (_, status, view) => {
    shows(view);
    expect((await world.run(['wave', 'start', 'p-1', '--wait'])).status).toBe(status);
  });

  it('waits for what is open in a run that was paused', async () => {
    shows(runView('paused', [cutting]), runView('paused', [reverted('hv1', noAnswer)]));
    expect(await world.run(['wave', 'start', 'p-1', '--wait'])).toMatchInlineSnapshot(`
      {
        "err": "",
        "out": "   0.0 s  run r-1 paused
         0.0 s  hv1 attempt 1 cutting
         0.0 s  hv1 attempt 1 reverted: tap7: no answer from the guest

      run r-1 of plan p-1 (move-1): paused, through wave 2 of 2, 0 of 0 errors
      hv1 attempt 1 reverted: tap7: no answer from the guest
        every guest is on its legacy plug again; now: shunt why hv1, then shunt retry hv1
      ",
        "status": 3,
      }
    `);
  });

  it('gives up watching after --timeout, and says that nothing else happened', async () => {
    shows(runView('running', [cutting]));
    const ran = await world.run(['wave', 'start', 'p-1', '--wait', '--timeout', '50ms']);
    expect({ ...ran, out: '' }).toMatchInlineSnapshot(`
      {
        "err": "
      shunt: stopped watching (--timeout); run r-1 goes on, nothing was changed.
        back to it:  shunt watch r-1
        to stop it:  shunt pause
      ",
        "out": "",
        "status": 1,
      }
    `);
  });
});

describe('watch', () => {
  it('leaves the run alone at Ctrl-C and says how to come back', async () => {
    const shown = Promise.withResolvers<void>();
    shows(runView('running', [cutting]));
    const running = world.run(['watch'], { onOut: () => shown.resolve() });
    await shown.promise;
    world.interrupt();
    const ran = await running;
    expect({ ...ran, out: '' }).toMatchInlineSnapshot(`
      {
        "err": "
      shunt: stopped watching; run r-1 goes on, nothing was changed.
        back to it:  shunt watch r-1
        to stop it:  shunt pause
      ",
        "out": "",
        "status": 130,
      }
    `);
    expect(world.asked).toEqual([['watchRun', {}]]);
  });

  it('finds a coordinator that was restarted, and stays with the same run', async () => {
    const first = Promise.withResolvers<void>();
    world.api.watchRun = async function* (request, signal) {
      if (request.runId === undefined) {
        yield runView('running', [cutting]);
        return await untilAborted(signal);
      }
      yield runView('done', [committed('hv1', 3)]);
    };
    const running = world.run(['watch'], { onOut: () => first.resolve() });
    await first.promise;
    await world.stop();
    await world.start();
    const ran = await running;
    expect(ran).toMatchObject({ status: 0, err: expect.stringContaining('the coordinator does not answer') });
    expect(ran.out).toContain('hv1 attempt 1 committed');
    expect(world.asked.map(([, request]) => request)).toEqual([{}, { runId: 'r-1' }]);
  });

  it('fails at once when there is no such run', async () => {
    expect(await world.run(['watch', 'r-9'])).toMatchObject({ status: 1, out: '' });
  });

  it('with JSON prints each view as a line', async () => {
    const views = [runView('running', [cutting]), runView('done', [committed('hv1', 3)])];
    shows(...views);
    const { out } = await world.run(['watch', 'r-1', '--output', 'json']);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(views);
  });

  it('draws its table over itself on a terminal, never wider or higher than it', async () => {
    const many = (attempts: readonly AttemptRecord[]): RunView => ({
      ...runView('running', []),
      waves: [
        { number: 1, state: 'running', hosts: Array.from({ length: 30 }, (_, index) => hostAt(index, attempts)) },
      ],
    });
    const hostAt = (index: number, attempts: readonly AttemptRecord[]) => {
      const hostname = `hv${index + 1}`;
      const own = attempts.find((each) => each.hostname === hostname);
      return { systemId: hostname, hostname, ...(own ? { attempt: own } : {}) };
    };
    shows(many([]), many([attempt('hv29')]), { ...many([]), state: 'done', planName: 'x'.repeat(200) });
    const { out } = await world.run(['watch'], { tty: true, columns: 60, rows: 12, env: { NO_COLOR: '1' } });
    const frames = out.split(/\x1b\[\d+A\x1b\[J/);
    expect(frames).toHaveLength(3);
    expect(frames[1]).toMatchInlineSnapshot(`
      "run r-1 of plan p-1 (move-1): running, through wave 2 of 1, [0m
      WAVE  HOST  ATTEMPT  STATE    GUESTS  MEDIAN  WORST
         1  hv1         -  pending       -       -      -
         1  hv2         -  pending       -       -      -
         1  hv3         -  pending       -       -      -
         1  hv4         -  pending       -       -      -
         1  hv5         -  pending       -       -      -
         1  hv29        1  cutting       -       -      -
      … and 24 more
      "
    `);
    const heights = frames.map((frame) => frame.trimEnd().split('\n').length);
    expect(Math.max(...heights.slice(0, 2))).toBeLessThanOrEqual(12);
    expect(out).toContain(`\x1b[${heights[0]}A`);
    const drawn = frames[2]?.split('\n\n')[0] ?? '';
    expect(Math.max(...drawn.split('\n').map((line) => line.replace(/\x1b\[0m/g, '').length))).toBe(60);
  });
});

describe('retry --wait', () => {
  const failed = runView('running', [reverted('hv3', noAnswer)]);
  const again = (change: Partial<AttemptRecord>) => runView('running', [attempt('hv3', { epoch: 2, ...change })]);

  it('waits for the end of the new attempt, not of the old one', async () => {
    world.api.retryHost = async () => failed;
    shows(failed, again({}), again({ phase: 'committed', outcome: 'committed' }));
    expect((await world.run(['retry', 'hv3', '--wait'])).status).toBe(0);
    shows(failed, again({ outcome: 'reverted' }));
    expect((await world.run(['retry', 'hv3', '--wait'])).status).toBe(3);
  });

  it('does not wait for a run that is paused: nothing starts there', async () => {
    const paused = runView('paused', [reverted('hv3', noAnswer)], { pausedWhy: 'budget' });
    world.api.retryHost = async () => paused;
    shows(paused);
    expect((await world.run(['retry', 'hv3', '--wait'])).status).toBe(2);
  });
});

describe('host revert --wait', () => {
  const event = (seq: number, type: string, host = 'sys-hv3'): EventView => {
    return { seq, at: '2026-03-01T10:00:01.000Z', type, host, message: `${host} ${type}`, json: '{}' };
  };
  const back = (change: Partial<AttemptRecord>) => attempt('hv3', { epoch: 2, direction: 'back', ...change });

  beforeEach(() => {
    world.api.status = async () => coordinatorStatus({ lastSeq: 7 });
    world.api.revertHost = async () => hostView('hv3', { plug: 'target', attempt: back({ phase: 'idle' }) });
    world.api.events = async function* (_, signal) {
      yield event(8, 'attempt-closed', 'sys-hv1');
      yield event(9, 'attempt-opened');
      yield event(10, 'attempt-closed');
      await untilAborted(signal);
    };
  });

  it('tells what happens to that hypervisor, and ends when it is back', async () => {
    world.api.getHost = async () => hostView('hv3', { attempt: back({ phase: 'committed', outcome: 'committed' }) });
    expect(await world.run(['host', 'revert', 'hv3', '--wait', '--why', 'loss'])).toMatchInlineSnapshot(`
      {
        "err": "",
        "out": "2026-03-01T10:00:01.000Z  sys-hv3 attempt-opened
      2026-03-01T10:00:01.000Z  sys-hv3 attempt-closed

      hypervisor: hv3
      system-id:  sys-hv3
      agent:      active, version 0.1.0, last seen 2026-03-01T10:00:00.000Z
      plug:       legacy
      attempt:    2, committed (back), opened 2026-03-01T10:00:00.000Z
      ",
        "status": 0,
      }
    `);
    expect(world.asked).toEqual([
      ['status', undefined],
      ['revertHost', { host: 'hv3', why: 'loss', by: 'ann@ops1' }],
      ['events', { sinceSeq: 7, follow: true }],
      ['getHost', { host: 'sys-hv3' }],
    ]);
  });

  it.each<[number, AttemptRecord]>([
    [0, attempt('hv3', { epoch: 2, outcome: 'reverted' })],
    [1, attempt('hv3', { epoch: 2, outcome: 'committed' })],
    [3, back({ outcome: 'reverted' })],
    [4, back({ outcome: 'blocked' })],
    [5, back({ outcome: 'stuck' })],
  ])('ends with %i', async (status, closed) => {
    world.api.getHost = async () => hostView('hv3', { attempt: closed });
    expect((await world.run(['host', 'revert', 'hv3', '--wait'])).status).toBe(status);
  });
});

describe('host finish --wait', () => {
  it.each<[number, AttemptRecord['outcome']]>([
    [0, 'committed'],
    [3, 'reverted'],
    [4, 'blocked'],
    [5, 'stuck'],
  ])('ends with %i when it was %s', async (status, outcome) => {
    const closed = attempt('hv3', { epoch: 2, operation: 'finish', ...(outcome === undefined ? {} : { outcome }) });
    world.api.status = async () => coordinatorStatus({ lastSeq: 7 });
    world.api.operateHost = async () => hostView('hv3', { attempt: attempt('hv3', { epoch: 2, operation: 'finish' }) });
    world.api.events = async function* (_, signal) {
      yield { seq: 8, at: '', type: 'attempt-closed', host: 'sys-hv3', message: 'closed', json: '{}' };
      await untilAborted(signal);
    };
    world.api.getHost = async () => hostView('hv3', { plug: 'hybrid', attempt: closed });
    const ran = await world.run(['host', 'finish', 'hv3', '--wait']);
    expect(ran.status).toBe(status);
    expect(ran.out).toContain(`2, finish ${outcome}`);
    expect(ran.out).toContain('plug:       hybrid');
  });
});

describe('events', () => {
  const event = (seq: number): EventView => ({
    seq,
    at: '2026-03-01T10:00:00.000Z',
    type: 't',
    message: `m${seq}`,
    json: '{}',
  });

  it('shows the last ones, or all after a number, as lines or JSON', async () => {
    world.api.status = async () => coordinatorStatus({ lastSeq: 60 });
    world.api.events = async function* ({ sinceSeq }) {
      yield event(sinceSeq + 1);
    };
    expect((await world.run(['events'])).out).toBe('    11  2026-03-01T10:00:00.000Z  m11\n');
    expect((await world.run(['events', '--since', '0'])).out).toBe('     1  2026-03-01T10:00:00.000Z  m1\n');
    expect((await world.run(['events', '--since', '0', '--output', 'json'])).out).toBe(`${JSON.stringify(event(1))}\n`);
  });

  it('--follow goes on, over a restart of the coordinator without loss or doubles, until Ctrl-C', async () => {
    const two = Promise.withResolvers<void>();
    const four = Promise.withResolvers<void>();
    world.api.events = async function* ({ sinceSeq }, signal) {
      yield event(sinceSeq + 1);
      yield event(sinceSeq + 2);
      await untilAborted(signal);
    };
    const onOut = (text: string) => {
      if (text.includes('m2')) two.resolve();
      if (text.includes('m4')) four.resolve();
    };
    const running = world.run(['events', '--follow', '--since', '0'], { onOut });
    await two.promise;
    await world.stop();
    await world.start();
    await four.promise;
    world.interrupt();
    const { status, out } = await running;
    expect(status).toBe(0);
    expect(out.match(/m\d/g)).toEqual(['m1', 'm2', 'm3', 'm4']);
  });
});
