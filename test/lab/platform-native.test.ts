import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patience } from '../../lab/patience.ts';
import { type Frame, parseFrame } from '../../platform/frame-parser.ts';
import * as frames from '../../platform/frames.ts';
import {
  arpFilter,
  arpFromMacFilter,
  arpOrIcmpFilter,
  arpReplyFilter,
  icmpFilter,
  neighborFilter,
} from '../../platform/native/bpf.ts';
import { type LinkEvent, LinkMonitor } from '../../platform/native/link-monitor.ts';
import { Netlink } from '../../platform/native/netlink.ts';
import { inNetns, warmThreadPool } from '../../platform/native/netns.ts';
import { nftGeneration } from '../../platform/native/nft-generation.ts';
import type { ReceivedFrame } from '../../platform/native/packet-receiver.ts';
import { PacketSocket, type PacketSocketOptions } from '../../platform/native/packet-socket.ts';
import { Poller } from '../../platform/native/poller.ts';
import { disableIpv6 } from '../../platform/native/sysctl.ts';
import type { ShuntError } from '../../platform/shunt-error.ts';

const home = `pf-n${process.pid}`;
const guest = `pf-g${process.pid}`;
const macA = '52:54:00:00:00:0a';
const macB = '52:54:00:00:00:0b';

beforeAll(async () => {
  await warmThreadPool();
  for (const name of [home, guest]) execFileSync('ip', ['netns', 'add', name]);
  inNetns(home, () => disableIpv6('default')); // no chatter of links beside what the tests send
});
afterAll(() => {
  for (const name of [home, guest]) execFileSync('ip', ['netns', 'del', name]);
});

/** Collects what a callback is given, and waits for what a test is after. */
class Seen<T> {
  readonly all: T[] = [];
  #look: () => void = () => undefined;

  readonly add = (item: T): void => {
    this.all.push(item);
    this.#look();
  };

  async until(wanted: (item: T) => boolean): Promise<T> {
    for (;;) {
      const found = this.all.find(wanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }
}

/** A pair that is up. A link is usable only once the kernel says so: until then it drops what is sent, without an error. */
async function veth(name: string, peer: string): Promise<Disposable & { readonly netlink: Netlink }> {
  const netlink = inNetns(home, () => Netlink.open());
  await using poller = Poller.open();
  const seen = new Seen<LinkEvent>();
  using _ = inNetns(home, () => LinkMonitor.open({ poller, onEvent: seen.add }));
  netlink.applyAll([
    { kind: 'create-veth', name, peer, mac: macA, peerMac: macB, mtu: 1400 },
    { kind: 'set-up', link: name },
    { kind: 'set-up', link: peer },
  ]);
  for (const end of [name, peer]) {
    await seen.until((event) => event.type === 'link' && event.link.name === end && event.link.operstate === 'up');
  }
  return {
    netlink,
    [Symbol.dispose]: () => {
      netlink.apply([{ kind: 'delete-link', link: name }]);
      netlink[Symbol.dispose]();
    },
  };
}

const openSocket = (options: PacketSocketOptions): PacketSocket => inNetns(home, () => PacketSocket.open(options));

describe('rtnetlink', () => {
  it('makes, moves and lists links, one result for each operation', () => {
    using netlink = inNetns(home, () => Netlink.open());
    const results = netlink.apply([
      { kind: 'create-bridge', name: 'pfbr', mac: 'fe:00:00:00:00:01', mtu: 1400 },
      { kind: 'create-veth', name: 'pfa', peer: 'pfb', mac: macA, peerMac: macB, mtu: 1400 },
      { kind: 'create-veth', name: 'pfa', peer: 'pfc' },
      { kind: 'set-master', link: 'pfa', master: 'pfbr' },
      { kind: 'set-up', link: 'no-such-link' },
      { kind: 'set-master', link: 'pfb', master: 99_999 },
      { kind: 'set-mtu', link: 'pfb', mtu: 1300 },
      { kind: 'set-mac', link: 'pfb', mac: 'fe:00:00:00:00:0b' },
      { kind: 'set-name', link: 'pfb', name: 'pfd' },
      { kind: 'set-up', link: 'pfd' },
    ]);
    expect(results.map((result) => (result.kind === 'done' ? 'done' : result.errno))).toEqual([
      'done',
      'done',
      'EEXIST',
      'done',
      'ENODEV',
      'EINVAL',
      'done',
      'done',
      'done',
      'done',
    ]);
    const bridge = netlink.link('pfbr');
    const a = netlink.link('pfa');
    const d = netlink.link('pfd');
    expect(bridge).toMatchObject({ kind: 'bridge', mac: 'fe:00:00:00:00:01', up: false });
    expect(a).toMatchObject({ kind: 'veth', slaveKind: 'bridge', mac: macA, mtu: 1400, master: bridge?.ifindex });
    expect(d).toMatchObject({
      mac: 'fe:00:00:00:00:0b',
      mtu: 1300,
      up: true,
      peerIfindex: a?.ifindex,
      master: undefined,
    });
    expect(
      netlink
        .links()
        .map((link) => link.name)
        .toSorted(),
    ).toEqual(['lo', 'pfa', 'pfbr', 'pfd']);
    expect(netlink.link('pfb')).toBeUndefined();
    expect(netlink.link('a-name-that-no-link-can-have')).toBeUndefined();
    netlink.applyAll([{ kind: 'no-master', link: 'pfa' }]);
    expect(netlink.link('pfa')?.master).toBeUndefined();
    netlink.applyAll(['pfa', 'pfbr'].map((link) => ({ kind: 'delete-link', link }) as const));
    expect(netlink.links().map((link) => link.name)).toEqual(['lo']);
    expect(() => netlink.applyAll([{ kind: 'set-up', link: 'pfa' }])).toThrow(/"pfa".*ENODEV/);
  });

  it('takes a batch longer than one send', () => {
    using netlink = inNetns(home, () => Netlink.open());
    const results = netlink.apply(
      Array.from({ length: 300 }, () => ({ kind: 'set-mtu', link: 'lo', mtu: 60_000 }) as const),
    );
    expect(results).toHaveLength(300);
    expect(results.every((result) => result.kind === 'done')).toBe(true);
  });

  it('puts a MAC behind a tap in the batch that gives it back to its bridge', async () => {
    using link = await veth('pfa', 'pfb');
    const { netlink } = link;
    netlink.applyAll([
      { kind: 'create-bridge', name: 'pfbr' },
      { kind: 'set-up', link: 'pfbr' },
      { kind: 'set-master', link: 'pfa', master: 'pfbr' },
      { kind: 'fdb-replace', link: 'pfa', mac: '52:54:00:00:00:99' },
      { kind: 'fdb-append', link: 'pfa', mac: '52:54:00:00:00:98', state: 'static' },
    ]);
    const tap = netlink.link('pfa')?.ifindex;
    const learnt = (): unknown[] =>
      netlink
        .fdb('pfbr')
        // A kernel with VLAN filtering keeps the same entry once more in the port's own VLAN.
        .filter((entry) => entry.mac.startsWith('52:54:00:00:00:9') && entry.vlan === undefined)
        .toSorted((a, b) => (a.mac < b.mac ? -1 : 1));
    expect(learnt()).toMatchObject([
      { mac: '52:54:00:00:00:98', ifindex: tap, state: 'static' },
      { mac: '52:54:00:00:00:99', ifindex: tap, state: 'reachable', sticky: false },
    ]);
    netlink.applyAll([{ kind: 'fdb-delete', link: 'pfa', mac: '52:54:00:00:00:99' }]);
    expect(learnt()).toHaveLength(1);
    netlink.applyAll([
      { kind: 'set-bridge-port', link: 'pfa', isolated: true, learning: false, flood: false },
      { kind: 'delete-link', link: 'pfbr' },
    ]);
  });

  it('moves a link to another namespace', async () => {
    using link = await veth('pfa', 'pfb');
    link.netlink.applyAll([{ kind: 'move-to-netns', link: 'pfb', netnsPath: `/run/netns/${guest}` }]);
    using there = inNetns(guest, () => Netlink.open());
    expect(there.link('pfb')).toMatchObject({ mac: macB });
    expect(link.netlink.link('pfb')).toBeUndefined();
    expect(link.netlink.link('pfa')?.peerNetnsId).toBeTypeOf('number');
  });
});

describe('LinkMonitor', () => {
  it('tells a tap’s coming, its bridge, its leaving it and its end; leaving a bridge is no end', async () => {
    await using poller = Poller.open();
    const seen = new Seen<LinkEvent>();
    using _ = inNetns(home, () => LinkMonitor.open({ poller, onEvent: seen.add, fdb: true }));
    {
      using link = await veth('pfa', 'pfb');
      const { netlink } = link;
      netlink.applyAll([{ kind: 'create-bridge', name: 'pfbr' }]);
      const bridge = netlink.link('pfbr')?.ifindex;
      netlink.applyAll([
        { kind: 'set-master', link: 'pfa', master: 'pfbr' },
        { kind: 'fdb-replace', link: 'pfa', mac: macB, state: 'static' },
      ]);
      await seen.until((event) => event.type === 'link' && event.link.name === 'pfa' && event.link.master === bridge);
      await seen.until((event) => event.type === 'fdb' && event.entry.mac === macB && event.entry.master === bridge);
      seen.all.length = 0;
      netlink.applyAll([{ kind: 'set-bridge-port', link: 'pfa', flood: false }]);
      await seen.until((event) => event.type === 'member' && event.name === 'pfa');
      seen.all.length = 0;
      netlink.applyAll([{ kind: 'no-master', link: 'pfa' }]);
      await seen.until(
        (event) => event.type === 'link' && event.link.name === 'pfa' && event.link.master === undefined,
      );
      expect(seen.all.filter((event) => event.type === 'link-removed')).toEqual([]);
      netlink.applyAll([{ kind: 'delete-link', link: 'pfbr' }]);
      await seen.until((event) => event.type === 'link-removed' && event.name === 'pfbr');
    }
    await seen.until((event) => event.type === 'link-removed' && event.name === 'pfa');
  });
});

describe('LinkMonitor that was not listened to for long', () => {
  it('says that events were lost, and goes on', async () => {
    using link = await veth('pfa', 'pfb');
    await using poller = Poller.open();
    const seen = new Seen<LinkEvent>();
    using _ = inNetns(home, () => LinkMonitor.open({ poller, onEvent: seen.add }));
    // The event loop does not turn meanwhile.
    for (let round = 0; round < 100; round += 1) {
      const sizes = Array.from({ length: 100 }, (_, index) => 1300 + (index % 2));
      link.netlink.applyAll(sizes.map((mtu) => ({ kind: 'set-mtu', link: 'pfb', mtu }) as const));
    }
    await seen.until((event) => event.type === 'overrun');
    link.netlink.applyAll([{ kind: 'set-mtu', link: 'pfb', mtu: 999 }]);
    await seen.until((event) => event.type === 'link' && event.link.mtu === 999);
  });
});

describe('PacketSocket', () => {
  it('delivers what its filter lets through, and not what this side sends', async () => {
    using _ = await veth('pfa', 'pfb');
    await using poller = Poller.open();
    const kinds = async (filter: PacketSocketOptions['filter']): Promise<readonly string[]> => {
      const seen = new Seen<ReceivedFrame>();
      using receiver = openSocket({ interface: 'pfb', poller, onFrame: seen.add, ...(filter ? { filter } : {}) });
      using sender = openSocket({ interface: 'pfa' });
      receiver.send(frames.gratuitousArp({ mac: macB, ip: '10.9.0.9' }));
      for (const frame of sampleFrames()) sender.send(frame);
      sender.send(frames.arpReply({ senderMac: macA, senderIp: '10.9.0.255', targetMac: macB, targetIp: '10.9.0.2' }));
      sender.send(last());
      await seen.until(isLast);
      expect(receiver.dropped).toBe(0);
      return seen.all.filter((frame) => !isLast(frame)).map(kindOf);
    };
    expect(await kinds(undefined)).toEqual(['arp request', 'icmp-echo', 'neighbor-solicitation', 'other', 'arp reply']);
    expect(await kinds(arpFilter)).toEqual(['arp request', 'arp reply']);
    expect(await kinds(arpReplyFilter)).toEqual(['arp reply']);
    expect(await kinds(arpOrIcmpFilter)).toEqual(['arp request', 'icmp-echo', 'arp reply']);
  });

  it.each([
    ['ICMP only', icmpFilter, 'icmp-echo'],
    ['neighbor discovery only', neighborFilter, 'neighbor-solicitation'],
    ['ARP of one MAC', arpFromMacFilter(macB), 'arp reply'],
  ])('filters for %s', async (_what, filter, expected) => {
    using _ = await veth('pfa', 'pfb');
    await using poller = Poller.open();
    const seen = new Seen<ReceivedFrame>();
    using receiver = openSocket({ interface: 'pfb', poller, onFrame: seen.add, filter });
    using sender = openSocket({ interface: 'pfa' });
    for (const frame of sampleFrames()) sender.send(frame);
    sender.send(frames.arpReply({ senderMac: macB, senderIp: '10.9.0.7', targetMac: macA, targetIp: '10.9.0.2' }));
    await seen.until((frame) => kindOf(frame) === expected);
    expect(seen.all.map(kindOf)).toEqual([expected]);
    expect(receiver.dropped).toBe(0);
  });

  it('says when a frame came, by the kernel’s clock and by ours', async () => {
    using _ = await veth('pfa', 'pfb');
    await using poller = Poller.open();
    for (const timestamps of ['kernel', 'receive'] as const) {
      const seen = new Seen<ReceivedFrame>();
      using _receiver = openSocket({ interface: 'pfb', poller, onFrame: seen.add, filter: arpFilter, timestamps });
      using sender = openSocket({ interface: 'pfa' });
      const before = process.hrtime.bigint();
      sender.send(frames.gratuitousArp({ mac: macA, ip: '10.9.0.1' }));
      const sent = process.hrtime.bigint();
      const { monotonicNs, packetType } = await seen.until(() => true);
      expect(packetType).toBe('broadcast');
      // A veth delivers inside of send(): the kernel's stamp lies within the call, up to what the two clocks are read apart.
      const slackNs = 1_000_000n * BigInt(patience);
      expect(monotonicNs).toBeGreaterThan(before - slackNs);
      if (timestamps === 'kernel') expect(monotonicNs).toBeLessThan(sent + slackNs);
      else expect(monotonicNs).toBeGreaterThanOrEqual(sent);
    }
  });

  it('tells that its interface went down, and goes on when it is up again', async () => {
    using link = await veth('pfa', 'pfb');
    await using poller = Poller.open();
    const seen = new Seen<ReceivedFrame>();
    const errors = new Seen<ShuntError>();
    using _receiver = openSocket({
      interface: 'pfb',
      poller,
      onFrame: seen.add,
      onError: errors.add,
      filter: arpFilter,
    });
    using sender = openSocket({ interface: 'pfa' });
    link.netlink.applyAll([{ kind: 'set-down', link: 'pfb' }]);
    expect((await errors.until(() => true)).detail).toMatchObject({ errno: 'ENETDOWN' });
    const links = new Seen<LinkEvent>();
    using _monitor = inNetns(home, () => LinkMonitor.open({ poller, onEvent: links.add }));
    link.netlink.applyAll([{ kind: 'set-up', link: 'pfb' }]);
    await links.until((event) => event.type === 'link' && event.link.name === 'pfa' && event.link.operstate === 'up');
    sender.send(frames.gratuitousArp({ mac: macA, ip: '10.9.0.1' }));
    await seen.until(() => true);
    link.netlink.applyAll([{ kind: 'set-down', link: 'pfa' }]);
    expect(() => sender.send(Buffer.alloc(60))).toThrow(expect.objectContaining({ code: 'native-failed' }));
  });

  it('is refused for an interface that is not there', () => {
    expect(() => openSocket({ interface: 'no-such-link' })).toThrow(expect.objectContaining({ code: 'native-failed' }));
  });
});

describe('frames, answered by a real kernel', () => {
  it('ARP, ping and neighbor solicitation', async () => {
    using link = await veth('pfa', 'pfb');
    await using poller = Poller.open();
    const inGuest = (...argv: string[]): unknown => execFileSync('ip', ['-n', guest, ...argv]);
    link.netlink.applyAll([{ kind: 'move-to-netns', link: 'pfb', netnsPath: `/run/netns/${guest}` }]);
    inGuest('addr', 'add', '10.9.0.2/24', 'dev', 'pfb');
    inGuest('addr', 'add', 'fd00::2/64', 'dev', 'pfb', 'nodad');
    const links = new Seen<LinkEvent>();
    using _ = inNetns(guest, () => LinkMonitor.open({ poller, onEvent: links.add }));
    inGuest('link', 'set', 'pfb', 'up');
    await links.until((event) => event.type === 'link' && event.link.name === 'pfb' && event.link.operstate === 'up');
    inGuest('neigh', 'add', '10.9.0.1', 'lladdr', macA, 'dev', 'pfb');
    const seen = new Seen<Frame>();
    using socket = openSocket({ interface: 'pfa', poller, onFrame: ({ data }) => seen.add(parseFrame(data)) });
    socket.send(frames.arpRequest({ senderMac: macA, senderIp: '10.9.0.1', targetIp: '10.9.0.2', targetMac: macB }));
    const reply = await seen.until((frame) => frame.kind === 'arp' && frame.operation === 'reply');
    expect(reply).toMatchObject({ senderMac: macB, senderIp: '10.9.0.2', targetMac: macA, targetIp: '10.9.0.1' });
    socket.send(frames.icmpEchoRequest({ ...echo, payload: Buffer.from('nonce-1') }));
    const pong = await seen.until((frame) => frame.kind === 'icmp-echo' && frame.type === 'reply');
    expect(pong).toMatchObject({ identifier: 77, sequence: 1, payload: Buffer.from('nonce-1'), sourceIp: '10.9.0.2' });
    socket.send(frames.neighborSolicitation({ sourceMac: macA, sourceIp: 'fd00::1', targetIp: 'fd00::2' }));
    const advertisement = await seen.until((frame) => frame.kind === 'neighbor-advertisement' && frame.solicited);
    expect(advertisement).toMatchObject({ targetIp: 'fd00::2', linkLayerAddress: macB });
    // The announcement of another MAC for an address that it knows: the kernel believes it (override).
    socket.send(frames.unsolicitedNeighborAdvertisement({ mac: '52:54:00:00:00:77', ip: 'fd00::1' }));
    socket.send(frames.icmpEchoRequest({ ...echo, sequence: 2 })); // in order: once answered, the other was processed
    await seen.until((frame) => frame.kind === 'icmp-echo' && frame.sequence === 2);
    expect(execFileSync('ip', ['-n', guest, 'neigh', 'show', 'fd00::1'], { encoding: 'utf8' })).toContain(
      '52:54:00:00:00:77',
    );
  });
});

describe('inNetns', () => {
  it('comes back to its own namespace, after a failure too', () => {
    const links = (): string => readFileSync('/proc/thread-self/net/dev', 'utf8');
    const before = links();
    inNetns(home, () => expect(links()).not.toBe(before));
    expect(() => inNetns(home, () => JSON.parse('{'))).toThrow(SyntaxError);
    expect(links()).toBe(before);
    expect(() => inNetns('no-such-namespace', () => 1)).toThrow(/no-such-namespace/);
    expect(existsSync(`/run/netns/${home}`)).toBe(true);
  });
});

const echo = {
  sourceMac: macA,
  destinationMac: macB,
  sourceIp: '10.9.0.1',
  destinationIp: '10.9.0.2',
  identifier: 77,
  sequence: 1,
};

describe('the packet filters of a network namespace', () => {
  const change = (...argv: readonly string[]) => execFileSync('ip', ['netns', 'exec', home, ...argv]);
  const now = () => inNetns(home, nftGeneration);

  it('tell that they were changed, by nft or by iptables, and not that they were looked at', () => {
    const first = now();
    expect(first).toBeTypeOf('number');
    change('nft', 'add', 'table', 'inet', 'pf');
    const second = now();
    expect(second).not.toBe(first);
    change('iptables', '-A', 'FORWARD', '-j', 'ACCEPT');
    const third = now();
    expect(third).not.toBe(second);
    change('iptables', '-S', 'FORWARD');
    change('ip6tables', '-S', 'FORWARD');
    change('nft', 'list', 'ruleset');
    expect(now()).toBe(third);
  });
});

/** An ARP request, a ping, a neighbor solicitation and LLDP, all from A. */
function sampleFrames(): readonly Buffer[] {
  return [
    frames.arpRequest({ senderMac: macA, senderIp: '10.9.0.1', targetIp: '10.9.0.2' }),
    frames.icmpEchoRequest(echo),
    frames.neighborSolicitation({ sourceMac: macA, sourceIp: 'fe80::a', targetIp: 'fe80::b' }),
    Buffer.from(`0180c200000e52540000000a88cc${'00'.repeat(46)}`, 'hex'),
  ];
}

function last(): Buffer {
  return frames.arpReply({ senderMac: macA, senderIp: '10.9.0.254', targetMac: macB, targetIp: '10.9.0.2' });
}

function isLast({ data }: ReceivedFrame): boolean {
  return data.equals(last());
}

function kindOf({ data }: ReceivedFrame): string {
  const frame = parseFrame(data);
  return frame.kind === 'arp' ? `arp ${frame.operation}` : frame.kind;
}
