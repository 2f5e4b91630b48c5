import * as z from 'zod';
import type { Refusal } from '../findings.ts';
import { goals } from '../goals.ts';
import type { PlanSpec } from '../plan.ts';
import { parseDuration } from './duration.ts';

/** Time a cutover needs besides its soak: cut, verify, the peers' probes and the word to commit. */
export const soakSlackMs = 2_000;

const globs = z.array(z.string().min(1).max(253)).max(10_000);

function duration(least: number, most: number) {
  return z.string().transform((text, context): number => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= least && ms <= most) return ms;
    context.addIssue({ code: 'custom', message: `expected a duration like 500ms, 60s or 2m, ${least} to ${most} ms` });
    return z.NEVER;
  });
}

/** The keys of a plan's YAML. Unknown keys are refused; every key but `version` and `name` has a default. */
export const planSpecKeys = z.strictObject({
  version: z.literal(1).describe('Version of this format: 1.'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, dots, dashes, underscores; 63 characters at most')
    .describe('Letters, digits, dots, dashes, underscores; 63 characters at most. A plan is known by it and a number.'),
  method: z
    .enum(['direct', 'shunt'])
    .default('direct')
    .describe(
      'How taps are moved. direct: at once, a blackout of some milliseconds; shunt: staged first, then flipped without loss.',
    ),
  methods: z
    .array(
      z.strictObject({
        hosts: globs.default([]).describe('Globs over hostname or system-id; none: all.'),
        networks: globs.default([]).describe("Globs over a network's id or name; none: all."),
        method: z.enum(['direct', 'shunt']).describe('How their taps are moved.'),
      }),
    )
    .max(1_000)
    .default([])
    .describe('Another method for some taps, each {hosts, networks, method}; the first that fits decides.'),
  slice: z
    .strictObject({
      projects: globs.default([]).describe('Globs over project ids; none: all.'),
      networks: globs.default([]).describe("Globs over a network's id or name; none: all."),
    })
    .optional()
    .describe(
      'Which taps of each hypervisor move: {projects, networks}. Left out: all. The others stay where they are.',
    ),
  goal: z
    .enum(goals)
    .default('target')
    .describe(
      'How far: staged, target, finished (legacy legs gone), collapsed (plugged directly); or legacy: all the way back.',
    ),
  include: globs.min(1).default(['*']).describe('Globs over hostname or system-id of hypervisors.'),
  exclude: globs.default([]).describe('Globs of hypervisors that are held, and shown as such.'),
  canary: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .describe('The hypervisor that goes first, alone. Left out: the one with the fewest guests.'),
  waveSize: z.int().min(1).max(500).default(10).describe('Hypervisors a wave, after the canary.'),
  maxOpen: z.int().min(1).max(500).default(4).describe('Cutovers that are open at one moment.'),
  errorBudget: z.int().min(0).max(10_000).default(0).describe('Failures that a run bears before it pauses.'),
  zones: z
    .record(z.string().min(1).max(253), globs.min(1))
    .default({})
    .describe('Names of zones, each with globs of its hypervisors; for zoneCap.'),
  zoneCap: z.int().min(1).max(500).optional().describe('Cutovers that are open at one moment in one zone.'),
  deadline: duration(2_000, 3_600_000)
    .default(60_000)
    .describe('Without a commit by then, a hypervisor goes back by itself: a duration like 60s; the default is in ms.'),
  soak: duration(0, 3_500_000)
    .default(5_000)
    .describe('How long probes must stay good before a commit: a duration like 5s; the default is in ms.'),
  commitOn: z
    .enum(['word', 'evidence'])
    .default('word')
    .describe("word: only the coordinator's word commits; evidence: at the deadline a good local verdict commits."),
  batchSize: z.int().min(1).max(64).default(8).describe('Taps that are dark at the same time.'),
  remoteVantage: z
    .enum(['required', 'when-available'])
    .default('required')
    .describe(
      'required: no cutover without another hypervisor that can probe; when-available: the local verdict may do.',
    ),
  acceptNoEvidence: z
    .boolean()
    .default(false)
    .describe('Commit a hypervisor none of whose guests ever answered to anything: nothing is proved then.'),
});

const schema = planSpecKeys
  .refine((spec) => spec.deadline >= spec.soak + soakSlackMs, {
    path: ['deadline'],
    message: `must leave ${soakSlackMs} ms after the soak, to verify and to commit in`,
  })
  .refine((spec) => spec.goal !== 'staged' || [spec, ...spec.methods].some((one) => one.method === 'shunt'), {
    path: ['goal'],
    message: 'only a shunt can be staged: needs `method: shunt`',
  })
  .refine((spec) => spec.zoneCap === undefined || Object.keys(spec.zones).length > 0, {
    path: ['zoneCap'],
    message: 'needs `zones`',
  });

/** Decodes the parsed YAML of `shunt plan create`; the refusal names each key that is wrong. */
export function decodePlanSpec(value: unknown): PlanSpec | Refusal {
  const decoded = schema.safeParse(value);
  if (!decoded.success) {
    const said = decoded.error.issues.map((issue) => `${issue.path.join('.') || 'plan'}: ${issue.message}`);
    return { code: 'plan-invalid', message: said.join('; ') };
  }
  const { deadline, soak, canary, zoneCap, methods, slice, goal, ...rest } = decoded.data;
  return {
    ...rest,
    ...(methods.length === 0 ? {} : { methods }),
    ...(slice === undefined ? {} : { slice }),
    ...(goal === 'target' ? {} : { goal }),
    ...(canary === undefined ? {} : { canary }),
    ...(zoneCap === undefined ? {} : { zoneCap }),
    deadlineMs: deadline,
    soakMs: soak,
  };
}
