/** Of one message of NATS, its headers among it. What a server says it allows is not asked: it is who may be wrong. */
const messageBytesMax = 8 * 1024 * 1024;
/** Of one line of the protocol; the longest is INFO, with the addresses of a cluster. */
const lineBytesMax = 1024 * 1024;

const newline = 0x0a;
const afterPayload = 2; // CR LF

/**
 * Follows the framing of what a NATS server sends, without keeping it: lines, and after MSG and HMSG a payload of the size that the line ends with.
 * The client believes any size, and keeps an unfinished line or payload for ever.
 */
export class NatsFraming {
  #line = '';
  #payloadBytes = 0;

  /** Why what comes now must not be taken in; undefined while all is well. */
  objection(chunk: Uint8Array): string | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#payloadBytes > 0) {
        const skipped = Math.min(this.#payloadBytes, chunk.length - at);
        this.#payloadBytes -= skipped;
        at += skipped;
        continue;
      }
      const end = chunk.indexOf(newline, at);
      const part = chunk.subarray(at, end < 0 ? chunk.length : end);
      if (this.#line.length + part.length > lineBytesMax) return `a line of more than ${lineBytesMax} bytes`;
      this.#line += Buffer.from(part).toString('latin1');
      if (end < 0) return undefined;
      at = end + 1;
      const objection = this.#lineEnded();
      if (objection !== undefined) return objection;
    }
    return undefined;
  }

  #lineEnded(): string | undefined {
    const line = this.#line;
    this.#line = '';
    if (!/^H?MSG\s/i.test(line)) return undefined;
    const size = Number(line.trimEnd().split(/\s+/).at(-1));
    if (!Number.isSafeInteger(size) || size < 0) return `a message without a size: ${line.slice(0, 80)}`;
    if (size > messageBytesMax) return `a message of ${size} bytes, more than ${messageBytesMax}`;
    this.#payloadBytes = size + afterPayload;
    return undefined;
  }
}
