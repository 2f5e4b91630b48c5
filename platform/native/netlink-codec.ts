/** Wire format of netlink (netlink(7), rtnetlink(7)): headers and attributes. Pure. */

export const NLM_F_REQUEST = 0x1;
export const NLM_F_ACK = 0x4;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
const NLM_F_ACK_TLVS = 0x200;
const NLM_F_CAPPED = 0x100;
const NLMSGERR_ATTR_MSG = 1;
const headerBytes = 16;
const attributeTypeMask = 0x3fff;

export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Buffer;
}

export interface NetlinkError {
  /** 0: an acknowledgement. */
  readonly errno: number;
  /** What the kernel has to say beyond the number; often empty. */
  readonly message: string;
}

/** One attribute: length, type, value, padding to four bytes. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

export function attributeU32(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return attribute(type, bytes);
}

export function attributeU8(type: number, value: number): Buffer {
  return attribute(type, Uint8Array.of(value));
}

/** NUL-terminated. */
export function attributeText(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

export function nested(type: number, ...attributes: readonly Uint8Array[]): Buffer {
  return attribute(type, Buffer.concat(attributes));
}

/** A whole message; `body` is the family's header and its attributes. */
export function encodeMessage(type: number, flags: number, sequence: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc((headerBytes + body.length + 3) & ~3);
  bytes.writeUInt32LE(headerBytes + body.length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags, 6);
  bytes.writeUInt32LE(sequence, 8);
  bytes.set(body, headerBytes);
  return bytes;
}

/** The messages of one datagram. A length that makes no sense ends the list: the kernel does not send such. */
export function decodeMessages(datagram: Buffer): readonly NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let start = 0; start + headerBytes <= datagram.length; ) {
    const length = datagram.readUInt32LE(start);
    if (length < headerBytes || start + length > datagram.length) break;
    messages.push({
      type: datagram.readUInt16LE(start + 4),
      flags: datagram.readUInt16LE(start + 6),
      sequence: datagram.readUInt32LE(start + 8),
      body: datagram.subarray(start + headerBytes, start + length),
    });
    start += (length + 3) & ~3;
  }
  return messages;
}

/** Attributes from `offset` on, by type (flags taken off); of equal types the last. */
export function decodeAttributes(bytes: Buffer, offset: number): ReadonlyMap<number, Buffer> {
  return new Map(listAttributes(bytes, offset).map(({ type, value }) => [type, value]));
}

/** Attributes from `offset` on, in order (flags taken off their types). */
export function listAttributes(bytes: Buffer, offset: number): readonly { type: number; value: Buffer }[] {
  const attributes: { type: number; value: Buffer }[] = [];
  for (let start = offset; start + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(start);
    if (length < 4 || start + length > bytes.length) break;
    const type = bytes.readUInt16LE(start + 2) & attributeTypeMask;
    attributes.push({ type, value: bytes.subarray(start + 4, start + length) });
    start += (length + 3) & ~3;
  }
  return attributes;
}

/** The content of an NLMSG_ERROR. */
export function decodeError(message: NetlinkMessage): NetlinkError {
  const errno = -message.body.readInt32LE(0);
  if ((message.flags & NLM_F_ACK_TLVS) === 0) return { errno, message: '' };
  const original = message.body.readUInt32LE(4);
  const attributesAt = 4 + ((message.flags & NLM_F_CAPPED) === 0 ? (original + 3) & ~3 : headerBytes);
  const text = decodeAttributes(message.body, attributesAt).get(NLMSGERR_ATTR_MSG);
  return { errno, message: text === undefined ? '' : decodeText(text) };
}

/** Text up to its NUL. */
export function decodeText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}
