import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, until } from '../../lab/command.ts';

const asker = join(import.meta.dirname, '../../agent/guard/who-wrote.ts');
const schema = '/usr/share/openvswitch/vswitch.ovsschema';

describe('who wrote to Open vSwitch’s database', () => {
  let dir: string;
  let server: ChildProcess;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'shunt-who-'));
    await run(['ovsdb-tool', 'create', join(dir, 'conf.db'), schema]);
    const argv = [join(dir, 'conf.db'), `--remote=punix:${dir}/db.sock`, `--unixctl=${dir}/ctl`, '--no-chdir'];
    server = spawn('ovsdb-server', argv, { stdio: 'ignore', cwd: '/' });
    const write = ['ovs-vsctl', `--db=unix:${dir}/db.sock`, '--no-wait', '--', 'init', '--', 'add-br', 'br-foreign'];
    await until('ovsdb-server to listen', async () => (isDone(write) ? true : undefined), { timeoutMs: 20_000 });
  });
  afterAll(() => {
    server?.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  it('is known to a program with the capabilities that the agent’s unit leaves it, and no others', async () => {
    const unit = readFileSync(new URL('../../systemd/shunt-agent.service', import.meta.url), 'utf8');
    const [, set = ''] = /^CapabilityBoundingSet=(.+)$/m.exec(unit) ?? [];
    const left = set.toLowerCase().replaceAll('cap_', '+').split(' ');
    const within = ['setpriv', `--bounding-set=${['-all', ...left].join(',')}`, '--inh-caps=-all', '--no-new-privs'];
    const script = `import { lookAround, WhoWrote } from ${JSON.stringify(asker)};
      const who = new WhoWrote(() => lookAround('unix:${dir}/db.sock'));
      console.log(await who.ask(['br-foreign']));`;
    const told = await run([...within, process.execPath, '--input-type=module', '-e', script], { timeoutMs: 20_000 });
    expect(told).toContain('add-br br-foreign');
  });
});

function isDone([file = '', ...args]: readonly string[]): boolean {
  try {
    execFileSync(file, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
