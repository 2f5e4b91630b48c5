/** An IPv4 subnet: first and last address as unsigned numbers. */
export interface Subnet4 {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** Reads `10.1.0.0/24`; undefined for anything else, IPv6 included. */
export function parseCidr4(cidr: string): Subnet4 | undefined {
  const [text, length, ...rest] = cidr.split('/');
  const address = parseIp4(text ?? '');
  if (address === undefined || length === undefined || rest.length > 0 || !/^\d{1,2}$/.test(length)) return undefined;
  const prefix = Number(length);
  if (prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1, prefix };
}

/** Reads dotted decimal, strictly; undefined for anything else. */
export function parseIp4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255)) {
    return undefined;
  }
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function formatIp4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
