import { runTestOvsdb } from './commands.ts';
import { execute } from './execute.ts';

/** OVS's `test-ovsdb` for this library: same subcommands, same output. See ovsdb/README.md. */
const args = process.argv.slice(2).map((arg) => Buffer.from(arg));
const outcome = runTestOvsdb(args);
if (process.argv[2] === 'execute') process.stdout.write(await execute(args.slice(1)));
else if (outcome === undefined) {
  process.stderr.write(`test-ovsdb: no such command: ${process.argv[2] ?? ''}\n`);
  process.exitCode = 2;
} else {
  process.stdout.write(outcome.stdout);
  process.stderr.write(outcome.stderr);
  process.exitCode = outcome.status;
}
