import fc from 'fast-check';
import type { HoldReason } from '../../../domain/findings.ts';
import type { Plan, PlannedHost, PlanSpec } from '../../../domain/plan.ts';
import type { AttemptRecord, HostTapView, HostView, RunView, WaveHostView } from '../../../domain/run-state.ts';
import type { EventView } from '../../../wire/operators-api.ts';
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
) as fc.Arbitrary<HoldReason>; // a record whose kind is one of two is not narrowed to either

const anySpec = anyOf<PlanSpec>(
  {
    version: fc.constant(1),
    name: anyText,
    method: anyMethod,
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
  waves: few(fc.record({ number: anyCount, canary: anyFlag, hosts: few(anyPlannedHost) })),
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
  'runId',
  'wave',
  'outcome',
  'why',
  'code',
  'closedAt',
);

const anyWaveState = fc.constantFrom('pending', 'running', 'paused', 'done', 'aborted');

const anyWaveHost = anyOf<WaveHostView>({ systemId: anyText, hostname: anyText, attempt: anyAttempt }, 'attempt');

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
    waves: few(fc.record({ number: anyCount, state: anyWaveState, hosts: few(anyWaveHost) })),
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
    plug: fc.constantFrom('legacy', 'staged', 'shunted', 'hybrid', 'target', 'mixed', 'none', 'unknown'),
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

export const anyStatus = fc.record({
  version: anyText,
  site: anyText,
  coordinatorId: anyText,
  agentsConnected: anyCount,
  natsConnected: anyFlag,
  nbConnected: anyFlag,
  lastSeq: anySerial,
  openAttempts: few(anyAttempt),
  stuckHosts: anyTexts,
});
