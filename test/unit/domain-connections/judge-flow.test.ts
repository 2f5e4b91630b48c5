import { describe, expect, it } from 'vitest';
import { indexGuests, judgeFlow } from '../../../domain/connections/judge-flow.ts';
import { parseConntrackDump } from '../../../domain/connections/parse-dump.ts';
import { flowKey, type TcpState, type TrackedFlow, turned } from '../../../domain/connections/tracked-flow.ts';

const near = { tap: 'tap1', addresses: ['10.0.0.5', 'fd00::5'], zone: 4097 };
const other = { tap: 'tap2', addresses: ['10.0.0.6'], zone: 4097 };
const elsewhere = { tap: 'tap3', addresses: ['10.0.0.5'], zone: 4098 };
const guests = indexGuests([near, other, elsewhere]);

function tcp(src: string, dst: string, more: Partial<TrackedFlow> = {}): TrackedFlow {
  const original = { src, dst, ports: { src: 40_000, dst: 443 } };
  const reply = { src: dst, dst: src, ports: { src: 443, dst: 40_000 } };
  const flags = { seenReply: true, assured: true, translated: false, expected: false };
  return {
    family: 4,
    protocol: 6,
    original,
    reply,
    zone: 4097,
    mark: 0,
    timeoutS: 9,
    ...flags,
    tcpState: 'established',
    ...more,
  };
}

function echo(type: number): TrackedFlow {
  const icmp = { type, code: 0, id: 7 };
  const { tcpState: _, ...flow } = tcp('10.0.0.5', '8.8.8.8');
  return {
    ...flow,
    protocol: 1,
    original: { src: '10.0.0.5', dst: '8.8.8.8', icmp },
    reply: { src: '8.8.8.8', dst: '10.0.0.5', icmp },
  };
}

describe('which connections are copied', () => {
  it('copies one in its true direction, whoever of the two began it', () => {
    expect(judgeFlow(tcp('10.0.0.5', '8.8.8.8'), guests)).toMatchObject({
      seeds: [{ tap: 'tap1', guestOpened: true }],
    });
    expect(judgeFlow(tcp('8.8.8.8', '10.0.0.5'), guests)).toMatchObject({
      seeds: [{ tap: 'tap1', guestOpened: false }],
    });
  });

  it('does not bring back what OVN has ended, and reads no such thing in a mark of the legacy firewall', () => {
    const blocked = tcp('10.0.0.5', '8.8.8.8', { mark: 1 });
    expect(judgeFlow(blocked, guests, 'ovn')).toEqual({ kind: 'skip', why: 'closing' });
    expect(judgeFlow({ ...blocked, mark: 2 }, guests, 'ovn')).toMatchObject({ kind: 'seed' });
    expect(judgeFlow(blocked, guests)).toMatchObject({ kind: 'seed' });
  });

  it('copies one between two guests of this host into the zone of each', () => {
    expect(judgeFlow(tcp('10.0.0.6', '10.0.0.5'), guests)).toMatchObject({
      seeds: [
        { tap: 'tap2', guestOpened: true },
        { tap: 'tap1', guestOpened: false },
      ],
    });
  });

  it('tells guests of one address apart by their zones, and leaves strangers alone', () => {
    expect(judgeFlow(tcp('10.0.0.5', '8.8.8.8', { zone: 4098 }), guests)).toMatchObject({ seeds: [{ tap: 'tap3' }] });
    expect(judgeFlow(tcp('10.0.0.5', '8.8.8.8', { zone: 0 }), guests)).toEqual({ kind: 'foreign' });
    expect(judgeFlow(tcp('10.0.0.9', '8.8.8.8'), guests)).toEqual({ kind: 'foreign' });
  });

  it.each<[TcpState, string]>([
    ['none', 'opening'],
    ['syn-sent', 'opening'],
    ['syn-sent2', 'opening'],
    ['syn-recv', 'opening'],
    ['established', 'seed'],
    ['fin-wait', 'seed'],
    ['close-wait', 'seed'],
    ['last-ack', 'closing'],
    ['time-wait', 'closing'],
    ['close', 'closing'],
  ])('of TCP in %s it says %s', (tcpState, said) => {
    const verdict = judgeFlow(tcp('10.0.0.5', '8.8.8.8', { tcpState }), guests);
    expect(verdict.kind === 'skip' ? verdict.why : verdict.kind).toBe(said);
  });

  it('leaves out what is translated, and what is no echo, TCP or UDP', () => {
    const skip = (flow: TrackedFlow) => judgeFlow(flow, guests);
    expect(skip(tcp('10.0.0.5', '8.8.8.8', { translated: true }))).toEqual({ kind: 'skip', why: 'translated' });
    const masked = { ...tcp('10.0.0.5', '8.8.8.8').reply, dst: '192.0.2.1' };
    expect(skip(tcp('10.0.0.5', '8.8.8.8', { reply: masked }))).toEqual({ kind: 'skip', why: 'translated' });
    expect(skip({ ...tcp('10.0.0.5', '8.8.8.8'), protocol: 47 })).toEqual({ kind: 'skip', why: 'protocol' });
    expect(skip(echo(13))).toEqual({ kind: 'skip', why: 'protocol' });
    expect(skip(echo(8))).toMatchObject({ kind: 'seed' });
  });
});

describe("Open vSwitch's list of connections", () => {
  const text = [
    'tcp,orig=(src=10.0.0.5,dst=8.8.8.8,sport=40000,dport=443),reply=(src=8.8.8.8,dst=10.0.0.5,sport=443,dport=40000),zone=2,mark=3,protoinfo=(state=ESTABLISHED)',
    'tcp,orig=(src=10.0.0.5,dst=8.8.8.8,sport=4,dport=5),reply=(src=8.8.8.8,dst=10.0.0.5,sport=5,dport=4),id=0,zone=2,status=0,protoinfo=(state_orig=SYN_SENT,state_reply=CLOSED)',
    'udp,orig=(src=fd00::5,dst=fd00::6,sport=53,dport=54),reply=(src=fd00::6,dst=fd00::5,sport=54,dport=53),zone=2',
    'icmp,orig=(src=10.0.0.5,dst=10.0.0.6,id=9,type=8,code=0),reply=(src=10.0.0.6,dst=10.0.0.5,id=9,type=0,code=0),zone=2',
    'sctp,orig=(src=10.0.0.5,dst=10.0.0.6,sport=1,dport=2),reply=(src=10.0.0.6,dst=10.0.0.5,sport=2,dport=1)',
    'something else',
    '',
  ].join('\n');
  const flows = parseConntrackDump(text);

  it('is read line by line; what it does not know is left out', () => {
    expect(flows.map(({ protocol, tcpState }) => [protocol, tcpState])).toEqual([
      [6, 'established'],
      [6, 'syn-sent'],
      [17, undefined],
      [1, undefined],
    ]);
    expect(flows[0]).toMatchObject({ family: 4, zone: 2, mark: 3 });
    expect(flows[2]).toMatchObject({ family: 6, original: { src: 'fd00::5', ports: { src: 53, dst: 54 } } });
    expect(flows[3]?.original.icmp).toEqual({ type: 8, code: 0, id: 9 });
  });

  it('names a connection as the kernel does', () => {
    const [first] = flows;
    expect(first && flowKey(first)).toBe(flowKey(tcp('10.0.0.5', '8.8.8.8')));
    expect(first && flowKey(turned(first))).not.toBe(first && flowKey(first));
  });
});
