import { type ErrorCode, errorTable } from '../domain/errors.ts';
import { isShuntError } from './shunt-error.ts';

/** EX_CONFIG of sysexits.h. The units say `RestartPreventExitStatus=78`: what is wrong stays wrong until somebody has edited or restored a file. */
export const handsNeededStatus = 78;

const handsNeeded: ReadonlySet<ErrorCode> = new Set(['config-invalid', 'records-corrupt']);

/** Exit status of a program that was to run for ever; a command's is that of its error's code. */
export function serviceExitStatus(error: unknown): number {
  if (!isShuntError(error)) return 1;
  return handsNeeded.has(error.code) ? handsNeededStatus : errorTable[error.code].exit;
}
