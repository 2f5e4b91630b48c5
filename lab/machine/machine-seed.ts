import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file of a machine: its text, mode 0644, or with a mode. */
export type SeedFile = string | { readonly text: string; readonly mode: number };

/**
 * Units that make no sense where kernel, clock and consoles are the host's. Everything that the host has enabled is disabled
 * besides.
 */
const MASKED = [
  'dev-hugepages.mount',
  'getty.target',
  'kmod-static-nodes.service',
  'proc-sys-fs-binfmt_misc.automount',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'systemd-ask-password-console.path',
  'systemd-ask-password-wall.path',
  'systemd-binfmt.service',
  'systemd-logind.service',
  'systemd-modules-load.service',
  'systemd-networkd.service',
  'systemd-pstore.service',
  'systemd-random-seed.service',
  'systemd-remount-fs.service',
  'systemd-resolved.service',
  'systemd-sysctl.service',
  'systemd-timesyncd.service',
  'systemd-tmpfiles-setup-dev.service',
  'systemd-udev-trigger.service',
  'systemd-udevd-control.socket',
  'systemd-udevd-kernel.socket',
  'systemd-udevd.service',
];

/** `ProtectProc=` gives a unit a /proc of its own, in which the host's boot id would show through. (The coordinator's has no /proc/sys.) */
const OWN_PROC = ['shunt-agent.service', 'shunt-settle.service'];

export interface Seed {
  readonly hostname: string;
  readonly machineId: string;
  readonly files: Readonly<Record<string, SeedFile>>;
  /** Units wanted by multi-user.target; their files may come with a later installation. */
  readonly enable: readonly string[];
}

/** Lays out what a machine's disk is given before its first boot. */
export function writeSeed(dir: string, seed: Seed): void {
  const units = join(dir, 'etc/systemd/system');
  const wants = join(units, 'multi-user.target.wants');
  mkdirSync(wants, { recursive: true });
  for (const unit of MASKED) symlinkSync('/dev/null', join(units, unit));
  for (const unit of seed.enable) symlinkSync(`/lib/systemd/system/${unit}`, join(wants, unit));
  symlinkSync('/lib/systemd/system/multi-user.target', join(units, 'default.target'));
  const bootId = '[Service]\nBindReadOnlyPaths=/run/boot-id:/proc/sys/kernel/random/boot_id\n';
  writeFiles(dir, {
    '/etc/hostname': `${seed.hostname}\n`,
    '/etc/hosts': `127.0.0.1 localhost\n127.0.1.1 ${seed.hostname}\n::1 localhost\n`,
    '/etc/machine-id': `${seed.machineId}\n`,
    ...Object.fromEntries(OWN_PROC.map((unit) => [`/etc/systemd/system/${unit}.d/90-boot-id.conf`, bootId])),
    ...seed.files,
  });
}

function writeFiles(dir: string, files: Readonly<Record<string, SeedFile>>): void {
  for (const [path, file] of Object.entries(files)) {
    const { text, mode } = typeof file === 'string' ? { text: file, mode: 0o644 } : file;
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text, { mode });
  }
}
