import * as z from 'zod';
import type { Refusal } from '../findings.ts';
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

/** The YAML of a plan. Unknown keys are refused; every key but `version` and `name` has a default. */
const schema = z
  .strictObject({
    version: z.literal(1),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'letters, digits, dots, dashes, underscores; 63 characters at most'),
    method: z.enum(['direct', 'shunt']).default('direct'),
    include: globs.min(1).default(['*']),
    exclude: globs.default([]),
    canary: z.string().min(1).max(253).optional(),
    waveSize: z.int().min(1).max(500).default(10),
    maxOpen: z.int().min(1).max(500).default(4),
    errorBudget: z.int().min(0).max(10_000).default(0),
    zones: z.record(z.string().min(1).max(253), globs.min(1)).default({}),
    zoneCap: z.int().min(1).max(500).optional(),
    deadline: duration(2_000, 3_600_000).default(60_000),
    soak: duration(0, 3_500_000).default(5_000),
    commitOn: z.enum(['word', 'evidence']).default('word'),
    batchSize: z.int().min(1).max(64).default(4),
    remoteVantage: z.enum(['required', 'when-available']).default('required'),
    acceptNoEvidence: z.boolean().default(false),
  })
  .refine((spec) => spec.deadline >= spec.soak + soakSlackMs, {
    path: ['deadline'],
    message: `must leave ${soakSlackMs} ms after the soak, to verify and to commit in`,
  })
  .refine((spec) => spec.method === 'direct', {
    path: ['method'],
    message: '`shunt` is not built yet: use `direct`',
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
  const { deadline, soak, canary, zoneCap, ...rest } = decoded.data;
  return {
    ...rest,
    ...(canary === undefined ? {} : { canary }),
    ...(zoneCap === undefined ? {} : { zoneCap }),
    deadlineMs: deadline,
    soakMs: soak,
  };
}
