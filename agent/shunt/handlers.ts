import type { ShuntStepKind } from '../../domain/rewire/steps.ts';
import { ShuntError } from '../../platform/shunt-error.ts';
import type { StepHandler } from '../cutover/execution.ts';

const notBuilt: StepHandler = (step) => {
  throw new ShuntError('internal', `${step.kind}: not built`);
};

/** Moves taps along their shunt; each step may be performed again, whatever was done of it before. */
export const shuntHandlers = {
  'make-shunt': notBuilt,
  'enter-shunt': notBuilt,
  'claim-shunt': notBuilt,
  'seed-connections': notBuilt,
  'flip': notBuilt,
  'unflip': notBuilt,
  'release-shunt': notBuilt,
  'exit-shunt': notBuilt,
  'unmake-shunt': notBuilt,
  'drop-legacy-leg': notBuilt,
  'restore-legacy-leg': notBuilt,
  'collapse': notBuilt,
  'uncollapse': notBuilt,
} as const satisfies Record<ShuntStepKind, StepHandler>;
