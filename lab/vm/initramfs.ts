import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CpioEntry, fileType, writeCpio } from './cpio.ts';
import type { CachedKernel } from './kernel.ts';

/** What has to be there before the host's root can be. */
const rootModules = ['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay'] as const;

/** The modules of {@link rootModules} and all they need; see {@link modulesInOrder}. */
export function modulesForRoot(modulesDep: string): readonly string[] {
  return modulesInOrder(modulesDep, rootModules);
}

/** Modules and all they need, in an order in which they load: paths below `modules`. */
export function modulesInOrder(modulesDep: string, names: readonly string[]): readonly string[] {
  const needs = new Map(
    modulesDep.split('\n').flatMap((line) => {
      const [path, rest = ''] = line.split(':');
      return path ? [[path, rest.split(' ').filter(Boolean)] as const] : [];
    }),
  );
  const order: string[] = [];
  for (const name of names) {
    const path = [...needs.keys()].find((candidate) => candidate.endsWith(`/${name}.ko`));
    if (path === undefined) throw new Error(`the kernel of the virtual machine has no module ${name}`);
    // modules.dep names what a module needs with the deepest last (modules.dep(5)).
    for (const need of [...(needs.get(path) ?? []).toReversed(), path]) if (!order.includes(need)) order.push(need);
  }
  return order;
}

/** The first root of the machine: busybox, a few modules, and the scripts that go on from there. */
export function buildInitramfs(
  kernel: CachedKernel,
  { job, settings }: { readonly job: string; readonly settings: string },
): Buffer {
  const order = modulesForRoot(readFileSync(join(kernel.modules, 'modules.dep'), 'utf8'));
  const folders = ['bin', 'dev', 'proc', 'sys', 'modules', 'machine'];
  const script = (name: string) => readFileSync(join(import.meta.dirname, name));
  return writeCpio([
    ...folders.map((path): CpioEntry => ({ path, mode: fileType.folder | 0o755 })),
    { path: 'dev/console', mode: fileType.characterDevice | 0o600, device: { major: 5, minor: 1 } },
    { path: 'bin/busybox', mode: fileType.file | 0o755, data: staticBusybox() },
    ...order.map((path, index): CpioEntry => {
      const data = readFileSync(join(kernel.modules, path));
      return { path: `modules/${String(index).padStart(2, '0')}.ko`, mode: fileType.file | 0o644, data };
    }),
    { path: 'init', mode: fileType.file | 0o755, data: script('init.sh') },
    { path: 'machine/machine.sh', mode: fileType.file | 0o755, data: script('machine.sh') },
    { path: 'machine/job.sh', mode: fileType.file | 0o755, data: Buffer.from(job) },
    { path: 'machine/settings.sh', mode: fileType.file | 0o644, data: Buffer.from(settings) },
  ]);
}

/** Debian's busybox-static: the one program of a first root, which has no libraries. */
export function staticBusybox(): Buffer {
  const data = readFileSync('/usr/bin/busybox');
  if (data.includes('/ld-linux') || data.includes('/ld-musl'))
    throw new Error('/usr/bin/busybox needs libraries: the virtual machine needs the Debian package busybox-static');
  return data;
}
