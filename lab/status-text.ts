import { isAlive, type ProcessRecord } from './processes.ts';
import { type LabState, statusOf } from './state.ts';

/** A lab for people: hypervisors, guests, what runs. */
export function statusText(state: LabState, processes: readonly ProcessRecord[]): string {
  const status = statusOf(state);
  const owner =
    state.owner.kind === 'persistent'
      ? 'persistent'
      : `process ${state.owner.pid}${isAlive(state.owner) ? '' : ' (gone)'}`;
  return [
    `lab ${status.name}: ${state.phase}, ${owner}, since ${state.createdAt}`,
    '',
    table(
      ['hypervisor', 'hostname', 'system-id', 'namespace', 'ovsdb'],
      status.hypervisors.map((h) => [h.name, h.hostname, h.systemId, h.netns, h.ovsdb]),
    ),
    '',
    table(
      ['guest', 'host', 'network', 'tap', 'mac', 'addresses', 'port'],
      status.guests.map((g) => [g.name, g.hypervisor, g.network, g.tap, g.mac, g.ips.join(' '), g.portId]),
    ),
    '',
    `running: ${processes.map((p) => `${p.name}(${p.pid})`).join(' ')}`,
    `nb ${status.nb}  sb ${status.sb}  nats ${status.nats}`,
    `coordinator ${status.coordinator}  logs ${status.logs}`,
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
