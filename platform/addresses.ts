import { isIPv4, isIPv6 } from 'node:net';

const macPattern = /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i;

/** Six bytes of `aa:bb:cc:dd:ee:ff`; a RangeError for anything else. */
export function parseMac(text: string): Buffer {
  if (!macPattern.test(text)) throw new RangeError(`not a MAC address: ${text}`);
  return Buffer.from(text.replaceAll(/[:-]/g, ''), 'hex');
}

/** Lower case, with colons. */
export function formatMac(bytes: Uint8Array, offset = 0): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, 6)
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1:');
}

export function isIpv4(text: string): boolean {
  return isIPv4(text);
}

/** Without a zone (`%eth0`). */
export function isIpv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

/** Four bytes; a RangeError for what is not a dotted quad. */
export function parseIpv4(text: string): Buffer {
  if (!isIPv4(text)) throw new RangeError(`not an IPv4 address: ${text}`);
  return Buffer.from(text.split('.').map(Number));
}

export function formatIpv4(bytes: Uint8Array, offset = 0): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/** Sixteen bytes; a RangeError for what is not an IPv6 address. */
export function parseIpv6(text: string): Buffer {
  if (!isIpv6(text)) throw new RangeError(`not an IPv6 address: ${text}`);
  const [head = '', tail] = withoutEmbeddedIpv4(text).split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const groups = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of groups.entries()) bytes.writeUInt16BE(group, index * 2);
  return bytes;
}

function withoutEmbeddedIpv4(text: string): string {
  const dotted = /[^:]+$/.exec(text)?.[0] ?? '';
  if (!dotted.includes('.')) return text;
  const quad = parseIpv4(dotted);
  return `${text.slice(0, -dotted.length)}${quad.readUInt16BE(0).toString(16)}:${quad.readUInt16BE(2).toString(16)}`;
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

/** RFC 5952: lower case, the longest run of two or more zero groups as `::`, the first one of equals. */
export function formatIpv6(bytes: Uint8Array, offset = 0): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + offset, 16);
  const groups = Array.from({ length: 8 }, (_, index) => buffer.readUInt16BE(index * 2));
  const run = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (run.length < 2) return hex.join(':');
  return `${hex.slice(0, run.start).join(':')}::${hex.slice(run.start + run.length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  });
  return best;
}
