import { describe, expect, it } from 'vitest';
import { ConnectionsTold } from '../../../agent/connections/connections-told.ts';
import { furthest, withPace } from '../../../agent/connections/learn-numbers.ts';
import { seedFrames, type TcpNumbers } from '../../../agent/connections/seed-frames.ts';
import { emptyReport, seedReportText } from '../../../agent/connections/seed-report.ts';
import { parseZones } from '../../../agent/shunt/legacy-firewall.ts';
import type { TrackedFlow } from '../../../domain/connections/tracked-flow.ts';
import { internetChecksum } from '../../../platform/checksum.ts';
import { createLogger } from '../../../platform/log.ts';
import { parseTcp } from '../../../platform/segments.ts';

const flags = { seenReply: true, assured: true, translated: false, expected: false, zone: 1, mark: 0, timeoutS: 60 };
const flow: TrackedFlow = {
  family: 4,
  protocol: 6,
  original: { src: '10.0.0.5', dst: '8.8.8.8', ports: { src: 40_000, dst: 443 } },
  reply: { src: '8.8.8.8', dst: '10.0.0.5', ports: { src: 443, dst: 40_000 } },
  ...flags,
  tcpState: 'established',
};
const numbers = { guest: 1_000, far: 5_000 };
const headers = (guestOpened: boolean, of = flow, at: TcpNumbers = numbers) =>
  seedFrames({ tap: 't', flow: of, guestOpened }, at).map(({ frame, commit }) => {
    const { sequence, acknowledgment, flags: bits, sourcePort } = parseTcp(frame) ?? {};
    return [sourcePort, sequence, acknowledgment, bits, commit];
  });

describe('where a TCP connection stands', () => {
  const top = 0xffff_ff00;
  it('is the furthest that was heard, whatever is said again, round the end of the numbers too', () => {
    expect(furthest({ guest: 900, far: 5_010 }, { guest: 1_000, far: 5_000 })).toEqual({ guest: 1_000, far: 5_010 });
    expect(furthest({ guest: 16, far: top }, { guest: top, far: 16 })).toEqual({ guest: 16, far: 16 });
    expect(furthest('ended', { guest: 1, far: 1 })).toBe('ended');
  });

  it('of a stream is told with how far it may get, of everything else without', () => {
    const before = { guest: top, far: 5_000 };
    expect(withPace({ guest: 744, far: 5_000 }, before, 100)).toMatchObject({ ahead: { guest: 100_000, far: 0 } });
    expect(withPace({ guest: top + 36, far: 5_000 }, before, 100)).toEqual({ guest: top + 36, far: 5_000 });
    expect(withPace({ guest: top, far: 2 ** 30 }, before, 100)).toMatchObject({ ahead: { guest: 0, far: 2 ** 29 } });
    expect(withPace(before, undefined, 100)).toEqual(before);
  });

  it('counts what has arrived beyond a gap', () => {
    const segment = (options: readonly number[]) => {
      const frame = Buffer.alloc(54 + options.length);
      frame.writeUInt16BE(0x0800, 12);
      frame.writeUInt8(0x45, 14);
      frame.writeUInt16BE(40 + options.length, 16);
      frame.writeUInt8(6, 23);
      frame.writeUInt8(((20 + options.length) / 4) << 4, 46);
      Buffer.from(options).copy(frame, 54);
      return parseTcp(frame)?.selectivelyAcknowledged;
    };
    const block = (from: number, to: number) => [...be(from), ...be(to)];
    expect(segment([1, 1, 5, 18, ...block(100, 200), ...block(300, 400)])).toEqual([200, 400]);
    expect(segment([1, 1, 8, 10, ...block(1, 2), 0, 0, 0, 0])).toEqual([]);
    expect(segment([5, 200, 0, 0])).toEqual([]);
    expect(segment([5, 0, 0, 0])).toEqual([]);
  });
});

function be(number: number): readonly number[] {
  return [24, 16, 8, 0].map((bits) => (number >>> bits) & 0xff);
}

describe('what a connection tracker is shown', () => {
  it('is the handshake at the true numbers, from whoever began', () => {
    expect(headers(true)).toEqual([
      [40_000, 999, 0, 2, true],
      [443, 4_999, 1_000, 18, false],
      [40_000, 1_000, 5_000, 16, false],
      [443, 5_000, 1_000, 16, false],
    ]);
    const [first] = headers(false, { ...flow, original: flow.reply, reply: flow.original });
    expect(first).toEqual([443, 4_999, 0, 2, true]);
  });

  it('of a stream is also the last byte of what each end may have said by then', () => {
    const moving = (guest: number, far: number) => ({ ...numbers, ahead: { guest, far } });
    expect(headers(true, flow, moving(300, 7)).slice(4)).toEqual([
      [40_000, 1_299, 5_000, 16, false],
      [443, 5_006, 1_000, 16, false],
    ]);
    const opened = { ...flow, original: flow.reply, reply: flow.original };
    expect(headers(false, opened, moving(300, 0)).slice(4)).toEqual([[40_000, 1_299, 5_000, 16, false]]);
    expect(headers(true, flow, moving(0, 0))).toEqual(headers(true));
  });

  it('wraps sequence numbers round', () => {
    const [first] = seedFrames({ tap: 't', flow, guestOpened: true }, { guest: 0, far: 1 });
    expect(first && parseTcp(first.frame)?.sequence).toBe(0xffff_ffff);
  });

  it('has the checksums of TCP, UDP and echoes, over IPv4 and IPv6', () => {
    const six = { src: 'fd00::5', dst: 'fd00::6' };
    const icmp = { type: 128, code: 0, id: 3 };
    const flows: TrackedFlow[] = [
      flow,
      { ...flow, protocol: 17 },
      {
        ...flow,
        ...flags,
        protocol: 17,
        family: 6,
        original: { ...six, ports: { src: 1, dst: 2 } },
        reply: { src: 'fd00::6', dst: 'fd00::5' },
      },
      {
        ...flow,
        ...flags,
        protocol: 58,
        family: 6,
        original: { ...six, icmp },
        reply: { src: 'fd00::6', dst: 'fd00::5' },
      },
    ];
    for (const one of flows) {
      const moving = { ...numbers, ahead: { guest: 9, far: 9 } };
      for (const { frame } of seedFrames({ tap: 't', flow: one, guestOpened: true }, moving)) {
        const v4 = one.family === 4;
        const [addresses, message] = v4
          ? [frame.subarray(26, 34), frame.subarray(34)]
          : [frame.subarray(22, 54), frame.subarray(54)];
        const pseudo = Buffer.concat([
          addresses,
          Buffer.of(0, one.protocol, message.length >> 8, message.length & 0xff),
        ]);
        expect(internetChecksum(pseudo, message)).toBe(0);
        if (v4) expect(internetChecksum(frame.subarray(14, 34))).toBe(0);
      }
    }
  });

  it('is one frame where no answer was seen, and none of TCP without numbers', () => {
    expect(
      seedFrames({ tap: 't', flow: { ...flow, protocol: 17, seenReply: false }, guestOpened: true }, undefined),
    ).toHaveLength(1);
    expect(seedFrames({ tap: 't', flow, guestOpened: true }, undefined)).toEqual([]);
  });
});

describe("the legacy firewall's zone", () => {
  const rules = [
    '-A neutron-linuxbri-PREROUTING -m physdev --physdev-in brqaaa -m comment --comment "Set zone for x" -j CT --zone 4097',
    '-A neutron-linuxbri-PREROUTING -i brqaaa -m comment --comment "Set zone for x" -j CT --zone 4097',
    '-A neutron-linuxbri-PREROUTING -m physdev --physdev-in tapbbb -j CT --zone 4098',
  ].join('\n');

  it('is read from the raw table, by bridge or by tap', () => {
    expect([...parseZones(rules)]).toEqual([
      ['brqaaa', 4097],
      ['tapbbb', 4098],
    ]);
  });
});

describe('the report', () => {
  it('counts in words what was left out', () => {
    const report = { ...emptyReport(1), seeded: 3, tookMs: 12 };
    report.skipped.silent = 2;
    expect(seedReportText(report)).toBe(
      '3 connections copied, 2 left out (silent), 1 guests without a zone in OVN, in 12 ms',
    );
  });
});

describe('what is told of open connections', () => {
  const heard: unknown[] = [];
  const told = new ConnectionsTold({
    systemId: 'hv1',
    logger: createLogger({ name: 'told', level: 'fatal' }),
    reporter: { report: (kind, body) => heard.push([kind, body]) },
    onFinding: (finding, epoch) => heard.push([finding.kind, finding.severity, epoch]),
  });

  it('is reported, and a finding where some were left out', () => {
    told.tell({ text: '3 copied', left: 0 }, 4);
    const copied = { epoch: 4, step: 'seed-connections', text: '3 copied', left: 0 };
    expect(heard.splice(0)).toEqual([['step', copied]]);
    expect(told.standing(4)).toEqual([]);
    told.tell({ text: '1 left', left: 1 }, 4);
    told.tell({ text: '2 left', left: 2 }, 4);
    expect(heard).toHaveLength(4);
    expect(heard.at(-1)).toEqual(['connections-left', 'warning', 4]);
  });

  it('stands, all batches together, until another attempt is the newest', () => {
    expect(told.standing(4)).toMatchObject([{ kind: 'connections-left', message: expect.stringMatching(/^3 open/) }]);
    expect(told.standing(5)).toEqual([]);
    told.tell({ text: 'the switch does not answer' }, 6);
    expect(told.standing(6)).toMatchObject([{ message: expect.stringMatching(/^the switch/) }]);
  });
});
