import { OpenFlowError } from './openflow-error.ts';

export const headerBytes = 8;

/** One whole OpenFlow message. */
export interface RawMessage {
  readonly version: number;
  readonly type: number;
  readonly xid: number;
  /** What follows the header. */
  readonly body: Buffer;
}

/**
 * Cuts a byte stream into messages, however it is split. Linear: bytes are looked at when they complete a message, and copied once.
 * At most one message (64 KiB) is held.
 */
export class MessageFramer {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** The messages that this chunk completes. A length below a header's is no OpenFlow: `protocol`. */
  push(chunk: Buffer): readonly RawMessage[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < headerBytes || this.#bytes < this.#wantedBytes()) return [];
    const joined = Buffer.concat(this.#chunks);
    const messages: RawMessage[] = [];
    let start = 0;
    while (joined.length - start >= headerBytes) {
      const length = messageLength(joined, start);
      if (joined.length - start < length) break;
      messages.push({
        version: joined.readUInt8(start),
        type: joined.readUInt8(start + 1),
        xid: joined.readUInt32BE(start + 4),
        body: joined.subarray(start + headerBytes, start + length),
      });
      start += length;
    }
    const rest = joined.subarray(start);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
    return messages;
  }

  #wantedBytes(): number {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= 4) return messageLength(first, 0);
    this.#chunks = [Buffer.concat(this.#chunks)]; // the header itself came in pieces
    return this.#wantedBytes();
  }
}

function messageLength(bytes: Buffer, start: number): number {
  const length = bytes.readUInt16BE(start + 2);
  if (length < headerBytes) throw new OpenFlowError('protocol', `a message of ${length} bytes`);
  return length;
}
