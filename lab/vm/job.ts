/** A command for the machine, and what it finds around it. */
export interface Job {
  /** Empty: a login shell on the terminal. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Folder of results, at the same path outside and inside. */
  readonly out?: string;
  readonly terminal?: { readonly rows: number; readonly columns: number };
}

/** Variables of ours that the command in the machine sees too. */
const passed = /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TERM|COLORTERM|NO_COLOR|FORCE_COLOR|CI|SHUNT_\w+)$/;
/** A name that a shell can export. */
const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The environment inside: little of ours, and what tells the lab where it is. `SHUNT_LAB_DATAPATH` of ours wins. */
export function jobEnvironment(env: NodeJS.ProcessEnv, accel: string): Readonly<Record<string, string>> {
  const kept = Object.entries(env).flatMap(([name, value]) =>
    value !== undefined && passed.test(name) && plainName.test(name) ? [[name, value] as const] : [],
  );
  const slow = accel === 'tcg' ? { SHUNT_KEEPALIVE_TIMEOUT_MS: '30000' } : {};
  return { SHUNT_LAB_DATAPATH: 'system', ...slow, ...Object.fromEntries(kept), SHUNT_LAB_VM: accel };
}

/** The job as a shell script that becomes the command. */
export function renderJob({ argv, cwd, env }: Job): string {
  const command = argv.length > 0 ? argv : [env['SHELL'] ?? '/bin/sh'];
  return [
    '#!/bin/sh',
    ...Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`),
    `cd ${quoted(cwd)} || exit 125`,
    `exec ${command.map(quoted).join(' ')}`,
    '',
  ].join('\n');
}

/** What the machine's own script has to know. */
export function renderSettings({ out, terminal }: Job): string {
  return [
    `out=${quoted(out ?? '')}`,
    `terminal=${terminal ? 'yes' : ''}`,
    `rows=${terminal?.rows ?? 24}`,
    `columns=${terminal?.columns ?? 80}`,
    '',
  ].join('\n');
}

/** One word of a POSIX shell, whatever is in it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
