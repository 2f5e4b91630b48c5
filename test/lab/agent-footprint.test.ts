import { describe, expect, it } from 'vitest';
import { benchFootprint, renderFootprint } from '../../bench/footprint.ts';

/** With room for a busy machine; the aims are 80 and 40 (docs/decisions/0015-footprint.md), `npm run bench -- footprint` measures them. */
const bounds = { rssMiB: 100, anonMiB: 48 };

describe('the installed agent', () => {
  it('stays small at rest, and after a cut and a way back', async () => {
    const report = await benchFootprint({ taps: 16, starts: 1, idleSeconds: 4, soakSeconds: 1 }, () => undefined);
    expect(report.rssMiB).toBeLessThan(bounds.rssMiB);
    expect(report.anonMiB).toBeLessThan(bounds.anonMiB);
    expect(report.afterSoakRssMiB).toBeLessThan(bounds.rssMiB);
    expect(report.afterSoakAnonMiB).toBeLessThan(bounds.anonMiB);
    // Figures of a real program: it has a heap, a binary, threads that were woken, and it was told to begin and to go back.
    expect(report.anonMiB).toBeGreaterThan(10);
    expect(report.fileMiB).toBeGreaterThan(4);
    expect(report.wakeupsPerSecond).toBeGreaterThan(0);
    expect(report.readyMs).toBeGreaterThan(20);
    expect(report.soakRssMiB).toHaveLength(2);
    expect(report.bundleKiB).toBeGreaterThan(500);
    expect(renderFootprint(report)).toContain(`${report.rssMiB} MiB`);
  });
});
