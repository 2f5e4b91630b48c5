import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { LoadedConfig } from '../../platform/config.ts';
import { version } from '../../platform/release.ts';
import { bundleText, SupportBundle, writeBundle } from '../../platform/support-bundle.ts';
import { logOf, page, told } from '../../platform/support-commands.ts';
import { type AgentConfig, defaultConfigFile, renderEffective } from '../config.ts';
import { showJournal } from '../journal-show.ts';
import { askStatus } from '../status/status-socket.ts';

export interface AgentSupportRequest {
  /** Where the archive goes; it must not exist. */
  readonly output: string;
  readonly hideAddresses: boolean;
  /** Instead of the unit's journal. */
  readonly log?: string;
  readonly configFile?: string;
  /** Throws `config-invalid`. */
  readonly load: () => LoadedConfig<AgentConfig>;
  readonly at: string;
  readonly signal: AbortSignal;
}

/** Journal files of a bundle: those changed last. */
const journalsMax = 200;

/** What this hypervisor knows, whether its agent runs or not. Prints what could not be had. */
export async function supportBundle(request: AgentSupportRequest, print: (line: string) => void): Promise<void> {
  const { output, hideAddresses, at, signal } = request;
  const bundle = new SupportBundle({ program: 'shunt-agent', version, at, host: hostname(), hideAddresses });
  const config = await addConfig(bundle, request);
  const { socket = '/run/shunt/agent/agent.sock', stateDir = '/var/lib/shunt/agent' } = config ?? {};
  await bundle.add('status.json', async () => JSON.stringify(await askStatus(socket), undefined, 2));
  await addJournals(bundle, stateDir);
  await addSwitch(bundle, config?.ovs.db ?? 'unix:/run/openvswitch/db.sock', signal);
  await bundle.add('log.txt', () => logOf('shunt-agent', request.log, signal));
  for (const path of ['metrics', 'readyz'])
    await bundle.add(`${path}.txt`, () => page(config?.http.listen ?? '', `/${path}`, signal));
  writeBundle(output, bundle.finish());
  print(bundleText(output, bundle.parts));
}

async function addConfig(bundle: SupportBundle, request: AgentSupportRequest): Promise<AgentConfig | undefined> {
  const file = request.configFile ?? defaultConfigFile;
  if (existsSync(file)) bundle.redactor.learn(readFileSync(file, 'utf8'));
  await bundle.add('agent.yaml', () => readFileSync(file, 'utf8'));
  let config: AgentConfig | undefined;
  await bundle.add('config.txt', () => {
    const loaded = request.load();
    config = loaded.value;
    return renderEffective(loaded);
  });
  return config;
}

/** As they lie on the disk, torn ends and all; and read. */
async function addJournals(bundle: SupportBundle, stateDir: string): Promise<void> {
  await bundle.add('journal.jsonl', () => {
    const lines: string[] = [];
    showJournal({ stateDir, output: 'json' }, (line) => lines.push(line));
    return `${lines.join('\n')}\n`;
  });
  let files: readonly StateFile[] = [];
  await bundle.add('state-dir.txt', () => {
    files = filesBelow(stateDir);
    const { bavail, bsize } = statfsSync(stateDir);
    const rows = files.map(({ path, size, at }) => `${at} ${String(size).padStart(12)} ${path}`);
    return `${stateDir}\n${bavail * bsize} bytes free\n${rows.join('\n')}\n`;
  });
  const kept = files.filter(({ path }) => !path.startsWith('spool/') && !path.endsWith('.sock'));
  const newest = kept.toSorted((a, b) => (a.at < b.at ? 1 : -1)).slice(0, journalsMax);
  for (const { path } of newest) await bundle.add(`state/${path}`, () => readFileSync(join(stateDir, path), 'utf8'));
}

interface StateFile {
  readonly path: string;
  readonly size: number;
  readonly at: string;
}

function filesBelow(dir: string): readonly StateFile[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).flatMap((entry): readonly StateFile[] => {
    if (!entry.isFile()) return [];
    const full = join(entry.parentPath, entry.name);
    const { size, mtime } = statSync(full);
    return [{ path: full.slice(dir.length + 1), size, at: mtime.toISOString() }];
  });
}

const tables = ['Open_vSwitch', 'Bridge', 'Port', 'Interface'] as const;

/** Rows of Open vSwitch, and what the kernel has. */
async function addSwitch(bundle: SupportBundle, db: string, signal: AbortSignal): Promise<void> {
  const vsctl = ['ovs-vsctl', `--db=${db}`, '--timeout=10', '--no-wait'];
  for (const table of tables)
    await bundle.add(`ovs/${table}.json`, () => told([...vsctl, '--format=json', 'list', table], signal));
  await bundle.add('ovs/show.txt', () => told([...vsctl, 'show'], signal));
  await bundle.add('kernel/links.txt', () => told(['ip', '-details', 'link', 'show'], signal));
  await bundle.add('kernel/addresses.txt', () => told(['ip', 'address', 'show'], signal));
  await bundle.add('kernel/fdb.txt', () => told(['bridge', 'fdb', 'show'], signal));
  await bundle.add('kernel/nft.txt', () => told(['nft', 'list', 'ruleset'], signal));
}
