import { join } from 'node:path';
import { runShown } from './vm/run-shown.ts';

const script = join(import.meta.dirname, '..', 'scripts', 'packages.sh');

/** Installs what a rarer part of the lab needs and the machine lacks; the script says what and why before it does. */
export async function requirePackages(set: 'guests' | 'vm'): Promise<void> {
  if ((await runShown(['sh', script, 'install', set])) !== 0) {
    throw new Error('Debian packages are missing (which, stands above)');
  }
}
