import type { ShuntStepKind } from '../../domain/rewire/steps.ts';
import { seedStep } from '../connections/seed-step.ts';
import type { StepHandler } from '../cutover/execution.ts';
import { claimShunt, releaseShunt } from './claim.ts';
import { collapse, uncollapse } from './collapse.ts';
import { enterShunt, exitShunt } from './enter.ts';
import { flip, unflip } from './flip.ts';
import { dropLegacyLeg, restoreLegacyLeg } from './legacy-leg.ts';
import { makeShunt, unmakeShunt } from './make.ts';

/** Moves taps along their shunt; each step may be performed again, whatever was done of it before. */
export const shuntHandlers = {
  'make-shunt': makeShunt,
  'enter-shunt': enterShunt,
  'claim-shunt': claimShunt,
  'seed-connections': seedStep,
  'flip': flip,
  'unflip': unflip,
  'release-shunt': releaseShunt,
  'exit-shunt': exitShunt,
  'unmake-shunt': unmakeShunt,
  'drop-legacy-leg': dropLegacyLeg,
  'restore-legacy-leg': restoreLegacyLeg,
  'collapse': collapse,
  'uncollapse': uncollapse,
} as const satisfies Record<ShuntStepKind, StepHandler>;
