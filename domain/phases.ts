/** The phases of one attempt on one hypervisor; DESIGN.md, "One cutover". */
export const phases = [
  'idle',
  'preflight',
  'preparing',
  'prepared',
  'arming',
  'entering',
  'staged',
  'cutting',
  'verifying',
  'soaking',
  'committing',
  'committed',
  'finishing',
  'finished',
  'unstaging',
  'reverting',
  'reverted',
  'stuck',
] as const;
export type Phase = (typeof phases)[number];

/** `forward`: legacy to target. `back`: a new attempt that takes a committed hypervisor to legacy again. */
export type Direction = 'forward' | 'back';
export type Method = 'direct' | 'shunt';
/** `word`: only the coordinator's word commits. `evidence`: at the deadline a good local verdict commits. */
export type CommitOn = 'word' | 'evidence';

/** Where a hypervisor is at rest: every guest is reachable there, and nothing is due. */
export type Rest = 'legacy' | 'staged' | 'target';

/** True from the first moment at which a step may have touched traffic until rest. */
export function isOpen(phase: Phase): boolean {
  return [
    'arming',
    'entering',
    'cutting',
    'verifying',
    'soaking',
    'committing',
    'finishing',
    'unstaging',
    'reverting',
  ].includes(phase);
}
