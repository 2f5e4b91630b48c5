import { parseMac } from '../addresses.ts';

/** One instruction of classic BPF (bpf(4), Documentation/networking/filter.rst). */
export interface BpfInstruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const loadHalf = 0x28;
const loadByte = 0x30;
const loadWord = 0x20;
const jumpIfEqual = 0x15;
const returnConstant = 0x06;

const etherTypeOffset = 12;
const arpType = 0x0806;
const ipv4Type = 0x0800;
const ipv6Type = 0x86dd;
const wholeFrame = 0x40000;

/** ARP of any kind. */
export const arpFilter: readonly BpfInstruction[] = allOf([[loadHalf, etherTypeOffset, arpType]]);

/** ARP replies. */
export const arpReplyFilter: readonly BpfInstruction[] = allOf([
  [loadHalf, etherTypeOffset, arpType],
  [loadHalf, 20, 2],
]);

/** ICMP over IPv4, fragments too. */
export const icmpFilter: readonly BpfInstruction[] = allOf([
  [loadHalf, etherTypeOffset, ipv4Type],
  [loadByte, 23, 1],
]);

/** ICMPv6 without extension headers: neighbor discovery among it. */
export const neighborFilter: readonly BpfInstruction[] = allOf([
  [loadHalf, etherTypeOffset, ipv6Type],
  [loadByte, 20, 58],
]);

/** ARP, or ICMP over IPv4. */
export const arpOrIcmpFilter: readonly BpfInstruction[] = [
  { code: loadHalf, jt: 0, jf: 0, k: etherTypeOffset },
  { code: jumpIfEqual, jt: 3, jf: 0, k: arpType },
  { code: jumpIfEqual, jt: 0, jf: 3, k: ipv4Type },
  { code: loadByte, jt: 0, jf: 0, k: 23 },
  { code: jumpIfEqual, jt: 0, jf: 1, k: 1 },
  { code: returnConstant, jt: 0, jf: 0, k: wholeFrame },
  { code: returnConstant, jt: 0, jf: 0, k: 0 },
];

/** IGMP, or IPv6 with hop-by-hop options: MLD among it. */
export const groupFilter: readonly BpfInstruction[] = [
  { code: loadHalf, jt: 0, jf: 0, k: etherTypeOffset },
  { code: jumpIfEqual, jt: 0, jf: 2, k: ipv4Type },
  { code: loadByte, jt: 0, jf: 0, k: 23 },
  { code: jumpIfEqual, jt: 3, jf: 4, k: 2 },
  { code: jumpIfEqual, jt: 0, jf: 3, k: ipv6Type },
  { code: loadByte, jt: 0, jf: 0, k: 20 },
  { code: jumpIfEqual, jt: 0, jf: 1, k: 0 },
  { code: returnConstant, jt: 0, jf: 0, k: wholeFrame },
  { code: returnConstant, jt: 0, jf: 0, k: 0 },
];

/** ARP that this MAC sent (ethernet source). */
export function arpFromMacFilter(mac: string): readonly BpfInstruction[] {
  const bytes = parseMac(mac);
  return allOf([
    [loadHalf, etherTypeOffset, arpType],
    [loadWord, 6, bytes.readUInt32BE(0)],
    [loadHalf, 10, bytes.readUInt16BE(4)],
  ]);
}

type Test = readonly [load: number, offset: number, expected: number];

/** Accepts the whole frame when every test holds. */
function allOf(tests: readonly Test[]): readonly BpfInstruction[] {
  const program: BpfInstruction[] = [];
  tests.forEach(([load, offset, expected], index) => {
    const toReject = (tests.length - index - 1) * 2 + 1;
    program.push({ code: load, jt: 0, jf: 0, k: offset });
    program.push({ code: jumpIfEqual, jt: 0, jf: toReject, k: expected });
  });
  program.push({ code: returnConstant, jt: 0, jf: 0, k: wholeFrame });
  program.push({ code: returnConstant, jt: 0, jf: 0, k: 0 });
  return program;
}

/** struct sock_filter[], as the kernel wants it. */
export function encodeBpf(program: readonly BpfInstruction[]): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(program.length * 8)); // outside of V8's heap: its address is handed on
  program.forEach((instruction, index) => {
    bytes.writeUInt16LE(instruction.code, index * 8);
    bytes.writeUInt8(instruction.jt, index * 8 + 2);
    bytes.writeUInt8(instruction.jf, index * 8 + 3);
    bytes.writeUInt32LE(instruction.k, index * 8 + 4);
  });
  return bytes;
}
