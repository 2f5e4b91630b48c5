import type { Accelerator } from './accelerator.ts';
import type { CachedKernel } from './kernel.ts';

/** A machine to start. Descriptors are numbers in QEMU's own table. */
export interface MachineSpec {
  readonly accelerator: Accelerator;
  readonly kernel: CachedKernel;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly initramfsFd: number;
  readonly consoleFd: number;
  /** Sockets of the virtio ports by name; the machine finds them by name. */
  readonly ports: Readonly<Record<string, number>>;
  readonly out?: string;
  /** QEMU's own stdin and stdout become the terminal. */
  readonly terminal: boolean;
}

/** Room for translated code: a bound, where QEMU's own depends on the host's memory. */
const translationCacheMiB = 512;

/** Emulated: an old processor. What newer ones have for speed is slow there, and QEMU 7.2 does not get all of AVX right. */
const accelerate = {
  kvm: ['-accel', 'kvm', '-cpu', 'host'],
  tcg: ['-accel', `tcg,thread=multi,tb-size=${translationCacheMiB}`, '-cpu', 'Nehalem,+rdrand'],
} satisfies Record<Accelerator, readonly string[]>;

/** QEMU below `setpriv`: it dies with the process that started it, however that ends. */
export function qemuCommand(spec: MachineSpec): readonly string[] {
  return [
    ...['setpriv', '--pdeathsig', 'KILL', '--', 'qemu-system-x86_64'],
    ...['-machine', 'q35', ...accelerate[spec.accelerator]],
    ...['-smp', String(spec.cpus), '-m', String(spec.memoryMiB)],
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-nic', 'none'],
    ...['-kernel', spec.kernel.vmlinuz, '-initrd', `/proc/self/fd/${spec.initramfsFd}`],
    ...['-append', kernelParameters()],
    ...['-chardev', `socket,id=console,fd=${spec.consoleFd}`, '-serial', 'chardev:console'],
    ...share('root', '/', 'readonly=on'),
    ...share('modules', spec.kernel.modules, 'readonly=on'),
    ...(spec.out === undefined ? [] : share('out', spec.out, 'readonly=off')),
    ...['-device', 'virtio-serial-pci,id=ports'],
    ...Object.entries(spec.ports).flatMap(([name, fd]) => port(name, fd)),
    ...(spec.terminal ? terminal() : []),
  ];
}

/** No counter-measures against the host's own processor: nothing secret is inside, and emulated they cost the most. */
function kernelParameters(): string {
  return 'console=ttyS0 panic=-1 mitigations=off nokaslr loglevel=4';
}

/** remap: the host's root may be several file systems, whose inode numbers would be taken for one another. */
function share(tag: string, path: string, access: string): string[] {
  const escaped = path.replaceAll(',', ',,');
  return ['-virtfs', `local,path=${escaped},mount_tag=${tag},security_model=none,multidevs=remap,${access}`];
}

function port(name: string, fd: number): string[] {
  return [
    ...['-chardev', `socket,id=${name},fd=${fd}`],
    ...['-device', `virtserialport,bus=ports.0,chardev=${name},name=${name}`],
  ];
}

/** Ctrl-C goes to the machine. */
function terminal(): string[] {
  return ['-chardev', 'stdio,id=terminal,signal=off', '-device', 'virtconsole,bus=ports.0,chardev=terminal'];
}
