import type { Finding } from '../domain/findings.ts';

/** One line for people. */
export function findingText(finding: Finding): string {
  const place = finding.tap ?? finding.portId ?? finding.networkId;
  return `${finding.severity}: ${finding.kind}${place === undefined ? '' : ` (${place})`}: ${finding.message}`;
}
