import { Random } from '../../lab/ovsdb/laws/random.ts';

/** Everything that one random run does. Same seed, same schedule; what becomes of it is for the laws to judge. */
export interface Schedule {
  readonly seed: number;
  readonly plan: RandomPlan;
  readonly faults: readonly PlannedFault[];
}

/** The plan of a run over all hypervisors of the lab. */
export interface RandomPlan {
  readonly method: 'direct' | 'shunt';
  readonly canary: HypervisorName;
  readonly waveSize: number;
  readonly maxOpen: number;
  readonly errorBudget: number;
  readonly deadlineMs: number;
  readonly soakMs: number;
  readonly commitOn: 'word' | 'evidence';
  readonly batchSize: number;
}

export const hypervisorNames = ['hv1', 'hv2', 'hv3'] as const;
export type HypervisorName = (typeof hypervisorNames)[number];

/** When a fault strikes: at this moment of the attempt that does this operation at this hypervisor, as its journal tells it. */
export interface FaultMoment {
  readonly hypervisor: HypervisorName;
  readonly operation: 'stage' | 'cut';
  readonly step: MomentStep;
}

/** `started`: the run has begun, nothing is journaled. `working`: taps are moving. `done`: it is where it was to lead. */
export const momentSteps = ['started', 'arming', 'working', 'verifying', 'soaking', 'committing', 'done'] as const;
export type MomentStep = (typeof momentSteps)[number];

/**
 * How long a fault stands. `moment`: what was killed is started again at once, what was written is written. `seconds`: {@link secondsMs}.
 * `past-deadline`: until the deadline of whatever was open then has passed, and the dead man has had his time.
 */
export type Lasting = 'moment' | 'seconds' | 'past-deadline';
export const secondsMs = 2_000;

export const guestsPerHypervisor = 2;

export interface PlannedFault {
  readonly kind: FaultKind;
  readonly moment: FaultMoment;
  readonly lasting: Lasting;
  /** Which of the hypervisor's guests, for faults of one guest: an index. */
  readonly guest: number;
}

/** How long a kind of fault may stand. What keeps every way back from working may not stand until the deadline: that is row 19. */
const lastings = {
  'agent-killed': ['moment', 'seconds', 'past-deadline'],
  'agent-paused': ['seconds', 'past-deadline'],
  'dead-man-killed': ['moment'],
  'coordinator-killed': ['moment', 'seconds', 'past-deadline'],
  'coordinator-paused': ['seconds', 'past-deadline'],
  'nats-killed': ['moment', 'seconds', 'past-deadline'],
  'nats-paused': ['seconds', 'past-deadline'],
  'ovsdb-killed': ['moment', 'seconds'],
  'vswitchd-killed': ['moment', 'seconds'],
  'controller-killed': ['moment', 'seconds', 'past-deadline'],
  'management-cut': ['seconds', 'past-deadline'],
  'frames-lost': ['seconds', 'past-deadline'],
  'disk-full': ['seconds', 'past-deadline'],
  'row-written': ['moment'],
  'tap-taken': ['moment'],
  'guest-rebooted': ['moment'],
  'guest-deleted': ['moment'],
} as const satisfies Record<string, readonly Lasting[]>;
export type FaultKind = keyof typeof lastings;
export const faultKinds = Object.keys(lastings) as readonly FaultKind[]; // the table's own keys

/** Moments before which a kind has nothing to strike at. */
const earliest: Partial<Record<FaultKind, MomentStep>> = {
  'dead-man-killed': 'working',
  'row-written': 'verifying',
  'tap-taken': 'soaking',
};

/** The schedule of a seed: a plan, and one to three faults. */
export function scheduleOf(seed: number): Schedule {
  const random = new Random(seed);
  const plan = planOf(random);
  const count = 1 + random.below(3);
  const faults: PlannedFault[] = [];
  while (faults.length < count) {
    const fault = faultOf(random, plan);
    if (survivable([...faults, fault])) faults.push(fault);
  }
  return { seed, plan, faults };
}

function planOf(random: Random): RandomPlan {
  const soakMs = 500 + random.below(3) * 500;
  const waveSize = 1 + random.below(2);
  return {
    method: random.of(['direct', 'shunt']),
    canary: random.of(hypervisorNames),
    waveSize,
    maxOpen: 1 + random.below(2),
    errorBudget: random.below(3),
    deadlineMs: soakMs + 4_000 + random.below(4) * 1_000,
    soakMs,
    commitOn: random.of(['word', 'word', 'evidence']),
    batchSize: random.of([1, 2, 8]),
  };
}

function faultOf(random: Random, plan: RandomPlan): PlannedFault {
  const kind = random.of(faultKinds);
  const from = momentSteps.indexOf(earliest[kind] ?? 'started');
  const moment: FaultMoment = {
    hypervisor: random.of(hypervisorNames),
    operation: plan.method === 'shunt' ? random.of(['stage', 'cut']) : 'cut',
    step: random.of(momentSteps.slice(from)),
  };
  return { kind, moment, lasting: random.of(lastings[kind]), guest: random.below(8) };
}

/**
 * Whether somebody is left to bring each hypervisor to rest in time: its agent or its dead man. One guest is struck once: twice, nobody could tell
 * whose outage it was. A second stop of what is stopped already is no fault of its own.
 */
export function survivable(faults: readonly PlannedFault[]): boolean {
  const at = (kind: FaultKind) => faults.filter((fault) => fault.kind === kind);
  const agentAway = [...at('agent-killed'), ...at('agent-paused')].filter(({ lasting }) => lasting !== 'moment');
  const alone = at('dead-man-killed').map(({ moment }) => moment.hypervisor);
  if (agentAway.some(({ moment }) => alone.includes(moment.hypervisor))) return false;
  const targets = faults.map(targetOf);
  return new Set(targets).size === targets.length;
}

/** What a fault takes hold of: two that take hold of the same thing would undo each other's end. */
function targetOf({ kind, moment, guest }: PlannedFault): string {
  const { hypervisor } = moment;
  const [what = ''] = kind.split('-');
  if (what === 'coordinator' || what === 'nats') return what;
  return what === 'guest' || what === 'tap' || what === 'row'
    ? `guest ${hypervisor} ${guest % guestsPerHypervisor}`
    : `${what} ${hypervisor}`;
}

/** A fault in one line, for whoever reads a log or a result. */
export function describeFault({ kind, moment, lasting }: PlannedFault): string {
  const { hypervisor, operation, step } = moment;
  const when = step === 'started' ? 'as the run starts' : `as ${hypervisor} is ${step} its ${operation}`;
  const long = { 'moment': '', 'seconds': ', for 2 s', 'past-deadline': ', past the deadline' }[lasting];
  return `${kind} at ${hypervisor} ${when}${long}`;
}

/** The plan in one line. */
export function describePlan({
  method,
  waveSize,
  maxOpen,
  errorBudget,
  deadlineMs,
  soakMs,
  commitOn,
}: RandomPlan): string {
  const times = `deadline ${deadlineMs / 1_000} s, soak ${soakMs / 1_000} s`;
  return `${method}, waves of ${waveSize}, ${maxOpen} open, budget ${errorBudget}, ${times}, commit on ${commitOn}`;
}
