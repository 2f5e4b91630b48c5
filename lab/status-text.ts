import { isAlive, type ProcessRecord } from './processes.ts';
import { type LabState, statusOf } from './state.ts';
import { textTable } from './text-table.ts';

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
    textTable(
      ['hypervisor', 'hostname', 'system-id', 'namespace', 'ovsdb'],
      status.hypervisors.map((h) => [h.name, h.hostname, h.systemId, h.netns, h.ovsdb]),
    ),
    '',
    textTable(
      ['guest', 'host', 'network', 'tap', 'mac', 'addresses', 'port'],
      status.guests.map((g) => [g.name, g.hypervisor, g.network, g.tap, g.mac, g.ips.join(' '), g.portId]),
    ),
    '',
    ...(status.services.length === 0
      ? []
      : [
          textTable(
            ['service', 'host', 'network', 'namespace', 'tap', 'mac', 'addresses'],
            status.services.map((s) => [s.name, s.hypervisor, s.network, s.netns, s.tap, s.mac, s.ips.join(' ')]),
          ),
          '',
        ]),
    `running: ${processes.map((p) => `${p.name}(${p.pid})`).join(' ')}`,
    `nb ${status.nb}  sb ${status.sb}  nats ${status.nats}`,
    `coordinator ${status.coordinator}  logs ${status.logs}`,
  ].join('\n');
}
