import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentHost } from './agent/agent-host.ts';
import { CoordinatorCloud, signal } from './coordinator/cloud.ts';

const secret = 'planted-hunter2-secret';
const root = join(import.meta.dirname, '../..');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'shunt-bundle-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** As whoever gets it unpacks it; a secret that was planted is nowhere in it. */
function unpacked(archive: string): ReadonlyMap<string, string> {
  const out = mkdtempSync(join(dir, 'out-'));
  const tar = spawnSync('tar', ['-xzf', archive, '-C', out], { encoding: 'utf8' });
  expect(tar.status, tar.stderr).toBe(0);
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const parts = new Map(
    files.map(({ parentPath, name }): [string, string] => {
      const path = join(parentPath, name);
      return [path.slice(out.length + 1), readFileSync(path, 'utf8')];
    }),
  );
  for (const [name, text] of parts) expect([name, text.includes(secret)]).toEqual([name, false]);
  return parts;
}

describe('shunt support-bundle', () => {
  let cloud: CoordinatorCloud;
  afterEach(() => cloud?.[Symbol.asyncDispose]());

  it('has what the coordinator answers and what lies on its disk; of a dead one what lies there; and no secret', async () => {
    cloud = await CoordinatorCloud.start(2);
    const paused = Promise.withResolvers<void>();
    cloud.onOrder = () => paused.promise;
    await cloud.startRun();
    await cloud.coordinator.api.pauseRun({ why: `password=${secret}`, by: 'ada' }, signal());
    await cloud.coordinator.api.resumeRun({ by: 'ada' }, signal());
    paused.resolve();
    await cloud.until(async () => (await cloud.run()).state === 'done');
    const where = dirname(cloud.coordinator.stateDir);
    const config = join(dir, 'coordinator.yaml');
    const given = JSON.parse(readFileSync(join(where, 'coordinator.yaml'), 'utf8')) as Record<string, unknown>;
    writeFileSync(config, JSON.stringify({ ...given, nats: { servers: [`nats://shunt:${secret}@127.0.0.1:4222`] } }));
    const log = join(dir, 'coordinator.log');
    writeFileSync(log, cloud.coordinator.log());
    appendFileSync(log, `{"level":"warn","why":"login with ${secret} failed"}\n`);
    const bundle = (name: string): ReadonlyMap<string, string> => {
      const output = join(dir, name);
      const argv = ['cli/main.ts', '--coordinator', cloud.coordinator.address, 'support-bundle', '--hide-addresses'];
      const rest = ['--config', config, '--log', log, '--output', output];
      const { status, stderr, stdout } = spawnSync(process.execPath, [...argv, ...rest], {
        cwd: root,
        encoding: 'utf8',
      });
      expect(status, stderr + stdout).toBe(0);
      return unpacked(output);
    };

    const alive = bundle('alive.tar.gz');
    expect([...alive.keys()]).toEqual(
      expect.arrayContaining([
        'manifest.json',
        'fleet/hosts.json',
        'fleet/plan-cut-1.json',
        'coordinator/ledger.jsonl',
      ]),
    );
    expect(alive.get('fleet/status.json')).toContain('"agentsConnected": 2');
    expect(alive.get('coordinator/ledger-verify.txt')).toContain('the chain is intact');
    for (const [name, text] of alive) expect([name, /fa:16:3e|10\.7\.0\./.test(text)]).toEqual([name, false]);

    await cloud.coordinator.stop('SIGKILL');
    const dead = bundle('dead.tar.gz');
    expect([...dead.keys()].filter((name) => name.startsWith('fleet/'))).toEqual([]);
    expect(dead.get('manifest.json')).toMatch(/"name": "fleet\/",\s+"missing": "/);
    expect(dead.get('coordinator/manifest.json')).toMatch(/"name": "coordinator\/metrics.txt",\s+"missing": "/);
    expect(dead.get('coordinator/ledger.jsonl')).toContain('"type":"attempt-closed"');
    expect(dead.get('coordinator/log.txt')).toContain('agent connected');
    expect(dead.get('coordinator/config.txt')).toContain('nats.servers');
  });
});

describe('shunt-agent support-bundle', () => {
  let host: AgentHost;
  afterEach(() => host?.[Symbol.asyncDispose]());

  it('has journals, status and rows of the switch, also when the agent is dead, and no secret', async () => {
    host = await AgentHost.up({ guests: 2, networks: 1 });
    await host.prepare(1);
    await host.cut(1);
    await host.phase(1, 'committing');
    await host.commit(1);
    await host.phase(1, 'committed');
    await host.vsctl('set', 'Open_vSwitch', '.', `external_ids:api-token=${secret}`);
    await host.vsctl('set', 'Interface', host.guests[0]?.tap ?? '', `options:psk=${secret}`);
    const log = join(dir, 'agent.log');
    writeFileSync(log, `{"why":"password: ${secret}"}\n`);
    const bundle = async (name: string): Promise<ReadonlyMap<string, string>> => {
      const output = join(dir, name);
      const { exitCode, stdout, stderr } = await host.command('support-bundle', '--output', output, '--log', log);
      expect(exitCode, stderr + stdout).toBe(0);
      return unpacked(output);
    };

    const alive = await bundle('alive.tar.gz');
    expect(JSON.parse(alive.get('status.json') ?? '{}')).toMatchObject({ attempt: { epoch: 1, phase: 'committed' } });
    expect(alive.get('journal.jsonl')).toContain('"phase":"committed"');
    expect([...alive.keys()].filter((name) => name.startsWith('state/attempts/'))).not.toEqual([]);
    expect(alive.get('ovs/Interface.json')).toContain(host.guests[0]?.tap);

    await host.kill('SIGKILL');
    const dead = await bundle('dead.tar.gz');
    expect(dead.has('status.json')).toBe(false);
    expect(dead.get('manifest.json')).toMatch(/"name": "status.json",\s+"missing": "/);
    expect(dead.get('journal.jsonl')).toContain('"phase":"committed"');
  });
});
