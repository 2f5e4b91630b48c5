import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../../domain/plan.ts';
import { ShuntError } from '../../../platform/shunt-error.ts';
import { summarisePlan } from '../../../wire/operators-api.ts';
import { attempt, committed, coordinatorStatus, FakeWorld, hostView, reverted, runView } from './fake-world.ts';

let world: FakeWorld;

beforeEach(async () => {
  world = await new FakeWorld().start();
});
afterEach(() => world[Symbol.asyncDispose]());

const plan: Plan = {
  id: 'p-1',
  hash: '3f0c51',
  createdAt: '2026-03-01T09:00:00.000Z',
  createdBy: 'ann@ops1',
  spec: {
    version: 1,
    name: 'move-1',
    method: 'direct',
    include: ['*'],
    exclude: ['hv9'],
    waveSize: 2,
    maxOpen: 2,
    errorBudget: 0,
    zones: {},
    deadlineMs: 60_000,
    soakMs: 5_000,
    commitOn: 'word',
    batchSize: 4,
  },
  waves: [
    { number: 1, canary: true, hosts: [{ systemId: 'sys-hv1', hostname: 'hv1', taps: [], networks: [] }] },
    {
      number: 2,
      canary: false,
      hosts: [{ systemId: 'sys-hv2', hostname: 'hv2', zone: 'rack2', taps: [], networks: [] }],
    },
  ],
  held: [
    {
      systemId: 'sys-hv9',
      hostname: 'hv9',
      holds: [{ kind: 'opted-out', by: 'exclude hv9' }, { kind: 'agent-passive' }],
    },
  ],
  approvals: [],
};

describe('plan', () => {
  it('show tells what each wave does, by which method, how far and of which taps', async () => {
    const tap = { tap: 'tap1', portId: 'p1', networkId: 'n1', mac: 'm', ips: [], legacyBridge: 'brq1' };
    const host = { systemId: 'sys-hv1', hostname: 'hv1', networks: [] };
    const shunt = { ...tap, method: 'shunt' } as const;
    world.api.getPlan = async () => ({
      ...plan,
      spec: {
        ...plan.spec,
        method: 'shunt',
        goal: 'finished',
        methods: [{ hosts: ['hv2'], networks: ['blue'], method: 'direct' }],
        slice: { projects: ['a*'], networks: [] },
      },
      waves: [
        { number: 1, canary: true, operations: ['stage', 'cut'], hosts: [{ ...host, taps: [shunt, tap] }] },
        { number: 2, canary: false, together: true, hosts: [{ ...host, taps: [shunt] }] },
        { number: 3, canary: false, operations: ['stage'], direction: 'back', hosts: [{ ...host, taps: [shunt] }] },
      ],
      held: [],
    });
    expect((await world.run(['plan', 'show', 'p-1'])).out).toMatchInlineSnapshot(`
      "plan:       p-1 (move-1), made by ann@ops1 at 2026-03-01T09:00:00.000Z
      hash:       3f0c51
      method:     shunt (direct for hv2 on network blue), 4 taps a batch
      goal:       finished
      slice:      projects a*
      open:       2 at a time; pauses after 0 errors
      times:      deadline 1m, soak 5s
      commits on: the coordinator's word
      approved:   no

          WAVE  HOST  DOES          METHOD  ZONE  TAPS  NETWORKS
      canary 1  hv1   stage, cut    both    -        2         0
             2  hv1   cut together  shunt   -        1         0
             3  hv1   stage (back)  shunt   -        1         0
      "
    `);
  });

  it('create sends the file as it is and shows what an approver has to read', async () => {
    world.api.createPlan = async () => plan;
    const ran = await world.run(['plan', 'create', 'p.yaml'], { files: { 'p.yaml': 'version: 1\n' } });
    expect(world.asked).toEqual([['createPlan', { yaml: 'version: 1\n', by: 'ann@ops1' }]]);
    expect(ran).toMatchInlineSnapshot(`
      {
        "err": "",
        "out": "plan:       p-1 (move-1), made by ann@ops1 at 2026-03-01T09:00:00.000Z
      hash:       3f0c51
      method:     direct, 4 taps a batch
      open:       2 at a time; pauses after 0 errors
      times:      deadline 1m, soak 5s
      commits on: the coordinator's word
      approved:   no

          WAVE  HOST  DOES  METHOD  ZONE   TAPS  NETWORKS
      canary 1  hv1   cut   -       -         0         0
             2  hv2   cut   -       rack2     0         0

      Held (1):
        hv9: opted out by exclude hv9
        hv9: its agent is passive; set \`mode: active\` there

      Nothing moves yet. Read it, then:
        shunt plan approve p-1
      ",
        "status": 0,
      }
    `);
  });

  it('create says that the file is not there, and sends nothing', async () => {
    const ran = await world.run(['plan', 'create', 'gone.yaml']);
    expect(world.asked).toEqual([]);
    expect(ran).toMatchInlineSnapshot(`
      {
        "err": "shunt: reading the plan file gone.yaml: ENOENT: no such file, open 'gone.yaml'
        untouched: nothing was sent
        now:       see --help
        more:      usage, docs/failure-modes.md#usage
      ",
        "out": "",
        "status": 1,
      }
    `);
  });

  it('list', async () => {
    world.api.listPlans = async () => [summarisePlan(plan)];
    expect((await world.run(['plan', 'list'])).out).toMatchInlineSnapshot(`
      "PLAN  NAME    METHOD  WAVES  HOSTS  HELD  APPROVED  MADE BY   AT
      p-1   move-1  direct      2      2     1  no        ann@ops1  2026-03-01T09:00:00.000Z
      "
    `);
    world.api.listPlans = async () => [];
    expect((await world.run(['plan', 'list'])).out).toBe('No plans.\n');
  });

  it('approve signs the hash of the plan as it is, or the one that was read', async () => {
    world.api.getPlan = async () => plan;
    world.api.approvePlan = async () => ({ ...plan, approvals: [{ by: 'bob', at: 'now', hash: plan.hash }] });
    const ran = await world.run(['plan', 'approve', 'p-1', '--by', 'bob']);
    expect(ran.out).toMatchInlineSnapshot(`
      "plan p-1 approved by bob, hash 3f0c51
      To start its first wave:
        shunt wave start p-1 --wait
      "
    `);
    await world.run(['plan', 'approve', 'p-1', '--hash', 'abc']);
    expect(world.asked.filter(([name]) => name === 'approvePlan')).toEqual([
      ['approvePlan', { planId: 'p-1', hash: '3f0c51', by: 'bob' }],
      ['approvePlan', { planId: 'p-1', hash: 'abc', by: 'ann@ops1' }],
    ]);
  });

  it('show as JSON is the plan', async () => {
    world.api.getPlan = async () => plan;
    expect(JSON.parse((await world.run(['plan', 'show', 'p-1', '--output', 'json'])).out)).toEqual(plan);
  });
});

describe('wave, pause, resume, abort, retry', () => {
  const failed = runView(
    'paused',
    [committed('hv1', 10, 20, 12), committed('hv2', 14), reverted('hv3', 'tap7: no answer')],
    {
      pausedWhy: 'error budget used up: hv3 reverted',
      errors: 1,
    },
  );

  it('status shows hypervisors, trouble with what to do, and the blackout of each guest', async () => {
    world.api.getRun = async () => failed;
    const ran = await world.run(['wave', 'status']);
    expect(world.asked).toEqual([['getRun', {}]]);
    expect(ran).toMatchInlineSnapshot(`
      {
        "err": "",
        "out": "run r-1 of plan p-1 (move-1): paused, through wave 2 of 2, 1 of 0 errors
        paused: error budget used up: hv3 reverted

      WAVE  HOST  ATTEMPT  STATE      GUESTS   MEDIAN    WORST
         1  hv1         1  committed       3  12.0 ms  20.0 ms
         2  hv2         1  committed       1  14.0 ms  14.0 ms
         2  hv3         1  reverted        -        -        -

      hv3 attempt 1 reverted: tap7: no answer
        every guest is on its legacy plug again; now: shunt why hv3, then shunt retry hv3

      TAP       HOST  BLACKOUT      +-  LOST  ASKED
      taphv1-2  hv1    20.0 ms  5.0 ms     4    400
      taphv2-1  hv2    14.0 ms  5.0 ms     3    400
      taphv1-3  hv1    12.0 ms  5.0 ms     2    400
      taphv1-1  hv1    10.0 ms  5.0 ms     2    400
      4 guests: median 13.0 ms, worst 20.0 ms
      ",
        "status": 0,
      }
    `);
  });

  it('status of a stuck hypervisor prints the repair commands', async () => {
    const stuck = attempt('hv1', {
      phase: 'stuck',
      outcome: 'stuck',
      why: 'ovsdb-server is gone',
      repair: ['ip link set tap7 master brq1', 'shunt-agent revert --attempt 1'],
    });
    world.api.getRun = async () => runView('paused', [stuck]);
    expect((await world.run(['wave', 'status', 'r-1'])).out).toMatchInlineSnapshot(`
      "run r-1 of plan p-1 (move-1): paused, through wave 2 of 2, 0 of 0 errors

      WAVE  HOST  ATTEMPT  STATE    GUESTS  MEDIAN  WORST
         1  hv1         1  stuck         -       -      -
         2  hv2         -  pending       -       -      -
         2  hv3         -  pending       -       -      -

      hv1 attempt 1 stuck: ovsdb-server is gone
        nothing goes forward anywhere until it is repaired; on that hypervisor:
          ip link set tap7 master brq1
          shunt-agent revert --attempt 1
        then:  shunt host resolve hv1 --why '…'
      "
    `);
  });

  it('start returns at once', async () => {
    world.api.startWave = async () => runView('running', []);
    expect(await world.run(['wave', 'start', 'p-1', '--wave', '2'])).toMatchInlineSnapshot(`
      {
        "err": "",
        "out": "run r-1 of plan p-1 (move-1): running, through wave 2 of 2, 0 of 0 errors
      to follow it:  shunt watch r-1
      ",
        "status": 0,
      }
    `);
    await world.run(['wave', 'start', 'p-1', '--all']);
    await world.run(['wave', 'start', 'p-1']);
    expect(world.asked.map(([, request]) => request)).toEqual([
      { planId: 'p-1', wave: 2, all: false, by: 'ann@ops1' },
      { planId: 'p-1', all: true, by: 'ann@ops1' },
      { planId: 'p-1', all: false, by: 'ann@ops1' },
    ]);
  });

  it('pause lists what is still open', async () => {
    world.api.pauseRun = async () => runView('paused', [attempt('hv1')], { pausedWhy: 'lunch' });
    expect((await world.run(['pause', '--why', 'lunch'])).out).toMatchInlineSnapshot(`
      "run r-1 of plan p-1 (move-1): paused, through wave 2 of 2, 0 of 0 errors
        paused: lunch
      Still open, and coming to rest by themselves:
        hv1 attempt 1 cutting, opened 2026-03-01T10:00:00.000Z
      "
    `);
    expect(world.asked).toEqual([['pauseRun', { why: 'lunch', by: 'ann@ops1' }]]);
  });

  it('resume, abort and retry say what happens', async () => {
    world.api.resumeRun = async () => runView('running', []);
    world.api.abortRun = async () => runView('aborted', []);
    world.api.retryHost = async () => failed;
    expect((await world.run(['resume'])).out).toMatchInlineSnapshot(`
      "run r-1 of plan p-1 (move-1): running, through wave 2 of 2, 0 of 0 errors
      to follow it:  shunt watch r-1
      "
    `);
    expect((await world.run(['abort', 'r-1'])).out).toMatchInlineSnapshot(`
      "run r-1 of plan p-1 (move-1): aborted, through wave 2 of 2, 0 of 0 errors
      Nothing is open.
      "
    `);
    expect((await world.run(['retry', 'hv3'])).out).toMatchInlineSnapshot(`
      "a new attempt on hv3 will be made in run r-1
      the run is paused; to let it start:  shunt resume
      "
    `);
    expect(world.asked.map(([, request]) => request)).toEqual([
      { by: 'ann@ops1' },
      { runId: 'r-1', by: 'ann@ops1' },
      { host: 'hv3', by: 'ann@ops1' },
    ]);
  });
});

describe('host, why, events, status', () => {
  const hv3 = hostView('hv3', {
    plug: 'target',
    attempt: committed('hv3', 11.2, 18),
    taps: [
      {
        tap: 'tap1',
        plug: 'target',
        bridge: 'br-int',
        portId: 'port-1',
        networkId: 'net-1',
        mac: 'fa:16:3e:00:00:01',
        ips: ['10.0.0.5', 'fd00::5'],
        installed: true,
      },
      { tap: 'tap2', plug: 'none', bridge: '', ips: [], installed: false },
    ],
    findings: [{ kind: 'tap-without-port', severity: 'error', tap: 'tap2', message: 'no port has its MAC' }],
    holds: [{ kind: 'already-on-target' }, { kind: 'zone-full', zone: 'rack2', open: 2, cap: 2 }],
  });

  it('host list', async () => {
    world.api.listHosts = async () => [hv3, hostView('hv10', { connected: false, plug: 'unknown', mode: 'unknown' })];
    expect((await world.run(['host', 'list'])).out).toMatchInlineSnapshot(`
      "HOST  AGENT          PLUG     TAPS  ATTEMPT  STATE       MEDIAN    WORST  HELD BY
      hv3   active         target      2        1  committed  14.6 ms  18.0 ms  already-on-target, zone-full
      hv10  not connected  unknown     0        -  -                -        -  -
      "
    `);
  });

  it('host show', async () => {
    world.api.getHost = async () => hv3;
    expect((await world.run(['host', 'show', 'hv3'])).out).toMatchInlineSnapshot(`
      "hypervisor: hv3
      system-id:  sys-hv3
      agent:      active, version 0.1.0, last seen 2026-03-01T10:00:00.000Z
      plug:       target
      attempt:    1, committed, opened 2026-03-01T10:00:00.000Z

      TAP   PLUG    BRIDGE  INSTALLED  MAC                ADDRESSES          PORT
      tap1  target  br-int  yes        fa:16:3e:00:00:01  10.0.0.5, fd00::5  port-1
      tap2  none    -       -          -                  -                  no port

      Holds:
        all its taps are on the target already
        2 of 2 cutovers are open in zone rack2

      Findings:
        error: tap-without-port (tap2): no port has its MAC

      TAP       HOST  BLACKOUT      +-  LOST  ASKED
      taphv3-2  hv3    18.0 ms  5.0 ms     4    400
      taphv3-1  hv3    11.2 ms  5.0 ms     2    400
      2 guests: median 14.6 ms, worst 18.0 ms
      "
    `);
    expect(JSON.parse((await world.run(['host', 'show', 'hv3', '--output', 'json'])).out)).toEqual(hv3);
  });

  it('sweep says what went, and what stays', async () => {
    world.api.sweep = async () => ({ graceGroups: 2, probePorts: 5, probesKept: false });
    expect((await world.run(['sweep'])).out).toBe('Removed from OVN NB: grace rules of 2 attempts; 5 probe ports.\n');
    world.api.sweep = async () => ({ graceGroups: 1, probePorts: 0, probesKept: true });
    expect((await world.run(['sweep'])).out).toContain('probe ports stay: an attempt or a run is open');
  });

  it('host unstage, finish and collapse ask for one operation', async () => {
    world.api.operateHost = async () => hv3;
    expect((await world.run(['host', 'unstage', 'hv3'])).out).toBe(
      'hv3 unstages; to look at it:  shunt host show hv3\n',
    );
    expect((await world.run(['host', 'finish', 'hv3', '--why', 'done'])).out).toContain('hv3 finishes');
    expect((await world.run(['host', 'collapse', 'hv3'])).out).toContain('hv3 collapses');
    expect(world.asked.map(([, request]) => request)).toEqual([
      { host: 'hv3', why: 'asked by the operator', by: 'ann@ops1', verb: 'unstage' },
      { host: 'hv3', why: 'done', by: 'ann@ops1', verb: 'finish' },
      { host: 'hv3', why: 'asked by the operator', by: 'ann@ops1', verb: 'collapse' },
    ]);
  });

  it('host resolve says who did what, and that nothing goes on by itself', async () => {
    world.api.resolveHost = async () => ({ ...hv3, attempt: reverted('hv3', 'resolved by ann@ops1') });
    expect((await world.run(['host', 'resolve', 'hv3', '--why', 'vswitchd reinstalled'])).out).toBe(
      `hv3 is not stuck any more: attempt 1 ended reverted, plug ${hv3.plug}
nothing else was started; a paused run goes on with:  shunt resume
`,
    );
    await world.run(['host', 'resolve', 'hv3', '--gone', '--why', 'mainboard']);
    expect(await world.run(['host', 'resolve', 'hv3']), 'the ledger wants to know why').toMatchObject({ status: 1 });
    expect(world.asked.map(([, request]) => request)).toEqual([
      { host: 'hv3', why: 'vswitchd reinstalled', gone: false, by: 'ann@ops1' },
      { host: 'hv3', why: 'mainboard', gone: true, by: 'ann@ops1' },
    ]);
  });

  it('host resolve prints the repair commands once more while a tap is not at rest', async () => {
    world.api.resolveHost = async () => {
      throw new ShuntError('stuck', 'tap7 is on no bridge', {
        detail: { host: 'hv3', repair: ['ip link set tap7 master brq1'] },
      });
    };
    const { status, err } = await world.run(['host', 'resolve', 'hv3', '--why', 'x']);
    expect(status).toBe(5);
    expect(err).toContain('tap7 is on no bridge');
    expect(err).toMatch(/on that hypervisor:\n {4}ip link set tap7 master brq1\n$/);
  });

  it('host revert of an open attempt says what was asked, for nobody knows yet what comes of it', async () => {
    const open = attempt('hv3', { phase: 'committing' });
    world.api.revertHost = async () => hostView('hv3', { attempt: open });
    expect((await world.run(['host', 'revert', 'hv3'])).out).toBe(
      `hv3 is asked to go back in attempt 1; it may have committed before it hears of it, and its run pauses then
what became of it:  shunt host show hv3
`,
    );
    world.api.revertHost = async () => hostView('hv3', { attempt: { ...open, direction: 'back', phase: 'idle' } });
    expect((await world.run(['host', 'revert', 'hv3'])).out).toMatch(/^hv3 goes back; /);
    const why = 'before it heard that it should go back: wrong rack';
    world.api.getHost = async () => hostView('hv3', { attempt: attempt('hv3', { outcome: 'committed', why }) });
    expect((await world.run(['host', 'show', 'hv3'])).out).toContain(`hv3 attempt 1 committed: ${why}\n`);
  });

  it('host revert and leave', async () => {
    world.api.revertHost = async () => hv3;
    world.api.leaveHost = async () => runView('running', []);
    expect((await world.run(['host', 'revert', 'hv3'])).out).toBe(
      'hv3 goes back; to look at it:  shunt host show hv3\n',
    );
    expect((await world.run(['host', 'leave', 'hv3', '--why', 'disk'])).out).toBe('run r-1 goes on without hv3\n');
    expect(await world.run(['host', 'leave', 'hv3'])).toMatchObject({ status: 1, out: '' });
    expect(world.asked.map(([, request]) => request)).toEqual([
      { host: 'hv3', why: 'asked by the operator', by: 'ann@ops1' },
      { host: 'hv3', why: 'disk', by: 'ann@ops1' },
    ]);
  });

  it('why asks for a hypervisor, then a run; RUN/N is a wave', async () => {
    const condition = { kind: 'run-paused', message: 'the run is paused', evidence: 'paused by engine', ageMs: 95_000 };
    world.api.why = async ({ target }) => {
      if (target.kind === 'host' && target.host !== 'hv3')
        throw new ShuntError('not-found', `no hypervisor ${target.host}`);
      return target.kind === 'host' ? [condition, { ...condition, evidence: '' }] : [];
    };
    expect((await world.run(['why', 'hv3'])).out).toMatchInlineSnapshot(`
      "1. the run is paused [run-paused, docs/failure-modes.md#hold-run-paused]
           paused by engine, 1m35s ago
      2. the run is paused [run-paused, docs/failure-modes.md#hold-run-paused]
      "
    `);
    expect((await world.run(['why', 'r-1'])).out).toBe('Nothing is in the way.\n');
    await world.run(['why', 'r-1/2']);
    await world.run(['why']);
    expect(world.asked.map(([, request]) => request)).toEqual([
      { target: { kind: 'host', host: 'hv3' } },
      { target: { kind: 'host', host: 'r-1' } },
      { target: { kind: 'run', runId: 'r-1' } },
      { target: { kind: 'run', runId: 'r-1', wave: 2 } },
      { target: { kind: 'run' } },
    ]);
  });

  it('status', async () => {
    const trouble = { natsConnected: false, openAttempts: [attempt('hv2')], stuckHosts: ['hv1'] };
    world.api.status = async () => coordinatorStatus(trouble);
    expect((await world.run(['status'])).out).toMatchInlineSnapshot(`
      "coordinator: c-1, site lab, version 0.1.0
      agents:      3 connected
      OVN NB:      connected
      NATS:        not connected
      ledger:      41 entries
      stuck:       hv1: nothing goes forward anywhere
      open:        1
        hv2 attempt 1 cutting, opened 2026-03-01T10:00:00.000Z
      "
    `);
  });
});

describe('reconcile', () => {
  const differences = [
    {
      systemId: 'sys-hv2',
      hostname: 'hv2',
      verdict: 'adopt',
      ledger: 'attempt 3 committed',
      agent: 'attempt 5 reverted',
      plug: 'legacy',
    },
    {
      systemId: 'sys-hv7',
      hostname: 'hv7',
      verdict: 'unheard',
      ledger: 'attempt 1 committed',
      agent: 'not heard of',
      plug: 'unknown',
    },
  ] as const;
  const readOnly = 'the agent of hv2 has attempt 5, the ledger only 3';

  it('shows what differs, changes nothing, and says what would', async () => {
    world.api.reconcile = async () => ({ readOnly, differences, applied: false });
    expect(await world.run(['reconcile'])).toMatchInlineSnapshot(`
      {
        "err": "",
        "out": "The ledger is behind: the agent of hv2 has attempt 5, the ledger only 3.

      HOST  THE LEDGER SAYS      ITS AGENT SAYS      PLUG     RECONCILING
      hv2   attempt 3 committed  attempt 5 reverted  legacy   takes over what its agent says
      hv7   attempt 1 committed  not heard of        unknown  nobody can compare

      Nothing was changed; the coordinator is read-only. To take it over:  shunt reconcile --apply --why …
      ",
        "status": 4,
      }
    `);
    expect(world.asked).toEqual([['reconcile', { apply: false, by: 'ann@ops1', why: 'asked by the operator' }]]);
  });

  it('takes over with --apply, and says that runs are paused', async () => {
    world.api.reconcile = async () => ({ differences, applied: true });
    const { status, out } = await world.run(['reconcile', '--apply', '--why', 'disk lost']);
    expect(status).toBe(0);
    expect(out).toMatch(/^The agents’ word is in the ledger now. Runs that were running are paused/);
    expect(world.asked).toEqual([['reconcile', { apply: true, by: 'ann@ops1', why: 'disk lost' }]]);
  });

  it('ends with 4 while some are still on their way', async () => {
    world.api.reconcile = async () => ({ readOnly, differences, applied: true });
    const { status, out } = await world.run(['reconcile', '--apply']);
    expect(status).toBe(4);
    expect(out).toContain('Some was taken over; still read-only.');
  });

  it('says that there is nothing to do', async () => {
    world.api.reconcile = async () => ({ differences: [], applied: false });
    expect(await world.run(['reconcile'])).toEqual({
      status: 0,
      out: 'The ledger is as new as its agents: there is nothing to reconcile.\n',
      err: '',
    });
  });

  it('is what status tells to do while the coordinator is read-only', async () => {
    world.api.status = async () => coordinatorStatus({ readOnly });
    const { out } = await world.run(['status']);
    expect(out).toContain(`read-only:   ${readOnly}`);
    expect(out).toContain('now:  shunt reconcile');
  });
});

describe('whatever the command', () => {
  it('an error says what happened, to whom, what was left untouched, and what to do', async () => {
    world.api.retryHost = async () => {
      const cause = new ShuntError('agent-passive', 'hv3 is passive');
      throw new ShuntError('agent-passive', 'a new attempt on hv3', { cause, detail: { host: 'hv3', tap: 'tap7' } });
    };
    expect(await world.run(['retry', 'hv3'])).toMatchInlineSnapshot(`
      {
        "err": "shunt: a new attempt on hv3: hv3 is passive
        host:      hv3
        tap:       tap7
        untouched: no traffic was touched
        now:       set mode: active in /etc/shunt/agent.yaml and restart the agent
        more:      agent-passive, docs/failure-modes.md#agent-passive
      ",
        "out": "",
        "status": 4,
      }
    `);
    const json = await world.run(['retry', 'hv3', '--output', 'json']);
    expect(JSON.parse(json.err)).toMatchObject({ error: { code: 'agent-passive', detail: { host: 'hv3' } } });
  });

  it('a coordinator that is not there is named', async () => {
    const ran = await world.run(['status', '--coordinator', 'unix:/nonexistent/c.sock']);
    expect(ran).toMatchInlineSnapshot(`
      {
        "err": "shunt: no answer from the coordinator at unix:/nonexistent/c.sock: No connection established. Last error: Error: connect ENOENT /nonexistent/c.sock.
        untouched: a run goes on without this command
        now:       is the coordinator running, and is --coordinator (SHUNT_COORDINATOR) right?
        more:      coordinator-unavailable, docs/failure-modes.md#coordinator-unavailable
      ",
        "out": "",
        "status": 1,
      }
    `);
  });

  it('a wrong command line ends with 1 and sends nothing', async () => {
    for (const argv of [
      [],
      ['wave'],
      ['wave', 'strat', 'p'],
      ['wave', 'start'],
      ['wave', 'start', 'p', '--wave', 'x'],
      ['bogus'],
    ]) {
      expect((await world.run(argv)).status, argv.join(' ')).toBe(1);
    }
    const both = await world.run(['wave', 'start', 'p', '--wave', '1', '--all']);
    expect(both).toMatchObject({ status: 1, err: expect.stringContaining('--wave and --all exclude each other') });
    expect((await world.run(['status', '--coordinator', 'nowhere'])).status).toBe(1);
    expect((await world.run(['status', '--output', 'xml'])).status).toBe(1);
    expect(world.asked).toEqual([]);
  });

  it('colours stand on a terminal only, and never with NO_COLOR', async () => {
    world.api.getRun = async () => runView('done', [committed('hv1', 5)]);
    expect((await world.run(['wave', 'status'], { tty: true })).out).toContain('\x1b[32mcommitted\x1b[0m');
    expect((await world.run(['wave', 'status'], { tty: true, env: { NO_COLOR: '1' } })).out).not.toContain('\x1b[');
    expect((await world.run(['wave', 'status'])).out).not.toContain('\x1b[');
  });
});
