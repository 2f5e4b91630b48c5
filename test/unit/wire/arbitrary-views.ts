import fc from 'fast-check';
import type { HoldReason } from '../../../domain/findings.ts';
import { goals } from '../../../domain/goals.ts';
import type { Plan, PlannedHost, PlannedWave, PlanSpec } from '../../../domain/plan.ts';
import { tapPlaces } from '../../../domain/rewire/places.ts';
import type {
  AttemptRecord,
  HostTapView,
  HostView,
  RunView,
  WaveHostView,
  WaveView,
} from '../../../domain/run-state.ts';
import type { CoordinatorStatus, EventView, Reconciled } from '../../../wire/operators-api.ts';
import {
  anyBlackout,
  anyCode,
  anyCount,
  anyDirection,
  anyFinding,
  anyFlag,
  anyMethod,
  anyNetwork,
  anyOf,
  anyOperation,
  anyPhase,
  anyReal,
  anySerial,
  anyTap,
  anyText,
  anyTexts,
  dictionary,
  few,
} from './arbitrary-domain.ts';

const bare = <K extends HoldReason['kind']>(...kinds: K[]) => fc.record({ kind: fc.constantFrom(...kinds) });

const anyGoal = fc.constantFrom(...goals);
const anyPlace = fc.constantFrom(...tapPlaces);
const anyHostPlug = fc.constantFrom('legacy', 'staged', 'shunted', 'hybrid', 'target', 'mixed', 'none', 'unknown');
const anyOperations = fc.array(anyOperation, { minLength: 1, maxLength: 4 });

const anyHold: fc.Arbitrary<HoldReason> = fc.oneof(
  bare('agent-not-connected', 'agent-passive', 'chassis-missing', 'no-taps', 'already-on-target', 'not-approved'),
  bare('reports-down', 'not-included', 'nb-down', 'inventory-missing'),
  fc.record({ kind: fc.constant('opted-out'), by: anyText }),
  fc.record({ kind: fc.constant('finding'), finding: anyFinding }),
  fc.record({ kind: fc.constant('service-port'), networkId: anyText, port: anyText }),
  fc.record({ kind: fc.constantFrom('overlay-needs-staging', 'no-peer'), networkId: anyText }),
  fc.record({ kind: fc.constantFrom('open-attempt', 'stuck'), epoch: anySerial }),
  fc.record({ kind: fc.constantFrom('fleet-stuck', 'resolving'), host: anyText }),
  fc.record({ kind: fc.constant('wave-full'), open: anyCount, maxOpen: anyCount }),
  fc.record({ kind: fc.constant('zone-full'), zone: anyText, open: anyCount, cap: anyCount }),
  fc.record({ kind: fc.constant('run-paused'), why: anyText }),
  fc.record({ kind: fc.constant('earlier-wave'), wave: anyCount }),
  fc.record({ kind: fc.constant('wave-not-started'), wave: anyCount, throughWave: anyCount }),
  fc.record({ kind: fc.constant('needs-retry'), epoch: anySerial, outcome: fc.constantFrom('reverted', 'blocked') }),
  fc.record({ kind: fc.constant('plan-outdated'), tap: anyText }),
  fc.record({ kind: fc.constant('at-goal'), goal: anyGoal }),
  fc.record({ kind: fc.constant('method-refused'), tap: anyText, source: fc.constant('midonet'), method: anyMethod }),
  fc.record({ kind: fc.constant('tap-elsewhere'), tap: anyText, place: anyPlace, needs: anyPlace }),
  fc.record({ kind: fc.constant('overlay-incomplete'), networkId: anyText, host: anyText }),
  fc.record({
    kind: fc.constant('overlay-barrier'),
    networkId: anyText,
    operation: anyOperation,
    host: anyText,
    place: fc.oneof(anyPlace, fc.constant('unknown')),
    others: anyCount,
  }),
  fc.record({ kind: fc.constant('ledger-behind'), hosts: anyCount, why: anyText }),
  fc.record({ kind: fc.constant('wave-together'), wave: anyCount, host: anyText, why: anyText }),
) as fc.Arbitrary<HoldReason>; // a record whose kind is one of two is not narrowed to either

const anySpec = anyOf<PlanSpec>(
  {
    version: fc.constant(1),
    name: anyText,
    method: anyMethod,
    methods: fc.array(fc.record({ hosts: anyTexts, networks: anyTexts, method: anyMethod }), {
      minLength: 1,
      maxLength: 2,
    }),
    slice: fc.record({ projects: anyTexts, networks: anyTexts }),
    goal: anyGoal,
    include: anyTexts,
    exclude: anyTexts,
    canary: anyText,
    waveSize: anyCount,
    maxOpen: anyCount,
    errorBudget: anyCount,
    zones: dictionary(anyTexts),
    zoneCap: anyCount,
    deadlineMs: anyReal,
    soakMs: anyReal,
    commitOn: fc.constantFrom('word', 'evidence'),
    batchSize: anyCount,
    remoteVantage: fc.constantFrom('required', 'when-available'),
    acceptNoEvidence: anyFlag,
  },
  'methods',
  'slice',
  'goal',
  'canary',
  'zoneCap',
  'remoteVantage',
  'acceptNoEvidence',
);

const anyPlannedHost = anyOf<PlannedHost>(
  { systemId: anyText, hostname: anyText, zone: anyText, taps: few(anyTap), networks: few(anyNetwork) },
  'zone',
);

export const anyPlan: fc.Arbitrary<Plan> = fc.record({
  id: anyText,
  hash: anyText,
  createdAt: anyText,
  createdBy: anyText,
  spec: anySpec,
  waves: few(
    anyOf<PlannedWave>(
      {
        number: anyCount,
        canary: anyFlag,
        operations: anyOperations,
        direction: anyDirection,
        together: anyFlag,
        hosts: few(anyPlannedHost),
      },
      'operations',
      'direction',
      'together',
    ),
  ),
  held: few(fc.record({ systemId: anyText, hostname: anyText, holds: few(anyHold) })),
  approvals: few(fc.record({ by: anyText, at: anyText, hash: anyText })),
});

export const anyPlanSummary = fc.record({
  id: anyText,
  hash: anyText,
  name: anyText,
  createdAt: anyText,
  createdBy: anyText,
  method: anyMethod,
  waves: anyCount,
  hosts: anyCount,
  held: anyCount,
  approvals: anyCount,
});

export const anyAttempt = anyOf<AttemptRecord>(
  {
    systemId: anyText,
    hostname: anyText,
    epoch: anySerial,
    operation: anyOperation,
    direction: anyDirection,
    method: anyMethod,
    runId: anyText,
    wave: anyCount,
    phase: anyPhase,
    outcome: fc.constantFrom('committed', 'reverted', 'blocked', 'stuck'),
    why: anyText,
    code: anyCode,
    openedAt: anyText,
    closedAt: anyText,
    blackouts: few(anyBlackout),
    repair: anyTexts,
  },
  'operation',
  'method',
  'runId',
  'wave',
  'outcome',
  'why',
  'code',
  'closedAt',
);

const anyWaveState = fc.constantFrom('pending', 'running', 'paused', 'done', 'aborted');

const anyWaveHost = anyOf<WaveHostView>(
  { systemId: anyText, hostname: anyText, operation: anyOperation, attempt: anyAttempt },
  'operation',
  'attempt',
);

const anyWave = anyOf<WaveView>(
  {
    number: anyCount,
    state: anyWaveState,
    operations: anyOperations,
    direction: anyDirection,
    together: anyFlag,
    hosts: few(anyWaveHost),
  },
  'operations',
  'direction',
  'together',
);

export const anyRun = anyOf<RunView>(
  {
    id: anyText,
    planId: anyText,
    planName: anyText,
    state: anyWaveState,
    pausedWhy: anyText,
    errors: anyCount,
    errorBudget: anyCount,
    throughWave: anyCount,
    waves: few(anyWave),
  },
  'pausedWhy',
  'throughWave',
);

const anyHostTap = anyOf<HostTapView>(
  {
    tap: anyText,
    plug: fc.constantFrom('legacy', 'staged', 'shunted', 'hybrid', 'target', 'none'),
    bridge: anyText,
    portId: anyText,
    networkId: anyText,
    mac: anyText,
    ips: anyTexts,
    installed: anyFlag,
  },
  'portId',
  'networkId',
  'mac',
);

export const anyHost = anyOf<HostView>(
  {
    systemId: anyText,
    hostname: anyText,
    connected: anyFlag,
    mode: fc.constantFrom('passive', 'active', 'unknown'),
    agentVersion: anyText,
    lastSeenAt: anyText,
    plug: anyHostPlug,
    taps: few(anyHostTap),
    attempt: anyAttempt,
    findings: few(anyFinding),
    holds: few(anyHold),
  },
  'lastSeenAt',
  'attempt',
);

export const anyCondition = fc.record({ kind: anyText, message: anyText, evidence: anyText, ageMs: anyReal });

export const anyEvent = anyOf<EventView>(
  { seq: anySerial, at: anyText, type: anyText, host: anyText, runId: anyText, message: anyText, json: anyText },
  'host',
  'runId',
);

export const anyStatus = anyOf<CoordinatorStatus>(
  {
    version: anyText,
    site: anyText,
    coordinatorId: anyText,
    agentsConnected: anyCount,
    natsConnected: anyFlag,
    nbConnected: anyFlag,
    lastSeq: anySerial,
    openAttempts: few(anyAttempt),
    stuckHosts: anyTexts,
    readOnly: anyText,
    ledgerFault: anyText,
  },
  'readOnly',
  'ledgerFault',
);

const anyDifference = fc.record({
  systemId: anyText,
  hostname: anyText,
  verdict: fc.constantFrom('adopt', 'wait', 'unheard'),
  ledger: anyText,
  agent: anyText,
  plug: anyHostPlug,
});

export const anyReconciled = anyOf<Reconciled>(
  { readOnly: anyText, differences: few(anyDifference), applied: anyFlag },
  'readOnly',
);
