import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from '../../../platform/addresses.ts';
import { internetChecksum } from '../../../platform/checksum.ts';
import { parseFrame } from '../../../platform/frame-parser.ts';
import * as frames from '../../../platform/frames.ts';

const macA = '52:54:00:00:00:01';
const macB = '52:54:00:00:00:02';

describe('addresses', () => {
  it('come back as they were', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(fc.property(bytes(6), (mac) => void expect([...parseMac(formatMac(mac))]).toEqual([...mac])));
    fc.assert(fc.property(bytes(4), (ip) => void expect([...parseIpv4(formatIpv4(ip))]).toEqual([...ip])));
    fc.assert(fc.property(bytes(16), (ip) => void expect([...parseIpv6(formatIpv6(ip))]).toEqual([...ip])));
  });

  it.each([
    ['::', '::'],
    ['::1', '::1'],
    ['fe80:0:0:0:5054:ff:fe00:1', 'fe80::5054:ff:fe00:1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
    ['1::', '1::'],
  ])('IPv6 %s is written %s', (text, canonical) => {
    expect(formatIpv6(parseIpv6(text))).toBe(canonical);
  });

  it('that are none are refused', () => {
    expect(() => parseMac('52:54:00:00:00')).toThrow(RangeError);
    expect(() => parseIpv4('10.0.0')).toThrow(RangeError);
    expect(() => parseIpv6('fe80::1%eth0')).toThrow(RangeError);
  });
});

describe('ARP', () => {
  it('request has the bytes that the wire knows', () => {
    const frame = frames.arpRequest({ senderMac: macA, senderIp: '10.0.0.1', targetIp: '10.0.0.2' });
    expect(frame.toString('hex')).toBe(
      'ffffffffffff525400000001080600010800060400015254000000010a0000010000000000000a000002',
    );
  });

  it('request goes to one MAC when asked so, and is parsed back', () => {
    const frame = frames.arpRequest({ senderMac: macA, senderIp: '10.0.0.1', targetIp: '10.0.0.2', targetMac: macB });
    expect(parseFrame(frame)).toEqual({
      kind: 'arp',
      sourceMac: macA,
      destinationMac: macB,
      operation: 'request',
      senderMac: macA,
      senderIp: '10.0.0.1',
      targetMac: '00:00:00:00:00:00',
      targetIp: '10.0.0.2',
    });
  });

  it('reply and announcement are parsed back', () => {
    const reply = frames.arpReply({ senderMac: macA, senderIp: '10.0.0.1', targetMac: macB, targetIp: '10.0.0.2' });
    expect(parseFrame(reply)).toMatchObject({ operation: 'reply', destinationMac: macB, targetMac: macB });
    expect(parseFrame(frames.gratuitousArp({ mac: macA, ip: '10.0.0.1' }))).toMatchObject({
      operation: 'request',
      destinationMac: 'ff:ff:ff:ff:ff:ff',
      senderIp: '10.0.0.1',
      targetIp: '10.0.0.1',
    });
  });
});

describe('ICMP echo', () => {
  const echo = {
    sourceMac: macA,
    destinationMac: macB,
    sourceIp: '10.0.0.1',
    destinationIp: '10.0.0.2',
    identifier: 0x1234,
    sequence: 7,
    payload: Buffer.from('nonce'),
  };

  it('is parsed back, padding or not', () => {
    for (const [build, type] of [
      [frames.icmpEchoRequest, 'request'],
      [frames.icmpEchoReply, 'reply'],
    ] as const) {
      const frame = build(echo);
      const expected = { kind: 'icmp-echo', ...echo, type };
      expect(parseFrame(frame)).toEqual(expected);
      expect(parseFrame(Buffer.concat([frame, Buffer.alloc(20)]))).toEqual(expected);
    }
  });

  it('has checksums that sum to nothing', () => {
    const frame = frames.icmpEchoRequest({ ...echo, dontFragment: true });
    expect(internetChecksum(frame.subarray(14, 34))).toBe(0);
    expect(internetChecksum(frame.subarray(34))).toBe(0);
    expect(frame.readUInt16BE(20)).toBe(0x4000);
  });

  it('with a flipped bit in its message is malformed', () => {
    const frame = frames.icmpEchoRequest(echo);
    for (let at = 36; at < frame.length; at += 1) {
      const damaged = Buffer.from(frame);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect(parseFrame(damaged).kind).toBe('malformed');
    }
  });
});

describe('neighbor discovery', () => {
  it('announcement goes to all nodes and overrides', () => {
    const frame = frames.unsolicitedNeighborAdvertisement({ mac: macA, ip: 'fe80::1' });
    expect(parseFrame(frame)).toEqual({
      kind: 'neighbor-advertisement',
      sourceMac: macA,
      destinationMac: '33:33:00:00:00:01',
      sourceIp: 'fe80::1',
      targetIp: 'fe80::1',
      linkLayerAddress: macA,
      solicited: false,
      override: true,
    });
    expect(frame.readUInt8(21)).toBe(255);
  });

  it('solicitation goes to the target’s group, or to one MAC', () => {
    const question = { sourceMac: macA, sourceIp: 'fe80::1', targetIp: '2001:db8::12:3456' };
    expect(parseFrame(frames.neighborSolicitation(question))).toEqual({
      kind: 'neighbor-solicitation',
      sourceMac: macA,
      destinationMac: '33:33:ff:12:34:56',
      sourceIp: 'fe80::1',
      targetIp: '2001:db8::12:3456',
      linkLayerAddress: macA,
    });
    const direct = frames.neighborSolicitation({ ...question, targetMac: macB });
    expect(parseFrame(direct)).toMatchObject({ destinationMac: macB });
    expect(formatIpv6(direct, 38)).toBe('2001:db8::12:3456');
  });
});

describe('parseFrame', () => {
  it('never throws, whatever it is given', () => {
    const seeds = [
      frames.arpRequest({ senderMac: macA, senderIp: '10.0.0.1', targetIp: '10.0.0.2' }),
      frames.unsolicitedNeighborAdvertisement({ mac: macA, ip: 'fe80::1' }),
      frames.icmpEchoRequest({
        sourceMac: macA,
        destinationMac: macB,
        sourceIp: '10.0.0.1',
        destinationIp: '10.0.0.2',
        identifier: 1,
        sequence: 1,
      }),
    ];
    for (const seed of seeds) for (let cut = 0; cut < seed.length; cut += 1) parseFrame(seed.subarray(0, cut));
    fc.assert(
      fc.property(fc.constantFrom(...seeds), fc.nat(80), fc.nat(255), (seed, at, value) => {
        const frame = Buffer.from(seed);
        if (at < frame.length) frame[at] = value;
        expect(parseFrame(frame).kind).toBeTypeOf('string');
      }),
    );
  });

  it('names what it does not know by its type', () => {
    expect(parseFrame(Buffer.from(`${'00'.repeat(12)}88cc0000`, 'hex'))).toMatchObject({
      kind: 'other',
      etherType: 0x88cc,
    });
  });
});
