import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bind } from './bind.ts';
import type { SeedFile } from './machine-seed.ts';

const ROOT = join(import.meta.dirname, '../..');
const INSTALLED = '/usr/lib/shunt';

/** This checkout's bundles and Node at the places where the units expect them. The release lays out the same by itself. */
export function checkoutBinds(): readonly Bind[] {
  const bundles = ['shunt-agent.mjs', 'shunt-coordinator.mjs', 'ledger-worker.mjs', 'shunt.mjs', 'koffi.node'];
  const missing = bundles.filter((bundle) => !existsSync(join(ROOT, 'dist', bundle)));
  if (missing.length > 0) throw new Error(`dist/ lacks ${missing.join(', ')}: npm run build`);
  return [
    { from: process.execPath, to: `${INSTALLED}/node` },
    ...bundles.map((bundle) => ({ from: join(ROOT, 'dist', bundle), to: `${INSTALLED}/${bundle}` })),
  ];
}

/** Units and users as a package would install them, not enabled: for {@link MachineOptions.files}. */
export function checkoutFiles(): Readonly<Record<string, SeedFile>> {
  const installed = (file: string) => readFileSync(join(ROOT, 'systemd', file), 'utf8');
  return {
    '/usr/lib/systemd/system/shunt-agent.service': installed('shunt-agent.service'),
    '/usr/lib/systemd/system/shunt-settle.service': installed('shunt-settle.service'),
    '/usr/lib/systemd/system/shunt-coordinator.service': installed('shunt-coordinator.service'),
    '/usr/lib/systemd/system/shunt-grace-sweep.service': installed('shunt-grace-sweep.service'),
    '/usr/lib/systemd/system/shunt-grace-sweep.timer': installed('shunt-grace-sweep.timer'),
    '/usr/lib/sysusers.d/shunt.conf': installed('shunt.sysusers'),
  };
}
