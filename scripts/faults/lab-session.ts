import { join } from 'node:path';
import { endLeftovers, labTraces, runVariable } from '../leftovers.ts';
import { runProgram } from '../run-program.ts';

const root = join(import.meta.dirname, '../..');
const minute = 60_000;
const limits = { packagesMs: 10 * minute, sweepMs: 2 * minute, buildMs: 2 * minute };

/** Labs may be built until its end, and what they leave behind is known. */
export interface LabSession {
  /** Environment of all that is started in it. */
  readonly env: NodeJS.ProcessEnv;
  /** Names what was left behind, and ends the processes among it. */
  leftBehind(): Promise<readonly string[]>;
}

/** What stands against building labs here, in words for the user. */
export class LabImpossible extends Error {}

/** Packages, bundles, and a sweep of labs whose owner is gone. Its talk goes to stderr. */
export async function labSession(say: (text: string) => void): Promise<LabSession> {
  if (process.getuid?.() !== 0)
    throw new LabImpossible('labs start real servers in network namespaces: run this as root');
  await step(say, 'Debian packages', 'sh', [join(root, 'scripts/packages.sh'), 'install', 'all'], limits.packagesMs);
  await step(say, 'build', process.execPath, [join(root, 'scripts/build.ts')], limits.buildMs);
  await step(say, 'sweep', process.execPath, [join(root, 'lab/main.ts'), 'sweep'], limits.sweepMs);
  const mark = `${process.pid}-${Date.now()}`;
  const before = new Set(labTraces(mark));
  return { env: { ...process.env, [runVariable]: mark }, leftBehind: () => endLeftovers(mark, before) };
}

async function step(
  say: (text: string) => void,
  what: string,
  command: string,
  args: readonly string[],
  limitMs: number,
): Promise<void> {
  const { status, output } = await runProgram(command, args, { cwd: root, limitMs });
  if (status !== 0) throw new LabImpossible(`${what} failed (status ${status}):\n${output.trimEnd()}`);
  say(`ok   ${what}`);
}
