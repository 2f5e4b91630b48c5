import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { among, FilePages, merged, presentRuns, unwrittenMappings } from '../../../platform/native/file-pages.ts';

const mapping = (range: string, permissions: string, path: string, anonymous: number): string =>
  [
    `${range} ${permissions} 00000000 fe:00 123  ${path}`,
    'Size:              40000 kB',
    `Anonymous:         ${anonymous} kB`,
    'VmFlags: rd ex mr mw me',
  ].join('\n');

const residentKib = (): number => Number(/^RssFile:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

describe('the pages of program files', () => {
  it('are given back only of mappings that nobody wrote to', () => {
    const smaps = [
      mapping('00400000-02c00000', 'r-xp', '/usr/lib/shunt/node', 0),
      mapping('02c00000-06000000', 'r--p', '/usr/lib/shunt/node', 0),
      mapping('06000000-06800000', 'r--p', '/usr/lib/shunt/node', 8), // relocated: pages of our own
      mapping('06800000-07000000', 'rw-p', '/usr/lib/shunt/node', 0),
      mapping('7f0000000000-7f0000010000', 'r-xp', '/lib/libc.so.6', 0), // small
      mapping('7f1000000000-7f1001000000', 'r-xp', '[vdso]', 0),
      mapping('7f2000000000-7f2001000000', 'r-xs', '/dev/shm/x', 0), // shared
    ].join('\n');
    expect(unwrittenMappings(smaps)).toEqual([
      { start: 0x400000, bytes: 0x2800000, file: 'fe:00 123  /usr/lib/shunt/node' },
      { start: 0x2c00000, bytes: 0x3400000, file: 'fe:00 123  /usr/lib/shunt/node' },
    ]);
  });

  it('are given back only of mappings that were there from the beginning', () => {
    const node = { start: 0x400000, bytes: 0x2800000, file: 'fe:00 123 /usr/lib/shunt/node' };
    const loading = { start: 0x7f0000000000, bytes: 0x400000, file: 'fe:00 7 /lib/libnss_dns.so.2' };
    const inItsPlace = { ...node, file: 'fe:00 124 /usr/lib/shunt/node' };
    const grown = { ...node, bytes: node.bytes + 0x1000 };
    const cutShort = { ...node, bytes: 0x1000000 };
    expect(among([node], [node, loading, inItsPlace, grown, cutShort])).toEqual([node, cutShort]);
    expect(new FilePages([]).release()).toBe(0);
  });

  it('are known by the highest bit of their pagemap entries', () => {
    const entries = Buffer.alloc(8 * 6);
    for (const page of [0, 1, 4, 5]) entries[page * 8 + 7] = 0x80;
    entries[2 * 8 + 7] = 0x40; // swapped out
    expect(presentRuns(entries, 0x10000, 4096)).toEqual([
      { start: 0x10000, bytes: 8192 },
      { start: 0x14000, bytes: 8192 },
    ]);
  });

  it('come back as few long runs', () => {
    const runs = [
      { start: 0x400000, bytes: 4096 },
      { start: 0x100000, bytes: 4096 },
      { start: 0x104000, bytes: 4096 },
    ];
    expect(merged(runs)).toEqual([
      { start: 0x100000, bytes: 0x5000 },
      { start: 0x400000, bytes: 4096 },
    ]);
  });

  it('leave this process and come back, and the program goes on', async () => {
    const pages = new FilePages();
    const before = residentKib();
    expect(pages.release()).toBeGreaterThan(8 * 1024 * 1024);
    const released = residentKib();
    expect(released).toBeLessThan(before * 0.75);
    await pages.restore();
    expect(residentKib()).toBeGreaterThan(before * 0.9);
  });
});
