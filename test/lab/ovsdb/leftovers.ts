import { OvsdbClient } from '../../../ovsdb/client.ts';
import { vswitchTables } from './tables.ts';

/** A program of its own: uses a client in all its states, disposes it, and prints what still keeps the event loop alive. */
// Node opens these two when first used; they are to be in both lists.
process.stdout.write('');
process.stderr.write('');
const before = process.getActiveResourcesInfo();
const [endpoint = ''] = process.argv.slice(2);
const options = { endpoint, database: 'Open_vSwitch', tables: vswitchTables };
const busy = await OvsdbClient.connect(options);
const replica = busy.replicate(vswitchTables);
await replica.ready();
await busy.lock('left').acquired();
const open = replica.waitFor(() => false).catch(() => {});
const held = process.getActiveResourcesInfo();
await busy[Symbol.asyncDispose]();
await open;

const lost = new OvsdbClient({ ...options, endpoint: `${endpoint}-nobody` });
await new Promise<void>((resolve) => lost.onState(({ kind }) => kind === 'backoff' && resolve()));
await lost[Symbol.asyncDispose]();

const kept = process.getActiveResourcesInfo();
process.stdout.write(JSON.stringify({ before, held, kept }));
