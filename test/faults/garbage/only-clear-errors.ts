import { isShuntError } from '../../../platform/shunt-error.ts';

/** Refused with an error that has a code; `undefined` in its place would be no answer at all. */
export interface Refused {
  readonly code: string;
}

/** What a reader makes of a file that may be anything: its value, or a failure that the operator can act on. All else is a bug and thrown. */
export function valueOrRefusal<T>(read: () => T): T | Refused {
  try {
    return read();
  } catch (error) {
    if (!isShuntError(error)) throw error;
    if (error.message === '') throw new Error(`a failure ${error.code} says nothing`, { cause: error });
    return { code: error.code };
  }
}

export function isRefused(value: unknown): value is Refused {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === 'code';
}
