import type { SkipReason } from '../../domain/connections/judge-flow.ts';

/** Why a live connection was not copied. */
export type Skipped =
  | SkipReason
  /** The guest did not say where the connection stands. */
  | 'silent'
  /** The guest knows of no such connection. */
  | 'ended'
  | 'overLimit';

/** What came of copying connections, counted for each guest that takes part. */
export interface SeedReport {
  /** Read back from the side that takes over. */
  seeded: number;
  /** That side knew them already. */
  known: number;
  /** Put there, and not to be found there. */
  missing: number;
  skipped: Record<Skipped, number>;
  /** Copied without the helper that the legacy firewall had for them (FTP and the like). */
  withoutHelper: number;
  /** Guests of which OVN has no zone: it has not claimed their ports, or their switch has no stateful rules. */
  withoutZone: number;
  readonly tookMs: number;
}

export function emptyReport(withoutZone: number): SeedReport {
  const skipped = {
    ...{ opening: 0, closing: 0, translated: 0, protocol: 0 },
    ...{ silent: 0, ended: 0, overLimit: 0 },
  };
  return { seeded: 0, known: 0, missing: 0, skipped, withoutHelper: 0, withoutZone, tookMs: 0 };
}

/** One line for people. */
export function seedReportText(report: SeedReport): string {
  const left = Object.entries(report.skipped).filter(([, count]) => count > 0);
  const parts = [
    `${report.seeded} connections copied`,
    ...(report.known > 0 ? [`${report.known} known already`] : []),
    ...(report.missing > 0 ? [`${report.missing} not taken`] : []),
    ...left.map(([why, count]) => `${count} left out (${why})`),
    ...(report.withoutHelper > 0 ? [`${report.withoutHelper} without their helper`] : []),
    ...(report.withoutZone > 0 ? [`${report.withoutZone} guests without a zone in OVN`] : []),
  ];
  return `${parts.join(', ')}, in ${report.tookMs} ms`;
}

/** Live connections that the side that takes over does not know. What opens anew, or ends anyhow, is not among them. */
export function leftOut({ missing, skipped }: SeedReport): number {
  return missing + skipped.silent + skipped.translated + skipped.protocol + skipped.overLimit;
}
