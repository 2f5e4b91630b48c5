import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moveHypervisor } from '../../../lab/machine/hypervisor-machine.ts';
import type { Machine } from '../../../lab/machine/machine.ts';
import { Cloud } from '../fixture/cloud.ts';
import { freshLabName } from '../fixture/own-lab.ts';
import {
  centralWithConfig,
  changedFiles,
  install,
  installedProcesses,
  releaseInside,
  withoutProject,
} from './installed.ts';
import type { Versions } from './made-release.ts';

const agent = 'shunt-agent.service';
const coordinator = 'shunt-coordinator.service';
/** Long enough to be asked twice while it soaks. */
const attempt =
  process.env['SHUNT_LAB_VM'] === 'tcg' ? { soak: '60s', deadline: '240s' } : { soak: '8s', deadline: '60s' };
const conffiles = ['/etc/shunt/agent.yaml', '/etc/shunt/coordinator.yaml'];

/** What dpkg, its triggers, systemd and the user database write by themselves. */
const written =
  /^\/(etc\/(passwd|group|shadow|gshadow|subuid|subgid)-?$|etc\/\.pwd\.lock|var\/lib\/(dpkg|systemd|man-db)\/|var\/log\/|var\/cache\/(man|ldconfig|debconf)\/)/;

/** A hypervisor's and a coordinator's life with it; for `test/lab/release.test.ts`. */
export function installTests(releases: () => Versions): void {
  describe('the Debian package on a hypervisor and a machine that coordinates', () => {
    let cloud: Cloud;
    let host: Machine;
    let central: Machine;
    /** Paths below the folder of releases. */
    let older: string;
    let newer: string;

    beforeAll(async () => {
      older = releases().path(releases().older.deb);
      newer = releases().path(releases().newer.deb);
      cloud = await Cloud.up({ name: freshLabName(), hosts: 2, guests: 2, networks: 1 });
      const bare = withoutProject(releases().folder.path);
      host = await moveHypervisor(cloud.lab, 'hv1', { checkout: false, ...bare });
      await host.run(['mv', '/etc/shunt/agent.yaml', '/root/agent.yaml']);
      await host.run(['rmdir', '/etc/shunt']);
      central = await centralWithConfig(cloud.lab, bare);
    });

    afterAll(async () => {
      await cloud?.[Symbol.asyncDispose]();
    });

    it('installs what it lists, and neither enables nor starts anything', async () => {
      const before = new Set(changedFiles(host));
      const said = await install(host, older);
      expect(said).toContain('nothing was started');
      expect(await host.run(['dpkg', '--verify', 'shunt'])).toBe('');
      const listed = new Set((await host.run(['dpkg', '--listfiles', 'shunt'])).split('\n'));
      expect(
        changedFiles(host).filter((path) => !before.has(path) && !listed.has(path) && !written.test(path)),
      ).toEqual([]);
      for (const unit of [agent, coordinator]) {
        expect(await host.unit(unit)).toMatchObject({ ActiveState: 'inactive', UnitFileState: 'disabled' });
      }
      expect(await host.run(['stat', '-c', '%a %U:%G %n', '/etc/shunt', ...conffiles])).toBe(
        ['750 root:shunt /etc/shunt', ...conffiles.map((path) => `640 root:shunt ${path}`), ''].join('\n'),
      );
      expect(await installedProcesses(host)).toEqual([]);
    });

    it('runs on its own Node, without this project', async () => {
      expect((await host.exec(['node', '--version'])).status).not.toBe(0);
      for (const program of ['shunt', 'shunt-agent', 'shunt-coordinator']) {
        expect(await host.run([program, '--version'])).toMatch(/^7\.0\.9 \(\d{4}-\d\d-\d\d\)\n$/);
        expect(await host.run([program, '--help'])).toContain(`Usage: ${program}`);
      }
      const setElsewhere = { NODE_OPTIONS: '--no-such-option', NODE_PATH: '/nowhere' };
      expect(await host.run(['shunt', '--version'], { env: setElsewhere })).toContain('7.0.9');
      expect(await host.run(['shunt-agent', 'check-config'])).toContain('mode: "passive"  # default');
      expect(await host.run(['shunt-coordinator', 'check-config'])).toContain(
        'stateDir = "/var/lib/shunt/coordinator"',
      );
      expect(await host.run(['shunt-agent', 'at-rest'])).toBe('at rest, no tap is on the target\n');
    });

    it('coordinates, and looks on in passive mode, when it is told to', async () => {
      await install(central, older);
      await central.run(['sh', '-c', 'cat /root/coordinator.yaml > /etc/shunt/coordinator.yaml']);
      await central.run(['systemctl', 'enable', '--now', coordinator]);
      expect(await central.unit(coordinator)).toMatchObject({ ActiveState: 'active', SubState: 'running' });
      await host.run(['sh', '-c', "sed 's/^mode: active/mode: passive/' /root/agent.yaml > /etc/shunt/agent.yaml"]);
      await host.run(['systemctl', 'enable', '--now', agent]);
      expect(await host.unit(agent)).toMatchObject({ ActiveState: 'active', UnitFileState: 'enabled' });
      expect(await host.run(['shunt-agent', 'status'])).toContain('shunt-agent 7.0.9 on');
      await cloud.untilAgentsReady();
      expect(await cloud.host('hv1')).toMatchObject({ agentVersion: '7.0.9', mode: 'passive', plug: 'legacy' });
      expect(await central.run(['shunt', 'status'])).toMatch(/version +7\.0\.9|version 7\.0\.9/);
    });

    it('upgrades once the open attempt has come to rest; edits, state and guests stay', async () => {
      await host.run(['sh', '-c', 'cat /root/agent.yaml > /etc/shunt/agent.yaml']);
      await host.run(['systemctl', 'restart', agent]);
      await cloud.untilAgentsReady();
      await cloud.startRun({ hosts: [hostname()], ...attempt });
      const removal = await central.exec(['dpkg', '--remove', 'shunt']);
      expect(removal).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/shunt: run .*: running[\s\S]*not removed/),
      });
      expect(await central.unit(coordinator)).toMatchObject({ ActiveState: 'active' });
      await cloud.untilPhase('hv1', ['soaking']);
      const { MainPID: before } = await host.unit(agent);
      for (const change of [
        ['--install', join(releaseInside, newer)],
        ['--remove', 'shunt'],
      ]) {
        const { status, stderr } = await host.exec(['dpkg', ...change], { env: { SHUNT_REST_WAIT: '0' } });
        expect({ status, stderr }).toEqual({
          status: 1,
          stderr: expect.stringMatching(/is open[\s\S]*this host is as it was/),
        });
      }
      expect(await host.run(['dpkg', '--status', 'shunt'])).toMatch(/ ok installed\n[\s\S]*\nVersion: 7\.0\.9\n/);
      expect((await host.unit(agent))['MainPID']).toBe(before);

      const said = await install(host, newer);
      expect(said).toContain('waiting for it to come to rest before the upgrade, 300 seconds at most');
      expect(await cloud.untilClosed('hv1')).toMatchObject({ outcome: 'committed', direction: 'forward' });
      const after = await host.waitFor(agent, 'active');
      expect(after['MainPID']).not.toBe(before);
      await cloud.untilAgentsReady();
      expect(await cloud.host('hv1')).toMatchObject({ agentVersion: '7.0.10', plug: 'target' });
      expect(await host.run(['cat', '/etc/shunt/agent.yaml'])).toBe(await host.run(['cat', '/root/agent.yaml']));
      expect(await host.run(['shunt-agent', 'journal', 'show'])).toContain('forward committed');
      expect(await cloud.silentGuests()).toEqual([]);
    });

    it('restarts a coordinator that runs, with its ledger, and an agent that waits for Open vSwitch, without waiting for it', async () => {
      const { MainPID: before } = await central.unit(coordinator);
      const entries = (await cloud.api.status(AbortSignal.timeout(20_000))).lastSeq;
      await central.systemctl('mask', 'openvswitch-switch.service');
      await central.run(['systemctl', 'start', '--no-block', agent]);
      const { MainPID: waiting } = await central.waitFor(
        agent,
        (unit) => unit['SubState'] === 'start' && unit['MainPID'] !== '0',
      );

      const said = await install(central, newer, { SHUNT_RESTART_WAIT: '3' });
      expect(said).toContain(`${agent} was restarted and is not ready yet`);
      const after = await central.unit(agent);
      expect(after).toMatchObject({
        ActiveState: 'activating',
        MainPID: expect.not.stringMatching(`^(0|${waiting})$`),
      });
      await central.run(['systemctl', 'stop', agent]);
      expect(await central.run(['dpkg', '--status', 'shunt'])).toMatch(/ ok installed\n[\s\S]*\nVersion: 7\.0\.10\n/);

      expect((await central.waitFor(coordinator, 'active'))['MainPID']).not.toBe(before);
      await cloud.untilAgentsReady();
      const status = await cloud.api.status(AbortSignal.timeout(20_000));
      expect(status.version).toBe('7.0.10');
      expect(status.lastSeq).toBeGreaterThanOrEqual(entries);
      await central.run(['shunt-coordinator', 'ledger', 'verify']);
    });

    it('is removed without a trace but its state, and says which taps nobody keeps any more', async () => {
      const listed = (await host.run(['dpkg', '--listfiles', 'shunt'])).split('\n').filter((path) => path !== '');
      const { status, stderr } = await host.exec(['dpkg', '--remove', 'shunt']);
      expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('on the target: ') });
      const { stdout: left } = await host.exec([
        'sh',
        '-c',
        `for f in ${listed.join(' ')}; do [ -f $f ] && echo $f; done`,
      ]);
      expect(left.trimEnd().split('\n')).toEqual(conffiles);
      expect(await installedProcesses(host)).toEqual([]);
      expect((await host.systemctl('list-units', '--all', '--plain', '--no-legend', 'shunt*')).stdout).toBe('');
      expect((await host.exec(['ls', '/etc/systemd/system/multi-user.target.wants/shunt-agent.service'])).status).toBe(
        2,
      );
      expect((await host.run(['ls', '/var/lib/shunt/agent/attempts'])).trim()).not.toBe('');
      expect(await cloud.silentGuests()).toEqual([]);
    });

    it('keeps the state at a purge while taps are on the target, and goes wholly once they are back', async () => {
      const purged = await host.exec(['dpkg', '--purge', 'shunt']);
      expect(purged).toMatchObject({ status: 0, stderr: expect.stringContaining('/var/lib/shunt is kept') });
      expect((await host.run(['ls', '/var/lib/shunt/agent/attempts'])).trim()).not.toBe('');
      expect(await host.exec(['ls', '-lA', '/etc/shunt'])).toMatchObject({ stdout: '', status: 2 });

      await install(host, newer);
      expect(await host.unit(agent)).toMatchObject({ ActiveState: 'inactive', UnitFileState: 'disabled' });
      await host.run(['sh', '-c', 'cat /root/agent.yaml > /etc/shunt/agent.yaml']);
      await host.run(['systemctl', 'enable', '--now', agent]);
      await cloud.untilAgentsReady();
      await cloud.back('hv1');
      expect(await host.run(['shunt-agent', 'at-rest'])).toBe('at rest, no tap is on the target\n');
      const { status, stderr } = await host.exec(['dpkg', '--purge', 'shunt']);
      expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringContaining('shunt:') });
      const rest = await host.exec([
        'ls',
        '-d',
        '/var/lib/shunt',
        '/etc/shunt',
        '/usr/lib/shunt',
        '/usr/share/doc/shunt',
        '/var/cache/shunt',
      ]);
      expect(rest.stdout).toBe('');
      expect(await installedProcesses(host)).toEqual([]);
      expect(await cloud.silentGuests()).toEqual([]);
    });

    it('keeps the ledger when the package of the coordinator is purged, unless it is told not to', async () => {
      const { status, stderr } = await central.exec(['dpkg', '--purge', 'shunt']);
      expect({ status, stderr }).toEqual({
        status: 0,
        stderr: expect.stringContaining('/var/lib/shunt/coordinator is kept'),
      });
      expect(await central.run(['ls', '/var/lib/shunt'])).toBe('coordinator\n');
      await central.run(['test', '-s', '/var/lib/shunt/coordinator/ledger.sqlite']);
    });

    function hostname(): string {
      return cloud.lab.topology.hypervisors[0]?.hostname ?? '';
    }
  });
}
