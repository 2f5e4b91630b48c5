import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../command.ts';
import { inNetns } from '../netns.ts';
import { endProcesses, findProcess, isAlive, startDaemon } from '../processes.ts';
import { hypervisorDir, pathsOf } from '../run-dir.ts';
import { type LabGuest, type LabHypervisor, networkOf, type Topology } from '../topology.ts';
import { chooseAccelerators, readProcessorFacts } from '../vm/accelerator.ts';
import { type CpioEntry, fileType, writeCpio } from '../vm/cpio.ts';
import { modulesInOrder, staticBusybox } from '../vm/initramfs.ts';
import { type CachedKernel, ensureKernel } from '../vm/kernel.ts';
import { linkExists } from './plug.ts';
import { qmp } from './qemu-monitor.ts';

const MEMORY_MIB = 128;
const MODULES = ['virtio_pci', 'virtio_net'];
/** What a tap and a userspace switch would have to do in the guest's stead. */
const OFFLOADS = [
  'csum',
  'gso',
  'guest_csum',
  'guest_tso4',
  'guest_tso6',
  'guest_ufo',
  'host_tso4',
  'host_tso6',
  'host_ufo',
];
const MIGRATE_MS = 60_000;

/** A machine by its guest and the hypervisor on which it runs: two of one guest while it migrates. */
export interface MachinePlace {
  readonly topology: Topology;
  readonly hypervisor: LabHypervisor;
  readonly guest: LabGuest;
}

/** Starts a guest's virtual machine and waits for its tap; it boots by itself. `incoming`: it waits for the guest to come by that socket. */
export async function startMachine(place: MachinePlace, incoming?: string): Promise<void> {
  const { topology, hypervisor, guest } = place;
  const kernel = await ensureKernel({ needs: modulesOf });
  const initramfs = join(hypervisorDir(topology.name, hypervisor.name), `${guest.name}.cpio`);
  writeFileSync(initramfs, guestRoot(kernel));
  const sockets = [monitorOf(place), ...(incoming === undefined ? [] : [incoming])];
  for (const socket of sockets) rmSync(socket, { force: true });
  const record = startDaemon(pathsOf(topology.name), topology.name, {
    name: nameOf(place),
    argv: inNetns(hypervisor.netns, [
      ...machineArguments(place, { kernel, initramfs }),
      ...(incoming === undefined ? [] : ['-incoming', `unix:${incoming}`]),
    ]),
  });
  await until(`the tap of ${nameOf(place)}`, async () => {
    if (!isAlive(record))
      throw new Error(`${record.name} ended at once; see its log in ${pathsOf(topology.name).logs}`);
    return (sockets.every((path) => existsSync(path)) && (await linkExists(hypervisor.netns, guest.tap))) || undefined;
  });
}

/** Ends a guest's virtual machine as a power button does; its tap goes with it. */
export async function stopMachine(place: MachinePlace): Promise<void> {
  const record = findProcess(pathsOf(place.topology.name), nameOf(place));
  if (record) await endProcesses([record]);
}

/** QEMU's own live migration, from a running machine to one that waits with `incoming`. Announces are QEMU's. */
export async function sendMachine(source: MachinePlace, socket: string): Promise<void> {
  await qmp(monitorOf(source), [{ execute: 'migrate', arguments: { uri: `unix:${socket}` } }]);
  await until(
    `${nameOf(source)} to migrate`,
    async () => {
      const info = (await qmp(monitorOf(source), [{ execute: 'query-migrate' }])) as MigrationInfo;
      const { status, 'error-desc': why = '' } = info;
      if (status === 'failed' || status === 'cancelled') {
        throw new Error(`the migration of ${nameOf(source)} ${status} ${why}`.trim());
      }
      return status === 'completed' ? true : undefined;
    },
    { timeoutMs: MIGRATE_MS, everyMs: 50 },
  );
}

/** Of qemu-qmp-ref(7). */
interface MigrationInfo {
  readonly status?: string;
  readonly 'error-desc'?: string;
}

/** Where a machine on this hypervisor waits for its guest. */
export function incomingSocket({ topology, hypervisor, guest }: MachinePlace): string {
  return join(hypervisorDir(topology.name, hypervisor.name), `${guest.name}.in`);
}

function monitorOf({ topology, hypervisor, guest }: MachinePlace): string {
  return join(hypervisorDir(topology.name, hypervisor.name), `${guest.name}.qmp`);
}

function nameOf({ hypervisor, guest }: MachinePlace): string {
  return `${guest.name}-qemu-${hypervisor.name}`;
}

function modulesOf(kernel: CachedKernel): readonly string[] {
  return modulesInOrder(readFileSync(join(kernel.modules, 'modules.dep'), 'utf8'), MODULES);
}

function guestRoot(kernel: CachedKernel): Buffer {
  const init = readFileSync(join(import.meta.dirname, 'qemu-init.sh'));
  return writeCpio([
    ...['bin', 'dev', 'proc', 'sys', 'modules'].map((path): CpioEntry => ({ path, mode: fileType.folder | 0o755 })),
    { path: 'dev/console', mode: fileType.characterDevice | 0o600, device: { major: 5, minor: 1 } },
    { path: 'bin/busybox', mode: fileType.file | 0o755, data: staticBusybox() },
    ...modulesOf(kernel).map((path, index): CpioEntry => {
      const data = readFileSync(join(kernel.modules, path));
      return { path: `modules/${String(index).padStart(2, '0')}.ko`, mode: fileType.file | 0o644, data };
    }),
    { path: 'init', mode: fileType.file | 0o755, data: init },
  ]);
}

/** One processor type for KVM and emulation, so that a guest can migrate between them. */
function machineArguments(
  place: MachinePlace,
  { kernel, initramfs }: { readonly kernel: CachedKernel; readonly initramfs: string },
): readonly string[] {
  const { topology, guest } = place;
  const { subnet4, subnet6, mtu } = networkOf(topology, guest);
  const words = [
    ...['console=ttyS0', 'panic=-1', 'mitigations=off', 'nokaslr', 'quiet', `guest_mtu=${mtu}`],
    ...[`guest_ip4=${guest.ip4}/${subnet4.prefix}`, `guest_gw4=${subnet4.gateway}`],
    ...[`guest_ip6=${guest.ip6}/${subnet6.prefix}`, `guest_gw6=${subnet6.gateway}`],
  ];
  const nic = [
    'virtio-net-pci',
    'netdev=nic',
    `mac=${guest.mac}`,
    ...OFFLOADS.map((name) => `${name}=off`),
    'romfile=',
  ];
  return [
    'qemu-system-x86_64',
    ...[
      '-name',
      guest.name,
      '-uuid',
      guest.deviceId,
      '-machine',
      'q35',
      '-cpu',
      'Nehalem',
      '-smp',
      '1',
      '-m',
      String(MEMORY_MIB),
    ],
    ...chooseAccelerators(readProcessorFacts()).order.flatMap((name) => ['-accel', name]),
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'stdio'],
    ...['-qmp', `unix:${monitorOf(place)},server=on,wait=off`],
    ...['-kernel', kernel.vmlinuz, '-initrd', initramfs, '-append', words.join(' ')],
    ...['-netdev', `tap,id=nic,ifname=${guest.tap},script=no,downscript=no,vhost=off`, '-device', nic.join(',')],
  ];
}
