import { describe, expect, it } from 'vitest';
import { PingRecord, reportOf } from '../../../lab/ping-record.ts';

const ms = 1e6;
const always = { fromNs: 0, toNs: 1e12 };

/** Ten requests, 10 ms apart; those named are lost. */
function recordWithout(lost: readonly number[], id = 'g'): PingRecord {
  const record = new PingRecord({ id, ip: '10.0.0.1', hz: 100 });
  for (let seq = 0; seq < 10; seq += 1) {
    record.sent((seq + 1) * 10 * ms);
    if (!lost.includes(seq)) record.received(seq, (seq + 1) * 10 * ms + ms);
  }
  return record;
}

describe('a record of echo requests', () => {
  it('finds no loss where all were answered', () => {
    expect(recordWithout([]).report(always)).toMatchObject({
      sent: 10,
      received: 10,
      lost: 0,
      longestLostMs: 0,
      lostRuns: [],
    });
  });

  it('measures a run from its first lost request to the next answered one', () => {
    const report = recordWithout([2, 3, 4, 7]).report(always);
    expect(report.lostRuns).toEqual([
      { firstSeq: 2, count: 3, fromNs: 30 * ms, toNs: 50 * ms, ms: 30 },
      { firstSeq: 7, count: 1, fromNs: 80 * ms, toNs: 80 * ms, ms: 10 },
    ]);
    expect(report.longestLostMs).toBe(30);
  });

  it('counts a run that never ends one period past its last request', () => {
    expect(recordWithout([8, 9]).report(always).longestLostMs).toBe(20);
  });

  it('looks only at what was sent within the window', () => {
    expect(recordWithout([2, 3, 7]).report({ fromNs: 60 * ms, toNs: 90 * ms })).toMatchObject({ sent: 4, lost: 1 });
  });

  it('takes a late or reordered answer as an answer, and a second one as a duplicate', () => {
    const record = recordWithout([4]);
    record.received(4, 900 * ms);
    record.received(4, 901 * ms);
    expect(record.report(always)).toMatchObject({ lost: 0, duplicates: 1, rttMs: { max: 850 } });
  });

  it('does not believe in answers to what was never sent', () => {
    const record = recordWithout([]);
    record.received(10, 5 * ms);
    expect(record.report(always)).toMatchObject({ received: 10, duplicates: 0 });
  });

  it('keeps more requests than it first had room for', () => {
    const record = new PingRecord({ id: 'g', ip: '10.0.0.1', hz: 1000 });
    for (let seq = 0; seq < 10_000; seq += 1) {
      record.sent(seq + 1);
      record.received(seq, seq + 2);
    }
    expect(record.report(always)).toMatchObject({ sent: 10_000, lost: 0 });
  });

  it('sums targets up', () => {
    const report = reportOf([recordWithout([1], 'a'), recordWithout([1, 2], 'b')], always, 3);
    expect(report).toMatchObject({ sent: 20, lost: 3, longestLostMs: 20, skipped: 3 });
  });
});
