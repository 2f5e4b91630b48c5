/** A file, folder or device of an archive; `path` is relative, without a leading slash. */
export interface CpioEntry {
  readonly path: string;
  /** Type and permission bits, as stat(2) has them. */
  readonly mode: number;
  readonly data?: Uint8Array;
  readonly device?: { readonly major: number; readonly minor: number };
}

/** File type bits of {@link CpioEntry.mode} (inode(7)). */
export const fileType = { folder: 0o040000, file: 0o100000, characterDevice: 0o020000 } as const;

const alignment = 4;

/**
 * Archive in the `newc` format, as the kernel unpacks an initramfs (Documentation/driver-api/early-userspace/buffer-format.rst):
 * in the order given, so folders come before what is in them. Same entries, same bytes.
 */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const all = [...entries, { path: 'TRAILER!!!', mode: 0 }];
  return Buffer.concat(all.flatMap((entry, index) => blocksOf(entry, index + 1)));
}

function blocksOf(entry: CpioEntry, inode: number): readonly Uint8Array[] {
  const name = Buffer.from(`${entry.path}\0`);
  const data = entry.data ?? new Uint8Array();
  const { major = 0, minor = 0 } = entry.device ?? {};
  const links = 1;
  const fields = [inode, entry.mode, 0, 0, links, 0, data.length, 0, 0, major, minor, name.length, 0];
  const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return [header, name, padding(header.length + name.length), data, padding(data.length)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array((alignment - (length % alignment)) % alignment);
}
