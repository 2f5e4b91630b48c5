import { spawn } from 'node:child_process';

/** Runs a command with its output on our stderr, so that stdout stays the machine's. Gives its exit status (128 + signal). */
export function runShown(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  return runTo(2, argv, env);
}

/** As {@link runShown}, without what it says. */
export function runQuietly(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  return runTo('ignore', argv, env);
}

function runTo(output: 2 | 'ignore', argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: ['ignore', output, output], env });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
}
