/** Appends to the ledger in argv[2] for ever, and prints each number once its append was acknowledged. */
import { Ledger } from '../../../coordinator/ledger/ledger.ts';

const ledger = await Ledger.open(process.argv[2] ?? '');
let seq = (await ledger.read(1)).length;
for (;;) {
  const result = await ledger.append(seq, [{ type: 'run-paused', runId: 'run-1', by: 'ada', why: `entry ${seq + 1}` }]);
  if (result.kind !== 'appended') throw new Error('conflict');
  seq = result.entries.at(-1)?.seq ?? seq;
  process.stdout.write(`${seq}\n`);
}
