import { describe, expect, it } from 'vitest';
import {
  attributeText,
  attributeU32,
  decodeAttributes,
  decodeError,
  decodeMessages,
  encodeMessage,
} from '../../../platform/native/netlink-codec.ts';
import { encodeOperation, type NetlinkOperation } from '../../../platform/native/netlink-operations.ts';

const context = { ifindexOf: (ref: number | string) => (typeof ref === 'number' ? ref : 42), openNetns: () => 9 };
const encoded = (operation: NetlinkOperation) => {
  const { type, flags, body } = encodeOperation(operation, context);
  return { type, flags, body: body.toString('hex') };
};

describe('netlink messages', () => {
  it('are cut from a datagram with their padding', () => {
    const datagram = Buffer.concat([
      encodeMessage(16, 1, 7, Buffer.from('abcde')),
      encodeMessage(17, 2, 8, Buffer.alloc(0)),
    ]);
    expect(datagram.length).toBe(24 + 16);
    expect(decodeMessages(datagram).map((m) => [m.type, m.flags, m.sequence, m.body.toString()])).toEqual([
      [16, 1, 7, 'abcde'],
      [17, 2, 8, ''],
    ]);
    expect(decodeMessages(datagram.subarray(0, 30))).toHaveLength(1);
  });

  it('carry attributes, padded, found by type without its flags', () => {
    const attributes = decodeAttributes(Buffer.concat([attributeText(0x8003, 'tap1'), attributeU32(4, 1500)]), 0);
    expect(attributes.get(3)?.toString()).toBe('tap1\0');
    expect(attributes.get(4)?.readUInt32LE(0)).toBe(1500);
  });

  it('tell an error with the kernel’s own words', () => {
    const header = Buffer.alloc(20);
    header.writeInt32LE(-17, 0);
    const body = Buffer.concat([header, attributeText(1, 'exists already')]);
    expect(decodeError({ type: 2, flags: 0x300, sequence: 1, body })).toEqual({ errno: 17, message: 'exists already' });
    expect(decodeError({ type: 2, flags: 0x100, sequence: 1, body: header })).toEqual({ errno: 17, message: '' });
  });
});

// What `ip` and `bridge` send for the same command lines (strace -e sendmsg).
describe('operations', () => {
  it('link set tap master br', () => {
    expect(encoded({ kind: 'set-master', link: 5, master: 6 })).toEqual({
      type: 19,
      flags: 0x5,
      body: '00000000' + '05000000' + '00000000' + '00000000' + '08000a00' + '06000000',
    });
    expect(encoded({ kind: 'no-master', link: 5 }).body).toMatch(/08000a0000000000$/);
  });

  it('link set tap up, down', () => {
    expect(encoded({ kind: 'set-up', link: 5 }).body).toBe('00000000' + '05000000' + '01000000' + '01000000');
    expect(encoded({ kind: 'set-down', link: 5 }).body).toBe('00000000' + '05000000' + '00000000' + '01000000');
  });

  it('fdb replace MAC dev tap master dynamic', () => {
    expect(encoded({ kind: 'fdb-replace', link: 5, mac: '52:54:00:00:00:01' })).toEqual({
      type: 28,
      flags: 0x505,
      body: '07000000' + '05000000' + '02000400' + '0a000200' + '525400000001' + '0000',
    });
    expect(encoded({ kind: 'fdb-append', link: 5, mac: '52:54:00:00:00:01', state: 'static' })).toMatchObject({
      flags: 0xc05,
      body: expect.stringContaining('42000400'),
    });
  });

  it('bridge link set dev b isolated on learning off', () => {
    expect(encoded({ kind: 'set-bridge-port', link: 5, isolated: true, learning: false })).toEqual({
      type: 19,
      flags: 0x5,
      body: '07000000' + '05000000' + '00000000' + '00000000' + '14000c80' + '0500080000000000' + '0500210001000000',
    });
  });
});
