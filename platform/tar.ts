/** One file of an archive. */
export interface TarFile {
  /** A relative path of at most {@link tarNameBytesMax} bytes. */
  readonly name: string;
  readonly data: Uint8Array;
}

const blockBytes = 512;
export const tarNameBytesMax = 100;
/** An archive ends with two empty blocks. */
export const tarEndBytes = 2 * blockBytes;

/** Files as a POSIX ustar archive (pax(1)), readable by their owner only; the same files and time give the same bytes. */
export function tarOf(files: readonly TarFile[], modifiedMs: number): Buffer {
  const parts = files.flatMap(({ name, data }) => [
    header(name, data.length, modifiedMs),
    data,
    Buffer.alloc((blockBytes - (data.length % blockBytes)) % blockBytes),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(tarEndBytes)]);
}

function header(name: string, size: number, modifiedMs: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  if (Buffer.byteLength(name) > tarNameBytesMax)
    throw new RangeError(`a name in an archive is 100 bytes long at most: ${name}`);
  block.write(name, 0);
  block.write('0000600\0', 100); // mode
  block.write('0000000\0', 108); // owner and group: root
  block.write('0000000\0', 116);
  block.write(`${octal(size, 11)}\0`, 124);
  block.write(`${octal(Math.floor(modifiedMs / 1000), 11)}\0`, 136);
  block.write('        ', 148); // the checksum counts as blanks
  block.write('0', 156); // a plain file
  block.write('ustar\x0000', 257);
  block.write('root\0', 265);
  block.write('root\0', 297);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  const text = value.toString(8).padStart(digits, '0');
  if (text.length > digits) throw new RangeError(`a file of ${value} bytes does not fit into an archive`);
  return text;
}
