import { describe, expect, it } from 'vitest';
import { type ConntrackEntry, decodeEntry, encodeEntry } from '../../../platform/native/conntrack-codec.ts';

const entry: ConntrackEntry = {
  family: 4,
  protocol: 6,
  original: { src: '10.0.0.5', dst: '8.8.8.8', ports: { src: 40_000, dst: 443 } },
  reply: { src: '8.8.8.8', dst: '10.0.0.5', ports: { src: 443, dst: 40_000 } },
  zone: 4097,
  mark: 7,
  timeoutS: 600,
  seenReply: true,
  assured: true,
  translated: false,
  expected: false,
  tcpState: 'close-wait',
};

describe('entries of connection tracking on the wire', () => {
  it('come back as they were, TCP, UDP and echoes, IPv4 and IPv6', () => {
    const { tcpState: _, ...plain } = entry;
    const icmp = { type: 128, code: 0, id: 9 };
    const entries: ConntrackEntry[] = [
      entry,
      { ...plain, protocol: 17, assured: false, seenReply: false },
      {
        ...plain,
        family: 6,
        protocol: 58,
        original: { src: 'fd00::5', dst: 'fd00::6', icmp },
        reply: { src: 'fd00::6', dst: 'fd00::5', icmp: { ...icmp, type: 129 } },
      },
    ];
    for (const one of entries) expect(decodeEntry(encodeEntry(one), new Set([4097]))).toEqual(one);
  });

  it('of other zones, and of other families than IP, are not read', () => {
    expect(decodeEntry(encodeEntry(entry), new Set([0]))).toBeUndefined();
    const body = encodeEntry(entry);
    body[0] = 7;
    expect(decodeEntry(body, new Set([4097]))).toBeUndefined();
  });
});
