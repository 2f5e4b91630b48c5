import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deepenPacketSockets } from '../platform/native/foreign-sockets.ts';
import { run } from './command.ts';
import type { Datapath } from './datapath.ts';
import { waitUntilListening } from './listening.ts';
import { inNetns } from './netns.ts';
import { patience } from './patience.ts';
import { packagedNiceness, startDaemon } from './processes.ts';
import { pathsOf } from './run-dir.ts';

/** Environment by which OVS and OVN tools find the daemons of one run directory. */
export function runDirEnv(dir: string): Record<string, string> {
  return { OVS_RUNDIR: dir, OVN_RUNDIR: dir, OVS_LOGDIR: dir, OVN_LOGDIR: dir, OVS_DBDIR: dir };
}

export interface SwitchPlace {
  readonly lab: string;
  /** `hv1`, `fabric`: prefix of process and log names. */
  readonly name: string;
  readonly netns: string;
  readonly dir: string;
}

export interface DatabaseSpec {
  readonly place: SwitchPlace;
  /** Process name behind the place's, e.g. `ovsdb`, `nb`. */
  readonly process: string;
  readonly schema: string;
  readonly socket: string;
  /** More remotes, e.g. `ptcp:6642:172.20.0.1`. */
  readonly remotes?: readonly string[];
}

export const VSWITCH_SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

/** Creates one empty database a schema and keeps it as the pattern for all others: ovsdb-tool once, then copies. */
export async function createDatabasePattern(lab: string, schema: string): Promise<void> {
  await run(['ovsdb-tool', 'create', patternPath(lab, schema), schema]);
}

function patternPath(lab: string, schema: string): string {
  return join(pathsOf(lab).dir, `${schema.slice(schema.lastIndexOf('/') + 1)}.pattern`);
}

/** Starts an ovsdb-server on an empty database and waits until it listens. */
export async function startDatabase(spec: DatabaseSpec): Promise<void> {
  const { place } = spec;
  mkdirSync(place.dir, { recursive: true });
  copyFileSync(patternPath(place.lab, spec.schema), databaseFile(spec));
  await startDatabaseServer(spec);
}

function databaseFile({ place, process }: Pick<DatabaseSpec, 'place' | 'process'>): string {
  return join(place.dir, `${process}.db`);
}

/** Starts an ovsdb-server on the database that is there: at first, or again after it was killed. */
async function startDatabaseServer(spec: DatabaseSpec): Promise<void> {
  const { place } = spec;
  const file = databaseFile(spec);
  const paths = pathsOf(place.lab);
  const server = startDaemon(paths, place.lab, {
    name: `${place.name}-${spec.process}`,
    niceness: packagedNiceness,
    argv: inNetns(place.netns, [
      'ovsdb-server',
      file,
      `--remote=punix:${spec.socket}`,
      ...(spec.remotes ?? []).map((remote) => `--remote=${remote}`),
      `--unixctl=${join(place.dir, `${spec.process}.ctl`)}`,
      '--no-chdir',
      '-vconsole:info',
    ]),
    env: runDirEnv(place.dir),
  });
  await waitUntilListening(paths, server, { unix: spec.socket });
}

/** Starts ovsdb-server and ovs-vswitchd of their own in a namespace. The caller configures bridges by {@link vsctl}. */
export async function startSwitch(place: SwitchPlace, datapath: Datapath): Promise<void> {
  await startDatabase(switchDatabase(place));
  await vsctl(place, ['--no-wait', 'init']);
  await startVswitchd(place, datapath);
}

/** Starts a switch's database again after it was killed, with what is in it. */
export function restartSwitchDatabase(place: SwitchPlace): Promise<void> {
  return startDatabaseServer(switchDatabase(place));
}

function switchDatabase(place: SwitchPlace): DatabaseSpec {
  return { place, process: 'ovsdb', schema: VSWITCH_SCHEMA, socket: join(place.dir, 'db.sock') };
}

/** Beside its database: at first, or again after it was killed. */
export async function startVswitchd(place: SwitchPlace, datapath: Datapath): Promise<void> {
  const paths = pathsOf(place.lab);
  const socket = join(place.dir, 'db.sock');
  const vswitchd = startDaemon(paths, place.lab, {
    name: `${place.name}-vswitchd`,
    niceness: packagedNiceness,
    argv: inNetns(place.netns, [
      'ovs-vswitchd',
      `unix:${socket}`,
      `--pidfile=${join(place.dir, 'ovs-vswitchd.pid')}`,
      // What is not asked for is not tried: vswitchd would look for the kernel's datapath at every start.
      ...(datapath === 'netdev' ? ['--disable-system'] : []),
      '--no-chdir',
      '-vconsole:info',
    ]),
    env: runDirEnv(place.dir),
  });
  await waitUntilListening(paths, vswitchd, { unix: join(place.dir, `ovs-vswitchd.${vswitchd.pid}.ctl`) });
}

/** Runs ovs-vsctl against a place's database and, without `--no-wait`, waits until vswitchd has acted. */
export function vsctl(place: SwitchPlace, args: readonly string[]): Promise<string> {
  return run(
    inNetns(place.netns, [
      'ovs-vsctl',
      `--timeout=${30 * patience}`,
      `--db=unix:${join(place.dir, 'db.sock')}`,
      ...args,
    ]),
    {
      env: runDirEnv(place.dir),
    },
  );
}

/**
 * Drops, behind the switch's packet socket, what the kernel would still process of frames on NICs that joined a
 * userspace bridge: its stack sees each one too. The kernel datapath takes them before its stack does: nothing to drop.
 */
export async function dropBehindSwitch(netns: string, devices: readonly string[]): Promise<void> {
  const rules = `table netdev shunt_lab {
  chain userspace_nics { type filter hook ingress devices = { ${devices.join(', ')} } priority 0; policy drop; }
}
`;
  await run(inNetns(netns, ['nft', '-f', '-']), { input: rules });
}

/** Half a second of all that the lab ever sends, and more. */
const queueBytes = 8 * 1024 * 1024;

/**
 * The userspace datapath forwards in the thread in which vswitchd opens ports, and runs OVN's frames through its tables: for tens of milliseconds
 * nobody reads its NICs, and the kernel's default queue, some 270 small frames, overflows. The kernel datapath goes on forwarding then.
 * With a deep queue frames of the NICs that are there now come late instead.
 */
export async function deepenQueues(place: SwitchPlace): Promise<void> {
  const pid = Number(readFileSync(join(place.dir, 'ovs-vswitchd.pid'), 'utf8'));
  const sockets = await deepenPacketSockets(pid, queueBytes);
  if (sockets === 0) throw new Error(`${place.name}: vswitchd has no packet socket to deepen`);
}
