import { describe, expect, it } from 'vitest';
import { igmpGeneralQuery, mldGeneralQuery } from '../../../platform/group-queries.ts';
import { groupLeave, groupReport, reportedGroups } from '../../../platform/group-reports.ts';

const member = { mac: 'fa:16:3e:01:02:03', ip4: '10.0.0.7' };

/** A version 3 report of the kernel's own, with one record more: 232.1.1.1 from 10.0.0.1 only, and 239.9.9.9 from nobody. */
const igmp3 = Buffer.from(
  '01005e000016fa163e0102030800' +
    '46c00044000040000102000a0a000007e000001694040000' +
    '2200f9fd00000003' +
    '04000000ef4d5273' +
    '01000001e80101010a000001' +
    '01000000ef090909',
  'hex',
);

describe('memberships of multicast groups', () => {
  it.each(['239.77.82.115', 'ff15::5273'])('are read from the report that is made of them: %s', (group) => {
    const report = groupReport(member, group) ?? Buffer.alloc(0);
    expect(reportedGroups(report)).toEqual([group]);
    expect(reportedGroups(groupLeave(member, group) ?? Buffer.alloc(0))).toEqual([]);
    for (let length = 0; length < report.length; length += 1) reportedGroups(report.subarray(0, length));
  });

  it('are sent to the MAC of the group', () => {
    expect(groupReport(member, '239.205.82.115')?.subarray(0, 6).toString('hex')).toBe('01005e4d5273');
    expect(groupReport(member, 'ff15::1:5273')?.subarray(0, 6).toString('hex')).toBe('333300015273');
  });

  it('are read from each record of a report of version 3 that includes anybody', () => {
    expect(reportedGroups(igmp3)).toEqual(['239.77.82.115', '232.1.1.1']);
  });

  it('are not told in IPv4 by who has no IPv4 address', () => {
    expect(groupReport({ ...member, ip4: undefined }, '239.1.1.1')).toBeUndefined();
    expect(groupLeave({ ...member, ip4: undefined }, '239.1.1.1')).toBeUndefined();
  });

  it('are asked for in version 3, so that nobody is made to speak version 2', () => {
    expect(igmpGeneralQuery(member.mac).readUInt16BE(16)).toBe(24 + 12);
    expect(mldGeneralQuery(member.mac).readUInt16BE(18)).toBe(8 + 28);
    for (const query of [igmpGeneralQuery(member.mac), mldGeneralQuery(member.mac)])
      expect(reportedGroups(query)).toEqual([]);
  });
});
