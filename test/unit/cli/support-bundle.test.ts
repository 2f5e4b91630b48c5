import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SupportBundle } from '../../../platform/support-bundle.ts';
import { coordinatorStatus, FakeWorld, hostView } from './fake-world.ts';

let world: FakeWorld;
beforeEach(async () => {
  world = await new FakeWorld().start();
});
afterEach(() => world[Symbol.asyncDispose]());

function archive(name: string): string {
  return gunzipSync(world.written.get(name) ?? Buffer.alloc(0)).toString('latin1');
}

it('gathers what the coordinator answers, and says that its files are not here', async () => {
  const secret = 'planted-in-a-finding';
  world.api.status = async () => coordinatorStatus();
  world.api.listHosts = async () => [
    hostView('hv3', {
      findings: [{ kind: 'no-answer', severity: 'error', message: `token=${secret}; 10.7.0.9 is silent` }],
    }),
  ];
  world.api.events = async function* () {
    yield { seq: 1, at: 'now', type: 'run-started', message: 'run r-1 started', json: '{}' };
  };
  const { status, out } = await world.run(['support-bundle', '--output', 'case.tar.gz', '--hide-addresses']);
  expect(status).toBe(0);
  expect(out).toContain("not there: coordinator/: there is no coordinator's program here");
  expect(out).toContain('case.tar.gz: ');
  const text = archive('case.tar.gz');
  for (const name of ['manifest.json', 'fleet/status.json', 'fleet/hosts.json', 'fleet/events.jsonl'])
    expect(text).toContain(name);
  expect(text).toContain('run r-1 started');
  expect(text).not.toContain(secret);
  expect(text).not.toContain('10.7.0.9');
});

it('has the files of a dead coordinator, and says that nobody answered', async () => {
  await world.stop();
  let asked: readonly string[] = [];
  world.localBundle = async (args) => {
    asked = args;
    const about = { program: 'shunt-coordinator', version: '1', at: '2026-03-01T10:00:00.000Z', host: 'ctl1' };
    const local = new SupportBundle({ ...about, hideAddresses: false });
    await local.add('coordinator/ledger.jsonl', () => '{"seq":1}');
    return {
      archive: local.finish('coordinator/manifest.json'),
      said: 'not there: coordinator/log.txt: no journal\nx: 1 parts\n',
    };
  };
  const { status, out } = await world.run(['support-bundle', '--config', '/etc/c.yaml', '--log', '/var/log/c']);
  expect(status).toBe(0);
  expect(asked.slice(-4)).toEqual(['--config', '/etc/c.yaml', '--log', '/var/log/c']);
  expect(out).toMatch(/^not there: coordinator\/log.txt: no journal\nnot there: fleet\/: /);
  const text = archive('shunt-support-20260301T100000000Z.tar.gz');
  expect(text).toContain('coordinator/ledger.jsonl');
  expect(text).toContain('{"seq":1}');
});
