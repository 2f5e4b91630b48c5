import { join } from 'node:path';
import { run, together, until } from './command.ts';
import { waitUntilListening } from './listening.ts';
import { inNetns } from './netns.ts';
import { northboundOperations } from './neutron-nb.ts';
import { runDirEnv, type SwitchPlace, startDatabase } from './open-vswitch.ts';
import { transactOnce } from './ovsdb-once.ts';
import { patience } from './patience.ts';
import { packagedNiceness, startDaemon } from './processes.ts';
import { natsConfigPath, PORTS, prometheusConfigPath } from './program-config.ts';
import { pathsOf } from './run-dir.ts';
import type { Topology } from './topology.ts';

export const NB_SCHEMA = '/usr/share/ovn/ovn-nb.ovsschema';
export const SB_SCHEMA = '/usr/share/ovn/ovn-sb.ovsschema';
const SB_PORT = 6642;

/** Where chassis find the southbound database, over the management network. */
export function southboundRemote(topology: Topology): string {
  return `tcp:${topology.managementIp}:${SB_PORT}`;
}

/** Starts OVN's databases and northd, and fills the northbound as Neutron would. */
export async function startCentral(topology: Topology): Promise<void> {
  const paths = pathsOf(topology.name);
  const place: SwitchPlace = {
    lab: topology.name,
    name: 'central',
    netns: topology.centralNetns,
    dir: paths.centralRundir,
  };
  await together([
    startDatabase({ place, process: 'nb', schema: NB_SCHEMA, socket: paths.nb }),
    startDatabase({
      place,
      process: 'sb',
      schema: SB_SCHEMA,
      socket: paths.sb,
      remotes: [`ptcp:${SB_PORT}:${topology.managementIp}`],
    }),
  ]);
  await run(['ovn-nbctl', '--no-wait', `--db=unix:${paths.nb}`, 'init'], { env: runDirEnv(place.dir) });
  await transactOnce(paths.nb, 'OVN_Northbound', northboundOperations(topology));
  startDaemon(paths, topology.name, {
    name: 'central-northd',
    niceness: packagedNiceness,
    argv: inNetns(place.netns, [
      'ovn-northd',
      `--ovnnb-db=unix:${paths.nb}`,
      `--ovnsb-db=unix:${paths.sb}`,
      `--unixctl=${join(place.dir, 'ovn-northd.ctl')}`,
      '--no-chdir',
      '-vconsole:info',
    ]),
    env: runDirEnv(place.dir),
  });
}

/** Waits until northd and every ovn-controller have worked through what NB holds now. */
export async function waitForOvn(topology: Topology): Promise<void> {
  const paths = pathsOf(topology.name);
  await until(
    'all chassis to register',
    async () => {
      const result = await run(['ovn-sbctl', `--db=unix:${paths.sb}`, '--bare', '--columns=name', 'find', 'Chassis'], {
        env: runDirEnv(paths.centralRundir),
      });
      return result.split('\n').filter(Boolean).length === topology.hypervisors.length ? true : undefined;
    },
    { everyMs: 50 },
  );
  await run(['ovn-nbctl', `--timeout=${30 * patience}`, `--db=unix:${paths.nb}`, '--wait=hv', 'sync'], {
    env: runDirEnv(paths.centralRundir),
  });
}

/** Starts (or starts again) the NATS server with JetStream. */
export async function startNats(topology: Topology): Promise<void> {
  const paths = pathsOf(topology.name);
  const nats = startDaemon(paths, topology.name, {
    name: 'nats',
    argv: inNetns(topology.centralNetns, ['nats-server', '-c', natsConfigPath(topology.name)]),
  });
  await waitUntilListening(paths, nats, { tcp: PORTS.nats });
}

export function startPrometheus(topology: Topology): void {
  const paths = pathsOf(topology.name);
  startDaemon(paths, topology.name, {
    name: 'prometheus',
    argv: inNetns(topology.centralNetns, [
      'prometheus',
      `--config.file=${prometheusConfigPath(topology.name)}`,
      `--storage.tsdb.path=${join(paths.dir, 'prometheus')}`,
      `--web.listen-address=0.0.0.0:${PORTS.prometheus}`,
      '--log.level=warn',
    ]),
  });
}
