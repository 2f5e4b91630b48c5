import { createHash } from 'node:crypto';

/**
 * Rules in OVN NB that, for a short time, let the next segment of a connection that OVN does not know through to a guest that was just moved,
 * and from it. They stand in port groups of our own: Neutron's repair deletes what it does not know from Neutron's groups.
 */
export interface GraceGroup {
  /** `Port_Group.name`, which is also what its rules match. */
  readonly name: string;
  readonly systemId: string;
  readonly epoch: number;
  /** Wall clock: it outlives the coordinator. */
  readonly untilMs: number;
}

/** Keys in `Port_Group.external_ids`. The first has one value for all, by which the groups are found. */
export const graceKeys = {
  owner: 'shunt:owner',
  host: 'shunt:host',
  epoch: 'shunt:epoch',
  until: 'shunt:grace-until',
} as const;
export const graceOwner = 'grace';

/** As high as Neutron's own rules that allow, above its rule that drops. */
const priority = 1002;

/** One for each attempt. OVN wants letters, digits and underscores. */
export function graceGroupName(systemId: string, epoch: number): string {
  return `shunt_grace_${createHash('sha256').update(systemId).digest('hex').slice(0, 10)}_${epoch}`;
}

export interface GraceRule {
  readonly direction: 'from-lport' | 'to-lport';
  readonly priority: number;
  readonly match: string;
  readonly action: 'allow-related';
}

/**
 * TCP segments without SYN, both ways. A connection begins with a SYN, and each packet in the direction of its opener is judged anew: nothing
 * new comes in, also not on a tuple on which a stray segment came through before.
 */
export function graceRules(name: string): readonly GraceRule[] {
  const segments = 'tcp && tcp.flags == 0/2';
  return [
    { direction: 'to-lport', priority, match: `outport == @${name} && ${segments}`, action: 'allow-related' },
    { direction: 'from-lport', priority, match: `inport == @${name} && ${segments}`, action: 'allow-related' },
  ];
}

/** What a row of ours says; one that nobody can read counts as long expired. */
export function readGraceGroup(row: {
  readonly name: string;
  readonly external_ids: ReadonlyMap<string, string>;
}): GraceGroup | undefined {
  const ids = row.external_ids;
  if (ids.get(graceKeys.owner) !== graceOwner) return undefined;
  const until = Date.parse(ids.get(graceKeys.until) ?? '');
  return {
    name: row.name,
    systemId: ids.get(graceKeys.host) ?? '',
    epoch: Number(ids.get(graceKeys.epoch) ?? 0),
    untilMs: Number.isNaN(until) ? 0 : until,
  };
}

/** Expired by the clock; or by a clock that was set back since, when more is left than a grace ever lasts. */
export function isExpired({ untilMs }: GraceGroup, wallMs: number): boolean {
  return untilMs <= wallMs || untilMs - wallMs > graceMs * 2;
}

/** From before the cut: what a guest has not said by then on a connection that could not be copied ends its connection. */
export const graceMs = 120_000;
