import { existsSync, globSync, rmSync, writeFileSync } from 'node:fs';

/** A wall clock that is wrong, for the programs that are started with its environment. */
export interface WrongClock extends Disposable {
  /** For the child's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Moves the clock, also of programs that run: seconds ahead of the true time, below 0 behind it. */
  setOffset(seconds: number): void;
}

/** Debian's package faketime; one library an architecture. */
const LIBRARY = '/usr/lib/*/faketime/libfaketimeMT.so.1';

/**
 * A wrong clock by libfaketime. CLOCK_MONOTONIC stays true, and timers with it: it is the wall clock that jumps when somebody sets it.
 * `file` holds the offset and must not be there.
 */
export function wrongClock(file: string, seconds: number): WrongClock {
  const [library] = globSync(LIBRARY);
  if (library === undefined) throw new Error(`${LIBRARY} is not there: install the package faketime`);
  if (existsSync(file)) throw new Error(`${file} is there already`);
  const setOffset = (offset: number) => writeFileSync(file, `${offset < 0 ? '-' : '+'}${Math.abs(offset)}\n`);
  setOffset(seconds);
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1', // its name up to version 0.9.9
  };
  return { env, setOffset, [Symbol.dispose]: () => rmSync(file, { force: true }) };
}
