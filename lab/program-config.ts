import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { hypervisorDir, pathsOf } from './run-dir.ts';
import { integrationBridgeOf } from './sources/lab-source.ts';
import { MIDONET_DATAPATH, midonetFiles } from './sources/midonet.ts';
import type { LabHypervisor, Topology } from './topology.ts';

/** Ports of the lab's services, on the management network. */
export const PORTS = {
  nats: 4222,
  natsMonitor: 8222,
  coordinator: 7700,
  agentHttp: 9700,
  coordinatorHttp: 9701,
  prometheus: 9090,
};

/** A rule that cannot be read ends Prometheus when it starts. */
const ALERTS = join(import.meta.dirname, '..', 'docs', 'alerts.yml');

export function agentConfigPath(lab: string, hypervisor: string): string {
  return join(pathsOf(lab).configs, `agent-${hypervisor}.yaml`);
}

export function coordinatorConfigPath(lab: string): string {
  return join(pathsOf(lab).configs, 'coordinator.yaml');
}

export function natsConfigPath(lab: string): string {
  return join(pathsOf(lab).configs, 'nats.conf');
}

export function prometheusConfigPath(lab: string): string {
  return join(pathsOf(lab).configs, 'prometheus.yaml');
}

/** Writes the configuration files of every program that the lab may start. */
export function writeProgramConfigs(topology: Topology): void {
  const paths = pathsOf(topology.name);
  for (const hypervisor of topology.hypervisors) {
    mkdirSync(join(hypervisorDir(topology.name, hypervisor.name), 'agent'), { recursive: true });
    writeFileSync(agentConfigPath(topology.name, hypervisor.name), stringify(agentConfig(topology, hypervisor)));
  }
  mkdirSync(join(paths.dir, 'coordinator'), { recursive: true });
  writeFileSync(coordinatorConfigPath(topology.name), stringify(coordinatorConfig(topology)));
  writeFileSync(natsConfigPath(topology.name), natsConfig(paths.dir));
  writeFileSync(prometheusConfigPath(topology.name), stringify(prometheusConfig(topology)));
}

export function agentConfig(topology: Topology, hypervisor: LabHypervisor): object {
  const dir = hypervisorDir(topology.name, hypervisor.name);
  return {
    site: 'lab',
    mode: 'active',
    stateDir: join(dir, 'agent'),
    socket: join(dir, 'agent.sock'),
    coordinator: `${topology.managementIp}:${PORTS.coordinator}`,
    ovs: { db: `unix:${join(dir, 'db.sock')}`, runDir: dir, integrationBridge: integrationBridgeOf(topology) },
    ...(topology.source === 'midonet'
      ? { midonet: { mmCtl: midonetFiles(topology.name, hypervisor.name).mmCtl, datapath: MIDONET_DATAPATH } }
      : {}),
    nats: { servers: [`nats://${topology.managementIp}:${PORTS.nats}`] },
    http: { listen: `0.0.0.0:${PORTS.agentHttp}` },
    log: { level: 'info' },
  };
}

export function coordinatorConfig(topology: Topology): object {
  const paths = pathsOf(topology.name);
  return {
    site: 'lab',
    stateDir: join(paths.dir, 'coordinator'),
    listen: `0.0.0.0:${PORTS.coordinator}`,
    socket: paths.coordinatorSocket,
    nb: `unix:${paths.nb}`,
    nats: { servers: [`nats://127.0.0.1:${PORTS.nats}`] },
    http: { listen: `0.0.0.0:${PORTS.coordinatorHttp}` },
    log: { level: 'info' },
  };
}

/** All addresses of central: the management network's and loopback. */
function natsConfig(dir: string): string {
  return [
    `listen: "0.0.0.0:${PORTS.nats}"`,
    `http: "0.0.0.0:${PORTS.natsMonitor}"`,
    'server_name: lab',
    `jetstream { store_dir: "${join(dir, 'nats')}", max_memory_store: 64MB, max_file_store: 1GB }`,
    '',
  ].join('\n');
}

function prometheusConfig(topology: Topology): object {
  const agents = topology.hypervisors.map((h) => ({
    targets: [`${h.managementIp}:${PORTS.agentHttp}`],
    labels: { host: h.systemId },
  }));
  return {
    global: { scrape_interval: '2s', scrape_timeout: '2s', external_labels: { lab: topology.name } },
    rule_files: [ALERTS],
    scrape_configs: [
      { job_name: 'shunt-agent', static_configs: agents },
      {
        job_name: 'shunt-coordinator',
        static_configs: [{ targets: [`${topology.managementIp}:${PORTS.coordinatorHttp}`] }],
      },
    ],
  };
}
