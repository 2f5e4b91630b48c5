import { describeHold } from '../domain/run/describe-hold.ts';
import type { HostView } from '../domain/run-state.ts';
import { blackoutSpread, blackoutTable, formatMs } from './blackout-text.ts';
import { indent } from './error-text.ts';
import { findingText } from './finding-text.ts';
import { attemptState, troubleText } from './run-text.ts';
import type { Style } from './style.ts';
import { renderFacts, renderTable } from './table.ts';

const columns = [
  { head: 'HOST' },
  { head: 'AGENT' },
  { head: 'PLUG' },
  { head: 'TAPS', align: 'right' },
  { head: 'ATTEMPT', align: 'right' },
  { head: 'STATE' },
  { head: 'MEDIAN', align: 'right' },
  { head: 'WORST', align: 'right' },
  { head: 'HELD BY' },
] as const;

export function hostTable(hosts: readonly HostView[], style: Style): string {
  return renderTable(
    columns,
    hosts.map((host) => hostRow(host, style)),
    style,
  );
}

function hostRow(host: HostView, style: Style): string[] {
  const { attempt } = host;
  const spread = attempt && blackoutSpread([attempt]);
  return [
    host.hostname,
    agentState(host, style),
    host.plug,
    String(host.taps.length),
    attempt ? String(attempt.epoch) : '-',
    attempt ? attemptState(attempt, style) : '-',
    spread ? formatMs(spread.median) : '-',
    spread ? formatMs(spread.worst) : '-',
    [...new Set(host.holds.map((hold) => hold.kind))].join(', ') || '-',
  ];
}

function agentState(host: HostView, style: Style): string {
  return host.connected ? host.mode : style.red('not connected');
}

/** Everything about one hypervisor. */
export function hostReport(host: HostView, style: Style): string {
  const attempts = host.attempt ? [host.attempt] : [];
  const parts = [
    renderFacts(hostFacts(host, style)),
    tapTable(host, style),
    section('Holds:', host.holds.map(describeHold)),
    section('Findings:', host.findings.map(findingText)),
    troubleText(attempts, style),
    blackoutTable(attempts, style),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function hostFacts(host: HostView, style: Style): [string, string][] {
  const seen = host.lastSeenAt === undefined ? 'never seen' : `last seen ${host.lastSeenAt}`;
  const { attempt } = host;
  return [
    ['hypervisor', style.bold(host.hostname)],
    ['system-id', host.systemId],
    ['agent', `${agentState(host, style)}, version ${host.agentVersion || 'unknown'}, ${seen}`],
    ['plug', host.plug],
    ['attempt', attempt ? `${attempt.epoch}, ${attemptState(attempt, style)}, opened ${attempt.openedAt}` : 'none'],
  ];
}

function tapTable(host: HostView, style: Style): string {
  if (host.taps.length === 0) return '';
  const heads = ['TAP', 'PLUG', 'BRIDGE', 'INSTALLED', 'MAC', 'ADDRESSES', 'PORT'].map((head) => ({ head }));
  const rows = host.taps.map((tap) => [
    tap.tap,
    tap.plug,
    tap.bridge || '-',
    tap.plug === 'legacy' || tap.plug === 'none' ? '-' : tap.installed ? 'yes' : style.red('no'),
    tap.mac ?? '-',
    tap.ips.join(', ') || '-',
    tap.portId ?? style.yellow('no port'),
  ]);
  return renderTable(heads, rows, style);
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines.map(indent)].join('\n');
}
