import type { Plan, PlannedHost, PlannedWave, PlanSpec, Slice } from '../domain/plan.ts';
import { formatDuration } from '../domain/planning/duration.ts';
import { describeHold } from '../domain/run/describe-hold.ts';
import type { PlanSummary } from '../wire/operators-api.ts';
import { indent } from './error-text.ts';
import type { Style } from './style.ts';
import { renderFacts, renderTable } from './table.ts';

export function planTable(plans: readonly PlanSummary[], style: Style): string {
  const columns = [
    { head: 'PLAN' },
    { head: 'NAME' },
    { head: 'METHOD' },
    { head: 'WAVES', align: 'right' },
    { head: 'HOSTS', align: 'right' },
    { head: 'HELD', align: 'right' },
    { head: 'APPROVED' },
    { head: 'MADE BY' },
    { head: 'AT' },
  ] as const;
  const rows = plans.map((plan) => [
    plan.id,
    plan.name,
    plan.method,
    String(plan.waves),
    String(plan.hosts),
    String(plan.held),
    plan.approvals > 0 ? style.green('yes') : 'no',
    plan.createdBy,
    plan.createdAt,
  ]);
  return renderTable(columns, rows, style);
}

/** Everything an approver has to read: what is moved when and how, and who is left out and why. */
export function planReport(plan: Plan, style: Style): string {
  const parts = [renderFacts(planFacts(plan, style)), waveTable(plan, style), heldText(plan)];
  return parts.filter((part) => part !== '').join('\n\n');
}

function planFacts(plan: Plan, style: Style): [string, string][] {
  const { spec } = plan;
  const zones = spec.zoneCap === undefined ? '' : `, ${spec.zoneCap} in a zone`;
  const approvals = plan.approvals.map(({ by, at }) => `${by} at ${at}`).join('; ');
  return [
    ['plan', `${style.bold(plan.id)} (${spec.name}), made by ${plan.createdBy} at ${plan.createdAt}`],
    ['hash', plan.hash],
    ['method', `${spec.method}${methodRules(spec)}, ${spec.batchSize} taps a batch`],
    ...(spec.goal === undefined ? [] : [['goal', spec.goal] as [string, string]]),
    ...(spec.slice === undefined ? [] : [['slice', sliceText(spec.slice)] as [string, string]]),
    ['open', `${spec.maxOpen} at a time${zones}; pauses after ${spec.errorBudget} errors`],
    ['times', `deadline ${formatDuration(spec.deadlineMs)}, soak ${formatDuration(spec.soakMs)}`],
    ['commits on', spec.commitOn === 'word' ? "the coordinator's word" : 'evidence, also without the coordinator'],
    ['approved', approvals || style.yellow('no')],
  ];
}

function methodRules({ methods = [] }: PlanSpec): string {
  const rules = methods.map(({ hosts, networks, method }) => {
    const where = [
      hosts.length > 0 ? hosts.join(', ') : '',
      networks.length > 0 ? `network ${networks.join(', ')}` : '',
    ];
    return `${method} for ${where.filter(Boolean).join(' on ') || 'all'}`;
  });
  return rules.length === 0 ? '' : ` (${rules.join('; ')})`;
}

function sliceText({ projects, networks }: Slice): string {
  const of = (what: string, globs: readonly string[]) => (globs.length === 0 ? [] : [`${what} ${globs.join(', ')}`]);
  return [...of('projects', projects), ...of('networks', networks)].join('; ') || 'all';
}

/** What a wave does, in one cell: `stage, cut`, `cut together`, `finish (back)`. */
function doingText({ operations = ['cut'], direction, together }: PlannedWave): string {
  return `${operations.join(', ')}${direction === 'back' ? ' (back)' : ''}${together === true ? ' together' : ''}`;
}

function methodText(host: PlannedHost): string {
  const methods = new Set(host.taps.map((tap) => tap.method ?? 'direct'));
  return methods.size > 1 ? 'both' : ([...methods][0] ?? '-');
}

function waveTable(plan: Plan, style: Style): string {
  const columns = [
    { head: 'WAVE', align: 'right' },
    { head: 'HOST' },
    { head: 'DOES' },
    { head: 'METHOD' },
    { head: 'ZONE' },
    { head: 'TAPS', align: 'right' },
    { head: 'NETWORKS', align: 'right' },
  ] as const;
  const rows = plan.waves.flatMap((wave) =>
    wave.hosts.map((host) => [
      `${wave.canary ? 'canary ' : ''}${wave.number}`,
      host.hostname,
      doingText(wave),
      methodText(host),
      host.zone ?? '-',
      String(host.taps.length),
      String(host.networks.length),
    ]),
  );
  return rows.length === 0 ? 'No hypervisor is planned.' : renderTable(columns, rows, style);
}

function heldText(plan: Plan): string {
  if (plan.held.length === 0) return '';
  const lines = plan.held.flatMap((host) => host.holds.map((hold) => `${host.hostname}: ${describeHold(hold)}`));
  return [`Held (${plan.held.length}):`, ...lines.map(indent)].join('\n');
}
