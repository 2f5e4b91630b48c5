import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageFramer, type RawMessage } from '../../../openflow/framing.ts';
import { decodeMatch, encodeMatch, type Match } from '../../../openflow/match.ts';
import * as messages from '../../../openflow/messages.ts';
import { OpenFlowError } from '../../../openflow/openflow-error.ts';

const hex = (bytes: Buffer): string => bytes.toString('hex');

describe('framing', () => {
  it('finds the same messages however the stream is split', () => {
    const stream = Buffer.concat([
      messages.encodeHello(1),
      messages.encodeBarrier(2),
      messages.encodeEcho('request', 3, Buffer.alloc(3000, 7)),
      messages.encodeBarrier(4),
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 40 }), (cuts) => {
        const framer = new MessageFramer();
        const found: RawMessage[] = [];
        let start = 0;
        for (const cut of [...cuts.toSorted((a, b) => a - b), stream.length]) {
          found.push(...framer.push(stream.subarray(start, cut)));
          start = cut;
        }
        expect(found.map(({ type, xid, body }) => [type, xid, body.length])).toEqual([
          [0, 1, 8],
          [20, 2, 0],
          [2, 3, 3000],
          [20, 4, 0],
        ]);
      }),
    );
    const bytewise = new MessageFramer();
    expect([...stream].flatMap((byte) => bytewise.push(Buffer.of(byte)))).toHaveLength(4);
  });

  it('refuses a length that no message has', () => {
    expect(() => new MessageFramer().push(Buffer.from('0400000700000001', 'hex'))).toThrow(OpenFlowError);
  });
});

// Bytes as `ovs-ofctl -O OpenFlow13 -vvconn …` and `ofp-print` know them; the lab test asks a real switch.
describe('messages have the bytes of OpenFlow 1.3', () => {
  it('HELLO', () => {
    expect(hex(messages.encodeHello(1))).toBe('04000010000000010001000800000010');
  });

  it('SET_CONFIG with whole frames', () => {
    expect(hex(messages.encodeSetConfig(2))).toBe('0409000c000000020000ffff');
  });

  it('PACKET_OUT through the tables', () => {
    const message = messages.encodePacketOut(3, {
      inPort: 7,
      actions: [{ output: 'TABLE' }],
      data: Buffer.from('abcd'),
    });
    expect(hex(message)).toBe(
      '040d002c00000003' +
        'ffffffff' +
        '00000007' +
        '0010000000000000' +
        '00000010fffffff90000000000000000' +
        '61626364',
    );
  });

  it('PACKET_OUT that shows a frame to the connection tracker, as ovs-ofctl writes it', () => {
    const actions = [{ ct: { zone: 2, commit: true } }, { ct: { zone: 65_535 } }] as const;
    const message = messages.encodePacketOut(3, { inPort: 'CONTROLLER', actions, data: Buffer.from('abcd') });
    expect(hex(message)).toBe(
      '040d004c00000003' +
        'ffffffff' +
        'fffffffd' +
        '0030000000000000' +
        'ffff0018000023200023000100000000' +
        '0002ff0000000000' +
        'ffff0018000023200023000000000000' +
        'ffffff0000000000' +
        '61626364',
    );
    const packet = (zone: number) => ({ inPort: 7, actions: [{ ct: { zone } }], data: Buffer.alloc(0) });
    for (const zone of [0, -1, 65_536, 1.5]) {
      expect(() => messages.encodePacketOut(3, packet(zone))).toThrow(OpenFlowError);
    }
  });

  it('FLOW_MOD that drops', () => {
    const message = messages.encodeAddFlow(4, {
      cookie: 0x5348554e54n,
      priority: 200,
      match: { inPort: 7, ethSrc: '52:54:00:00:00:01' },
      actions: [],
    });
    expect(hex(message)).toBe(
      '040e004800000004' + // header
        '0000005348554e54' + // cookie
        '0000000000000000' + // mask
        '00000000000000c8' + // table, add, timeouts, priority
        'ffffffffffffffffffffffff' + // buffer, port, group
        '00000000' + // flags
        '00010016' + // match
        '8000000400000007' +
        '80000806525400000001' +
        '0000',
    );
  });

  it('FLOW_MOD that deletes by cookie', () => {
    expect(hex(messages.encodeDeleteFlows(5, { cookie: 1n }))).toBe(
      '040e003800000005' +
        '0000000000000001' +
        'ffffffffffffffff' +
        'ff03000000000000' +
        'f'.repeat(24) +
        '00000000' +
        '0001000400000000',
    );
  });
});

describe('match', () => {
  it('comes back as it was', () => {
    const ip = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((parts) => parts.join('.'));
    const mac = fc
      .uint8Array({ minLength: 6, maxLength: 6 })
      .map((b) => Buffer.from(b).toString('hex').match(/../g)?.join(':') ?? '');
    const match: fc.Arbitrary<Match> = fc.record(
      {
        inPort: fc.integer({ min: 1, max: 65_000 }),
        ethSrc: mac,
        ethDst: mac,
        ethType: fc.nat(65_535),
        vlanId: fc.oneof(fc.constant('none' as const), fc.nat(4095)),
        arpOp: fc.nat(2),
        arpSpa: ip,
        arpTpa: ip,
        arpSha: mac,
        arpTha: mac,
        ipDscp: fc.nat(63),
        ipEcn: fc.nat(3),
        ipProto: fc.nat(255),
        ipv4Src: ip,
        ipv4Dst: ip,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(match, (written) => {
        const bytes = encodeMatch(written);
        expect(bytes.length % 8).toBe(0);
        expect(decodeMatch(bytes, 0)).toEqual({ match: { ...written }, paddedLength: bytes.length });
      }),
    );
  });

  it('refuses addresses that are none, and ports that OVS has not opened', () => {
    expect(() => encodeMatch({ ethSrc: 'x' })).toThrow(OpenFlowError);
    expect(() => encodeMatch({ ipv4Src: '10.0.0' })).toThrow(OpenFlowError);
    expect(() => encodeMatch({ inPort: -1 })).toThrow(OpenFlowError);
  });
});

describe('answers', () => {
  it('HELLO allows 1.3 by bitmap, else by version', () => {
    const hello = (version: number, body: string): RawMessage => ({
      version,
      type: 0,
      xid: 1,
      body: Buffer.from(body, 'hex'),
    });
    expect(messages.helloAllows13(hello(6, '000100080000007e'))).toBe(true);
    expect(messages.helloAllows13(hello(6, '0001000800000040'))).toBe(false);
    expect(messages.helloAllows13(hello(4, ''))).toBe(true);
    expect(messages.helloAllows13(hello(1, ''))).toBe(false);
  });

  it('PACKET_IN', () => {
    const match = encodeMatch({ inPort: 9 });
    const body = Buffer.concat([
      Buffer.from('ffffffff0004010500000000000000aa', 'hex'),
      match,
      Buffer.from('0000deadbeef', 'hex'),
    ]);
    expect(messages.decodePacketIn(body)).toEqual({
      inPort: 9,
      table: 5,
      cookie: 0xaan,
      reason: 'action',
      data: Buffer.from('deadbeef', 'hex'),
    });
  });

  it('ERROR', () => {
    const body = Buffer.from('00040006', 'hex');
    expect(messages.decodeRefusal({ version: 4, type: 1, xid: 3, body })).toEqual({
      type: 4,
      code: 6,
      name: 'bad-match',
      xid: 3,
    });
  });
});
