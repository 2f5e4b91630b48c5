import { describeError } from '../../platform/shunt-error.ts';
import type { AdoptionRecord } from './adoption-journal.ts';
import type { BackOutcome } from './go-back.ts';

export interface Taking {
  readonly goBack: () => Promise<BackOutcome>;
  /** Why, for the journal, where all is back. */
  readonly why: string;
  readonly note: (record: AdoptionRecord) => void;
  /** Ends the dead man. He stays where it is stuck, and tries again. */
  readonly disarm: () => Promise<void>;
}

/**
 * Takes an adoption back, and then writes down how that ended. Nothing is written before: uplinks come back from what is there, and a disk that is full, or
 * read-only, or hangs must not keep them. What could not be written is told; whoever comes next finds nothing left to take back.
 */
export async function takenBack({ goBack, why, note, disarm }: Taking): Promise<BackOutcome> {
  const outcome = await goBack();
  try {
    note(outcome.kind === 'back' ? { type: 'back', why } : { type: 'stuck', why: outcome.why, repair: outcome.repair });
  } catch (error) {
    console.error(`shunt-agent: how the way back ended is not in the journal: ${describeError(error)}`);
  }
  if (outcome.kind === 'back') await disarm();
  return outcome;
}
