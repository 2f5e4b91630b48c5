import { type FlowTuple, ipProtocols, type TcpState, type TrackedFlow } from './tracked-flow.ts';

/**
 * The connections of `ovs-appctl dpctl/dump-conntrack zone=N` (ovs-dpctl(8)); lines of other kinds are left out. The text does not say
 * whether an answer was seen: whatever is listed counts as answered.
 */
export function parseConntrackDump(text: string): readonly TrackedFlow[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

const line = /^(\w+),orig=\(([^)]*)\),reply=\(([^)]*)\)(.*)$/;

function parseLine(text: string): TrackedFlow | undefined {
  const [, name = '', orig = '', back = '', rest = ''] = line.exec(text) ?? [];
  const protocol = protocolNumbers.get(name);
  const original = parseTuple(orig);
  const reply = parseTuple(back);
  if (protocol === undefined || original === undefined || reply === undefined) return undefined;
  const state = /protoinfo=\(state(?:_orig)?=(\w+)/.exec(rest)?.[1];
  const tcpState = protocol === ipProtocols.tcp ? (tcpStates.get(state ?? '') ?? 'none') : undefined;
  return {
    family: original.src.includes(':') ? 6 : 4,
    protocol,
    original,
    reply,
    zone: Number(/,zone=(\d+)/.exec(rest)?.[1] ?? 0),
    mark: Number(/,mark=(\d+)/.exec(rest)?.[1] ?? 0),
    timeoutS: Number(/,timeout=(\d+)/.exec(rest)?.[1] ?? 0),
    seenReply: true,
    assured: true,
    translated: false,
    expected: false,
    ...(tcpState === undefined ? {} : { tcpState }),
  };
}

const protocolNumbers: ReadonlyMap<string, number> = new Map(Object.entries(ipProtocols));

/** Open vSwitch's names (lib/ct-dpif.h) in the kernel's words. */
const tcpStates: ReadonlyMap<string, TcpState> = new Map([
  ['SYN_SENT', 'syn-sent'],
  ['SYN_RECV', 'syn-recv'],
  ['ESTABLISHED', 'established'],
  ['FIN_WAIT_1', 'fin-wait'],
  ['FIN_WAIT_2', 'fin-wait'],
  ['CLOSE_WAIT', 'close-wait'],
  ['CLOSING', 'fin-wait'],
  ['LAST_ACK', 'last-ack'],
  ['TIME_WAIT', 'time-wait'],
  ['CLOSED', 'close'],
]);

function parseTuple(text: string): FlowTuple | undefined {
  const fields = new Map(
    text.split(',').map((pair): [string, string] => [pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1)]),
  );
  const [src, dst] = [fields.get('src'), fields.get('dst')];
  if (src === undefined || dst === undefined) return undefined;
  const number = (key: string): number => Number(fields.get(key) ?? 0);
  if (fields.has('sport')) return { src, dst, ports: { src: number('sport'), dst: number('dport') } };
  if (fields.has('type')) return { src, dst, icmp: { type: number('type'), code: number('code'), id: number('id') } };
  return { src, dst };
}
