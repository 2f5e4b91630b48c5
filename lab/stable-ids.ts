import { createHash } from 'node:crypto';

/** `fa:16:3e:` is neutron's base_mac. */
export function macOf(group: number, n: number): string {
  const tail = [group, n >> 8, n & 255].map((b) => b.toString(16).padStart(2, '0'));
  return ['fa:16:3e', ...tail].join(':');
}

/** A UUID (version 4 in shape) that is the same whenever the same lab is built again. */
export function uuidOf(...path: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(path.join('/')).digest('hex');
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}
