import { describe, expect, it } from 'vitest';
import { covers, parseFlows } from '../../../agent/cutover/datapath-flow.ts';
import { narrowingRules, survives } from '../../../agent/cutover/narrowed-flows.ts';
import { type GuestPlace, narrowingFor, staleFlows, tangledFlows } from '../../../agent/cutover/overlapping-flows.ts';

/** As Open vSwitch 3.1.0 prints them; two thirds of what is wildcarded left out. */
const line = (ufid: string, key: string, actions: string) =>
  `ufid:${ufid}, skb_priority(0/0),ct_state(0/0x3f),ct_label(0/0),recirc_id(0),in_port(eth2),packet_type(ns=0,id=0),${key}, packets:92, bytes:9016, used:0.011s, dp:ovs, actions:${actions}, dp-extra-info:miniflow_bits(5,1)`;
const eth = 'eth(src=fa:16:3e:02:00:01,dst=fa:16:3e:01:00:01)';
const ipv4 = (proto: string) =>
  `eth_type(0x0800),ipv4(src=10.0.0.2/0.0.0.0,dst=10.0.0.1/0.0.0.0,proto=${proto},tos=0/0,ttl=64/0,frag=no)`;
const leg = 'leg53a500ad-5e';
const echo = line('0b848b0a', `${eth},${ipv4('1')},icmp(type=8/0,code=0/0)`, leg);
const wide = line('7b174ec7', `${eth},${ipv4('17/0')},udp(src=41943/0,dst=25885/0)`, leg);
const target = line('5ead68f9', `${eth},${ipv4('1')},icmp(type=8/0,code=0/0)`, 'ct(zone=3),recirc(0x3)');
const place = (side: GuestPlace['side']): GuestPlace => ({
  mac: 'fa:16:3e:01:00:01',
  bridge: 'br-ex',
  tag: undefined,
  side,
  leg,
  others: new Set(['eth2', 'br-ex']),
});
const ids = (flows: readonly { readonly ufid: string }[]) => flows.map(({ ufid }) => ufid);

describe('a flow of a datapath, as it is printed', () => {
  it('matches by what has a mask that is not nothing, and by what has none', () => {
    const [flow] = parseFlows(echo);
    expect(Object.fromEntries(flow?.match ?? [])).toEqual({
      'ct_state': '0/0x3f',
      'recirc_id': '0',
      'in_port': 'eth2',
      'packet_type.ns': '0',
      'packet_type.id': '0',
      'eth.src': 'fa:16:3e:02:00:01',
      'eth.dst': 'fa:16:3e:01:00:01',
      'eth_type': '0x0800',
      'ipv4.proto': '1',
      'ipv4.frag': 'no',
      'thread': '',
    });
    expect(flow?.actions).toBe(leg);
  });

  it('tells what is inside a VLAN tag', () => {
    const key = `${eth},eth_type(0x8100),vlan(vid=100,pcp=0/0x0),encap(${ipv4('1')})`;
    const [flow] = parseFlows(line('1', key, 'pop_vlan,1'));
    expect(flow?.match.get('vlan.vid')).toBe('100');
    expect(flow?.match.has('vlan.pcp')).toBe(false);
    expect(flow?.match.get('encap.ipv4.proto')).toBe('1');
  });

  it('is nothing where the line is of another kind', () => {
    expect(parseFlows('flow-dump from the main thread:\n\nufid:1, recirc_id(0)')).toEqual([]);
  });

  it('covers another when it asks for nothing that the other does not ask for', () => {
    const [narrow, broad] = parseFlows(`${echo}\n${wide}`);
    if (narrow === undefined || broad === undefined) throw new Error('two flows were printed');
    expect([covers(broad, narrow), covers(narrow, broad)]).toEqual([true, false]);
  });
});

describe('flows of a guest that overlap', () => {
  it('are the narrow ones, where a wide one takes their frames too', () => {
    expect(ids(tangledFlows(parseFlows(`${echo}\n${wide}`), place('legacy')))).toEqual(['ufid:0b848b0a']);
  });

  it('are none where each takes other frames, or another guest has the wide one', () => {
    expect(tangledFlows(parseFlows(echo), place('legacy'))).toEqual([]);
    const others = wide.replace('dst=fa:16:3e:01:00:01', 'dst=fa:16:3e:01:00:02');
    expect(tangledFlows(parseFlows(`${echo}\n${others}`), place('legacy'))).toEqual([]);
  });

  it('are none of two threads, each of which has flows of its own', () => {
    const dump = `flow-dump from pmd on cpu core: 1\n${echo}\nflow-dump from pmd on cpu core: 3\n${wide}`;
    expect(tangledFlows(parseFlows(dump), place('legacy'))).toEqual([]);
  });

  it('are one of two alike: never both, never none', () => {
    const twin = echo.replace('0b848b0a', '1b848b0a');
    expect(tangledFlows(parseFlows(`${echo}\n${twin}`), place('legacy'))).toHaveLength(1);
  });
});

describe('flows that lead astray', () => {
  it('lead to the legacy leg after a flip, or drop what comes from there', () => {
    expect(ids(staleFlows(parseFlows(`${echo}\n${target}`), place('target')))).toEqual(['ufid:0b848b0a']);
    const dropped = line('9', `${eth},${ipv4('1')}`, 'drop').replace('in_port(eth2)', `in_port(${leg})`);
    expect(ids(staleFlows(parseFlows(dropped), place('target')))).toEqual(['ufid:9']);
  });

  it('lead anywhere else after a flip back', () => {
    expect(ids(staleFlows(parseFlows(`${echo}\n${target}`), place('legacy')))).toEqual(['ufid:5ead68f9']);
  });

  it('may come in by the leg with no tag, or another than the wire has', () => {
    const dropped = line('9a', `${eth},${ipv4('1')}`, 'drop').replace('in_port(eth2)', `in_port(${leg})`);
    expect(ids(staleFlows(parseFlows(dropped), { ...place('target'), tag: 100 }))).toEqual(['ufid:9a']);
  });

  it('are none of another VLAN, of a later stage, or from a port of another bridge', () => {
    const later = target.replace('recirc_id(0)', 'recirc_id(0x3)');
    const inside = target.replace('in_port(eth2)', 'in_port(tap1)');
    expect(staleFlows(parseFlows(`${later}\n${inside}`), place('legacy'))).toEqual([]);
    expect(staleFlows(parseFlows(target), { ...place('legacy'), tag: 100 })).toEqual([]);
  });
});

describe("what makes one guest's flows anew", () => {
  const narrowed = (flow: string, tos: string) => flow.replace('tos=0/0', `tos=${tos}`);
  const one = (text: string) => {
    const [flow] = parseFlows(text);
    if (flow === undefined) throw new Error('a flow was printed');
    return flow;
  };

  it('is a field that none of its flows matches by', () => {
    expect(narrowingFor(parseFlows(`${echo}\n${wide}`), place('legacy'), tangledFlows)).toBe('first');
    const before = `${narrowed(echo, '0/0xfc')}\n${narrowed(wide, '0/0xfc')}`;
    expect(narrowingFor(parseFlows(before), place('legacy'), tangledFlows)).toBe('second');
  });

  it('leaves those which match by it, where the wide ones do not', () => {
    const before = `${narrowed(echo, '0/0xfc')}\n${wide}`;
    expect(narrowingFor(parseFlows(before), place('legacy'), tangledFlows)).toBe('first');
  });

  it('is nothing where they match by both', () => {
    const both = `${narrowed(echo, '0')}\n${narrowed(wide, '0')}`;
    expect(narrowingFor(parseFlows(both), place('legacy'), tangledFlows)).toBeUndefined();
    expect(narrowingFor(parseFlows(narrowed(target, '0')), place('legacy'), staleFlows)).toBeUndefined();
  });

  it.each([
    ['IPv4', `${eth},eth_type(0x0800),ipv4(src=10.0.0.2/0.0.0.0,proto=6,TOS)`, 'tos=0/0xfc', 'tos=0/0x3'],
    ['IPv6', `${eth},eth_type(0x86dd),ipv6(src=::/::,proto=58,TOS)`, 'tclass=0/0xfc', 'tclass=0/0x3'],
    ['ARP', `${eth},eth_type(0x0806),arp(op=1,TOS)`, `sha=${place('legacy').mac}`, `tha=${place('legacy').mac}`],
  ])('is told by the flows of %s, in a VLAN and out of it', (_, key, first, second) => {
    for (const [within, without] of [
      ['', ''],
      ['eth_type(0x8100),vlan(vid=100),encap(', ')'],
    ] as const) {
      const flow = (field: string) => {
        const [ethernet = '', rest = ''] = key.replace('TOS', field).split(/,(?=eth_type)/);
        return one(line('1', `${ethernet},${within}${rest}${without}`, leg));
      };
      expect([survives(flow(first), 'first'), survives(flow(first), 'second')]).toEqual([true, false]);
      expect([survives(flow(second), 'first'), survives(flow(second), 'second')]).toEqual([false, true]);
    }
  });

  it('goes by itself, if nobody takes it away', () => {
    for (const rule of narrowingRules('fa:16:3e:01:00:01', 'first')) expect(rule.hardTimeoutS).toBeGreaterThan(0);
  });
});
