import { runTestOvsdb } from './commands.ts';

/** OVS's `test-ovsdb` for this library: same subcommands, same output. See ovsdb/README.md. */
const outcome = runTestOvsdb(process.argv.slice(2).map((arg) => Buffer.from(arg)));
if (outcome === undefined) {
  process.stderr.write(`test-ovsdb: no such command: ${process.argv[2] ?? ''}\n`);
  process.exitCode = 2;
} else {
  process.stdout.write(outcome.stdout);
  process.stderr.write(outcome.stderr);
  process.exitCode = outcome.status;
}
