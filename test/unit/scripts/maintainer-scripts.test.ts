import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maintainerScript } from '../../../scripts/release/make-deb.ts';

type Script = Parameters<typeof maintainerScript>[0];
const agent = 'shunt-agent.service';
const coordinator = 'shunt-coordinator.service';

/** Keeps the state of units in files: what `is-active` says, and the main process. A restart of `hangs` never comes to an end. */
const systemctl = `#!/bin/sh
echo "systemctl $*" >>"$HOST/calls"
for unit in "$@"; do :; done
case "$1" in
  is-active) cat "$HOST/units/$unit" 2>/dev/null || echo inactive ;;
  show) echo "MainPID=$(cat "$HOST/units/$unit.pid" 2>/dev/null || echo 0)" ;;
  try-restart)
    [ ! -e "$HOST/refuses" ] || exit 0
    echo 2000 >"$HOST/units/$unit.pid"
    [ ! -e "$HOST/hangs" ] || exec sleep 60
    ;;
  stop) rm -f "$HOST/units/$unit" ;;
  start) echo active >"$HOST/units/$unit" ;;
esac
exit 0
`;

/** Answers with one line of a file after the other, the last one for ever: a status and what is said. */
const answering = (name: string) => `#!/bin/sh
echo "${name} $*" >>"$HOST/calls"
read -r status said <"$HOST/${name}.says"
if [ "$(wc -l <"$HOST/${name}.says")" -gt 1 ]; then sed -i 1d "$HOST/${name}.says"; fi
echo "$said"
exit "$status"
`;

/** A host in a folder: what the scripts name is below it, what they call are stubs that keep a record. */
class StubbedHost implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'shunt-scripts-'));

  constructor() {
    this.put('bin/systemctl', systemctl, 0o755);
    for (const name of ['systemd-sysusers', 'chgrp']) this.put(`bin/${name}`, `#!/bin/sh\nexit 0\n`, 0o755);
    for (const name of ['shunt-agent', 'shunt']) this.put(`usr/bin/${name}`, answering(name), 0o755);
    this.put('usr/lib/shunt/node', '', 0o755);
    this.put('etc/shunt/agent.yaml', 'mode: passive\n');
    this.put('etc/shunt/coordinator.yaml', 'site: x\n');
    this.put('var/lib/shunt/agent/attempts/1', 'a journal\n');
    mkdirSync(join(this.path, 'run/systemd/system'), { recursive: true });
    mkdirSync(join(this.path, 'units'));
    this.says('shunt-agent', '0 at rest, no tap is on the target');
    this.says('shunt', '1 shunt: there is no run (not-found)');
  }

  put(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    writeFileSync(join(this.path, path), text);
    chmodSync(join(this.path, path), mode);
  }

  remove(path: string): void {
    rmSync(join(this.path, path), { recursive: true });
  }

  has(path: string): boolean {
    return existsSync(join(this.path, path));
  }

  says(program: 'shunt-agent' | 'shunt', ...answers: readonly string[]): void {
    this.put(`${program}.says`, answers.map((answer) => `${answer}\n`).join(''));
  }

  unit(name: string, state: string): void {
    this.put(`units/${name}`, `${state}\n`);
    this.put(`units/${name}.pid`, '1000\n');
  }

  run(script: Script, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    const text = maintainerScript(script).replaceAll(/(?<![\w.}])\/(etc|run|usr|var)\//g, `${this.path}/$1/`);
    const { status, stdout, stderr } = spawnSync('sh', ['-s', '--', ...args], {
      input: text,
      encoding: 'utf8',
      timeout: 15_000,
      env: { PATH: `${this.path}/bin:/usr/bin:/bin`, HOST: this.path, SHUNT_RESTART_WAIT: '1', ...env },
    });
    return { status, said: `${stdout}${stderr}` };
  }

  calls(wanted: RegExp): readonly string[] {
    const calls = this.has('calls') ? readFileSync(join(this.path, 'calls'), 'utf8').split('\n') : [];
    return calls.filter((call) => wanted.test(call));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

let host: StubbedHost;
beforeEach(() => {
  host = new StubbedHost();
});
afterEach(() => host[Symbol.dispose]());

describe('postinst', () => {
  it.each(['active', 'activating', 'reloading'])('restarts an agent that is %s', (state) => {
    host.unit(agent, state);
    expect(host.run('postinst', ['configure', '1.0'])).toEqual({ status: 0, said: '' });
    expect(host.calls(/restart/)).toEqual([`systemctl try-restart ${agent}`]);
  });

  it.each(['inactive', 'failed', 'deactivating'])('leaves an agent alone that is %s', (state) => {
    host.unit(agent, state);
    expect(host.run('postinst', ['configure', '1.0'])).toEqual({ status: 0, said: '' });
    expect(host.calls(/restart|start/)).toEqual([]);
  });

  it('does not wait for ever for an agent that waits for Open vSwitch', () => {
    host.unit(agent, 'active');
    host.put('hangs', '');
    const { status, said } = host.run('postinst', ['configure', '1.0']);
    expect({ status, said }).toEqual({
      status: 0,
      said: expect.stringMatching(/is not ready yet.*waits for Open vSwitch/),
    });
  });

  it('tells when a policy of the host keeps the version before', () => {
    host.unit(agent, 'active');
    host.put('refuses', '');
    const { status, said } = host.run('postinst', ['configure', '1.0']);
    expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining('still runs as the version before') });
  });

  it.each([
    ['at rest', '0 at rest', 1],
    ['stuck', '5 attempt 3 is stuck', 1],
    ['open', '2 attempt 3 is open', 0],
  ])('where an attempt is %s', (_, answer, restarts) => {
    host.unit(agent, 'active');
    host.says('shunt-agent', answer);
    const { status, said } = host.run('postinst', ['configure', '1.0'], { SHUNT_REST_WAIT: '0' });
    expect({ status, restarts: host.calls(/try-restart/).length }).toEqual({ status: 0, restarts });
    expect(said.includes('Once this host is at rest')).toBe(restarts === 0);
  });

  it('configures what is there when a configuration file is missing, and again after it failed', () => {
    host.remove('etc/shunt/agent.yaml');
    for (const _ of ['first', 'again']) expect(host.run('postinst', ['configure', '']).status).toBe(0);
    host.remove('etc/shunt');
    expect(host.run('postinst', ['configure', ''])).toMatchObject({
      status: 0,
      said: expect.stringContaining('nothing was started'),
    });
    expect(host.calls(/restart|start|enable/)).toEqual([]);
  });

  it('asks nothing of systemd where it does not run, and nothing at all when another step failed', () => {
    host.unit(agent, 'active');
    host.remove('run/systemd');
    expect(host.run('postinst', ['configure', '1.0'])).toEqual({ status: 0, said: '' });
    expect(host.run('postinst', ['abort-upgrade', '1.0'])).toEqual({ status: 0, said: '' });
    expect(host.calls(/systemctl/)).toEqual([]);
  });
});

describe('preinst', () => {
  it.each([
    ['at rest', '0 at rest', 0],
    ['stuck', '5 attempt 3 is stuck', 0],
    ['open', '2 attempt 3 is open', 1],
    ['not told, because the program fails', '1 mode: not a mode', 1],
  ])('of an upgrade or a downgrade where an attempt is %s', (_, answer, status) => {
    host.says('shunt-agent', answer);
    for (const version of ['0.9', '1.1']) {
      expect(host.run('preinst', ['upgrade', '1.0', version], { SHUNT_REST_WAIT: '0' }).status).toBe(status);
    }
    expect(host.run('preinst', ['upgrade', '1.0', '1.1'], { SHUNT_UPGRADE_ANYWAY: '1' }).status).toBe(0);
    expect(host.run('preinst', ['install']).status).toBe(0);
  });

  it('waits for an open attempt', () => {
    host.says('shunt-agent', '2 attempt 3 is open (soaking)', '0 at rest');
    expect(host.run('preinst', ['upgrade', '1.0', '1.1'])).toMatchObject({
      status: 0,
      said: expect.stringContaining('waiting'),
    });
    expect(host.calls(/at-rest/)).toEqual(['shunt-agent at-rest', 'shunt-agent at-rest --wait 300']);
  });
});

describe('prerm of a removal', () => {
  const atRest = '0 at rest, no tap is on the target';

  it('stops and disables what runs', () => {
    host.unit(agent, 'active');
    host.unit(coordinator, 'active');
    expect(host.run('prerm', ['remove'])).toEqual({ status: 0, said: '' });
    expect(host.calls(/ (stop|start|disable) |--no-reload/)).toEqual([
      `systemctl stop ${agent}`,
      `systemctl stop ${coordinator}`,
      `systemctl --no-reload disable ${agent} ${coordinator}`,
    ]);
  });

  it.each([
    ['open', '2 attempt 4 is open (cutting)'],
    ['stuck', '5 attempt 4 is stuck'],
  ])('starts the agent again and refuses when an attempt is %s that began after the question', (_, answer) => {
    host.unit(agent, 'activating');
    host.unit(coordinator, 'active');
    host.says('shunt-agent', atRest, answer);
    const { status, said } = host.run('prerm', ['remove']);
    expect({ status, said }).toEqual({ status: 1, said: expect.stringMatching(/attempt 4[\s\S]*not removed/) });
    expect(host.calls(/ (stop|start|disable) |--no-reload/)).toEqual([
      `systemctl stop ${agent}`,
      `systemctl start --no-block ${agent}`,
    ]);
    expect(host.has('var/lib/shunt/taps-on-target')).toBe(false);
  });

  it('does not start an agent that did not run', () => {
    host.says('shunt-agent', atRest, '2 attempt 4 is open (cutting)');
    expect(host.run('prerm', ['remove']).status).toBe(1);
    expect(host.calls(/ start /)).toEqual([]);
  });

  it('goes on when it is told to, and notes which taps nobody keeps any more', () => {
    host.unit(agent, 'active');
    host.says('shunt-agent', '2 attempt 4 is open (cutting), on the target: tap1');
    const env = { SHUNT_REST_WAIT: '0' };
    expect(host.run('prerm', ['remove'], env).status).toBe(1);
    expect(host.calls(/ stop /)).toEqual([]);
    expect(host.run('prerm', ['remove'], { ...env, SHUNT_REMOVE_ANYWAY: '1' }).status).toBe(0);
    expect(host.calls(/ stop /)).toHaveLength(2);
    expect(readFileSync(join(host.path, 'var/lib/shunt/taps-on-target'), 'utf8')).toContain('tap1');
  });

  it('is refused while the coordinator here has a run that goes on', () => {
    host.unit(coordinator, 'active');
    host.says('shunt', '0 run r-1 of plan p-1 (north): running, through wave 1 of 3, 0 of 2 errors');
    const { status, said } = host.run('prerm', ['remove']);
    expect({ status, said }).toEqual({ status: 1, said: expect.stringMatching(/run r-1[\s\S]*shunt wave pause/) });
    expect(host.calls(/ stop /)).toEqual([]);
    expect(host.run('prerm', ['remove'], { SHUNT_REMOVE_ANYWAY: '1' }).status).toBe(0);
  });

  it.each([
    ['is paused', '2 run r-1 of plan p-1 (it was: running): paused, 0 of 2 errors', ''],
    ['does not answer', '1 shunt: unavailable', 'does not tell whether a run goes on'],
  ])('goes on when the run of the coordinator %s', (_, answer, told) => {
    host.unit(coordinator, 'active');
    host.says('shunt', answer);
    expect(host.run('prerm', ['remove'])).toEqual({ status: 0, said: expect.stringContaining(told) });
  });

  it('asks no coordinator where none runs, and nothing of systemd where it does not run', () => {
    host.remove('run/systemd');
    host.unit(agent, 'active');
    expect(host.run('prerm', ['remove'])).toEqual({ status: 0, said: '' });
    expect(host.calls(/shunt wave|is-active|stop/)).toEqual([]);
  });

  it('does nothing before an upgrade', () => {
    host.unit(agent, 'active');
    expect(host.run('prerm', ['upgrade', '1.1'])).toEqual({ status: 0, said: '' });
    expect(host.calls(/./)).toEqual([]);
  });
});

describe('postrm of a purge', () => {
  it('takes all with it on a hypervisor at rest', () => {
    host.put('var/cache/shunt/agent/code', '');
    expect(host.run('postrm', ['purge'])).toEqual({ status: 0, said: '' });
    expect(['var/lib/shunt', 'var/cache/shunt'].filter((path) => host.has(path))).toEqual([]);
  });

  it('keeps the ledger of a coordinator unless it is told not to', () => {
    host.put('var/lib/shunt/coordinator/ledger.sqlite', 'all that was done');
    const { status, said } = host.run('postrm', ['purge']);
    expect({ status, said }).toEqual({
      status: 0,
      said: expect.stringContaining('/var/lib/shunt/coordinator is kept'),
    });
    expect([host.has('var/lib/shunt/coordinator/ledger.sqlite'), host.has('var/lib/shunt/agent')]).toEqual([
      true,
      false,
    ]);
    expect(host.run('postrm', ['purge'], { SHUNT_PURGE_LEDGER: '1' })).toEqual({ status: 0, said: '' });
    expect(host.has('var/lib/shunt')).toBe(false);
  });

  it('keeps all where taps were left on the target, whatever it is told', () => {
    host.put('var/lib/shunt/taps-on-target', 'at rest, on the target: tap1\n');
    host.put('var/lib/shunt/coordinator/ledger.sqlite', 'all that was done');
    const { status, said } = host.run('postrm', ['purge'], { SHUNT_PURGE_LEDGER: '1' });
    expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining('tap1') });
    expect([host.has('var/lib/shunt/coordinator/ledger.sqlite'), host.has('var/lib/shunt/agent/attempts/1')]).toEqual([
      true,
      true,
    ]);
  });
});
