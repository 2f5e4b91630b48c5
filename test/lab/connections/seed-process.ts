/** Copies connections once, in the network namespace that it was started in. Argument: a {@link SeedOrder} as JSON; prints the report. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seedConnections } from '../../../agent/connections/seed-connections.ts';
import { OpenVSwitch } from '../../../agent/host/open-vswitch.ts';
import type { TapMove } from '../../../domain/rewire/moves.ts';

export interface SeedOrder {
  readonly runDir: string;
  readonly toward: 'target' | 'legacy';
  readonly moves: readonly TapMove[];
  readonly legacyZone: number;
  readonly onPath: boolean;
}

const order = JSON.parse(readFileSync(0, 'utf8')) as SeedOrder; // written by the test of the same source tree
await using ovs = new OpenVSwitch({ endpoint: `unix:${join(order.runDir, 'db.sock')}`, integrationBridge: '' });
const signal = AbortSignal.timeout(60_000);
await ovs.ready(signal);
const deps = { ovs, runDir: order.runDir, legacyZone: () => order.legacyZone, onPath: order.onPath };
process.stdout.write(JSON.stringify(await seedConnections(order.moves, order.toward, deps, signal)));
