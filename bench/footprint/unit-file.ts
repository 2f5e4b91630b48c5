/** What a service's unit file says of how its program is started. */
export interface UnitStart {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Seconds of WatchdogSec, 0 when there is none. */
  readonly watchdogSec: number;
}

/**
 * Reads `ExecStart`, `Environment` and `WatchdogSec` of a unit file (systemd.syntax(7), systemd.exec(5)), as far as our own units
 * use the syntax: double quotes, several assignments on a line, later ones win, an empty assignment clears.
 */
export function readUnitStart(text: string): UnitStart {
  let argv: readonly string[] = [];
  let env: Record<string, string> = {};
  let watchdogSec = 0;
  for (const [key, value] of settings(text)) {
    if (key === 'ExecStart') argv = words(value);
    if (key === 'WatchdogSec') watchdogSec = Number(value);
    if (key === 'Environment') env = value === '' ? {} : { ...env, ...assignments(value) };
  }
  if (argv.length === 0) throw new Error('the unit has no ExecStart');
  return { argv, env, watchdogSec };
}

/** Lines of the section `[Service]`. */
function settings(text: string): readonly (readonly [string, string])[] {
  const [, service = ''] = /^\[Service\]\n(.*?)(?=^\[|$(?![\s\S]))/ms.exec(text) ?? [];
  return service.split('\n').flatMap((line) => {
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value.trim()] as const];
  });
}

function assignments(value: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words(value).map((word) => {
      const at = word.indexOf('=');
      if (at < 1) throw new Error(`Environment: no assignment: ${word}`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

function words(value: string): readonly string[] {
  return [...value.matchAll(/"([^"]*)"|\S+/g)].map(([whole, quoted]) => quoted ?? whole);
}
