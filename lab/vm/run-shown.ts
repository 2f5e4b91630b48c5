import { spawn } from 'node:child_process';

/** Runs a command with its output on our stderr, so that stdout stays the machine's. Gives its exit status (128 + signal). */
export function runShown(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: ['ignore', 2, 2], env });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
}
