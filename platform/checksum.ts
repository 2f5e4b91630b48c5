/** The Internet checksum (RFC 1071) of the parts laid end to end; each part but the last must have an even length. */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let index = 0; index < part.length; index += 2) {
      sum += ((part[index] ?? 0) << 8) | (part[index + 1] ?? 0);
    }
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** What an upper-layer checksum over IPv6 covers beside the message (RFC 8200, 8.1). */
export function pseudoHeaderV6(fields: {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly length: number;
}): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.set(fields.source, 0);
  bytes.set(fields.destination, 16);
  bytes.writeUInt32BE(fields.length, 32);
  bytes.writeUInt8(fields.protocol, 39);
  return bytes;
}
