import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { insideCoordinatorConfig, moveCoordinator } from '../../lab/machine/central-machine.ts';
import { moveHypervisor } from '../../lab/machine/hypervisor-machine.ts';
import type { Machine, UnitProperties } from '../../lab/machine/machine.ts';
import { Cloud } from './fixture/cloud.ts';

const agent = 'shunt-agent.service';
const coordinator = 'shunt-coordinator.service';
const agentProgram = ['/usr/lib/shunt/node', '/usr/lib/shunt/shunt-agent.mjs'];

/** A hypervisor and central of one lab, each with systemd as PID 1; the units of systemd/ as they are. */
describe('the units below systemd', () => {
  let cloud: Cloud;
  let hypervisor: Machine;
  let central: Machine;

  beforeAll(async () => {
    cloud = await Cloud.up({ name: `mu${process.pid % 10_000}`, hosts: 1, guests: 2, networks: 2 });
    [hypervisor, central] = await Promise.all([moveHypervisor(cloud.lab, 'hv1'), moveCoordinator(cloud.lab)]);
  });

  afterAll(async () => {
    await cloud?.[Symbol.asyncDispose]();
  });

  it('the coordinator starts as its own user, is ready when systemd says so, and owns its directories', async () => {
    expect(await central.systemctl('start', coordinator)).toMatchObject({ status: 0 });
    const unit = await central.unit(coordinator);
    expect(unit).toMatchObject({ ActiveState: 'active', SubState: 'running', Type: 'notify', NRestarts: '0' });
    expect(readFileSync(central.path(`/proc/${unit['MainPID']}/status`), 'utf8')).toMatch(/^CapEff:\t0+$/m);
    const owners = ['stat', '-c', '%U %a %n', '/var/lib/shunt/coordinator', '/run/shunt/coordinator', '/var/lib/shunt'];
    expect(await central.run(owners)).toBe(
      'shunt 700 /var/lib/shunt/coordinator\nshunt 750 /run/shunt/coordinator\nroot 755 /var/lib/shunt\n',
    );
  });

  it('the coordinator brings the timer of the grace sweep, whose unit reaches OVN NB within its seal', async () => {
    const timer = 'shunt-grace-sweep.timer';
    expect(await central.unit(timer)).toMatchObject({ ActiveState: 'active' });
    expect(await central.systemctl('start', 'shunt-grace-sweep.service')).toMatchObject({ status: 0 });
    expect(await central.unit('shunt-grace-sweep.service')).toMatchObject({ Result: 'success', ExecMainStatus: '0' });
    expect(await central.systemctl('stop', timer)).toMatchObject({ status: 0 }); // it would look on while others measure
  });

  it('the agent starts, is ready, and meets the coordinator', async () => {
    expect(await hypervisor.systemctl('start', agent)).toMatchObject({ status: 0 });
    expect(await hypervisor.unit(agent)).toMatchObject({
      ActiveState: 'active',
      StatusText: expect.stringContaining('hv1'),
    });
    await cloud.untilAgentsReady();
    const { stdout } = await hypervisor.exec([...agentProgram, 'status', '--output', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ bootId: hypervisor.bootId });
  });

  it('both live on one machine without touching the directories of the other', async () => {
    const config = stringify({ ...insideCoordinatorConfig(cloud.lab.topology), nats: { servers: [] } });
    writeFileSync(hypervisor.path('/etc/shunt/coordinator.yaml'), config);
    expect(await hypervisor.systemctl('start', coordinator)).toMatchObject({ status: 0 });
    expect(await hypervisor.systemctl('restart', agent)).toMatchObject({ status: 0 });
    const owners = await hypervisor.run(['sh', '-c', 'cd /var/lib/shunt && stat -c "%U %a %n" *']);
    expect(owners).toBe('root 700 agent\nshunt 700 coordinator\n');
    expect(await hypervisor.systemctl('stop', coordinator)).toMatchObject({ status: 0 });
    expect((await hypervisor.exec([...agentProgram, 'status'])).status).toBe(0);
  });

  it('the hardening is in force', async () => {
    const { MainPID } = await hypervisor.unit(agent);
    const status = readFileSync(hypervisor.path(`/proc/${MainPID}/status`), 'utf8');
    const bits = BigInt(`0x${/^CapBnd:\t(\w+)$/m.exec(status)?.[1]}`);
    expect(bits).toBe((1n << 12n) | (1n << 13n) | (1n << 1n)); // NET_ADMIN, NET_RAW, DAC_OVERRIDE: capability.h
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    for (const [unit, machine, threshold] of [
      [agent, hypervisor, 35],
      [coordinator, central, 20],
    ] as const) {
      const { status: exit, stdout } = await machine.exec([
        'systemd-analyze',
        'security',
        `--threshold=${threshold}`,
        '--no-pager',
        unit,
      ]);
      expect({ exit, stdout: stdout.slice(-300) }).toMatchObject({ exit: 0 });
    }
  });

  it.each([
    ['the agent', agent, () => hypervisor],
    ['the coordinator', coordinator, () => central],
  ] as const)('%s is started again after kill -9', async (_name, unit, machine) => {
    const before = await machine().unit(unit);
    await machine().systemctl('kill', '--signal=KILL', '--kill-whom=main', unit);
    const after = await machine().waitFor(unit, restarted(before));
    expect(after['Result']).toBe('success');
    await cloud.untilAgentsReady();
  });

  it.each([
    ['the agent', agent, () => hypervisor],
    ['the coordinator', coordinator, () => central],
  ] as const)('%s is started again when it hangs: systemd misses its watchdog', async (_name, unit, machine) => {
    await dropIn(machine(), unit, 'WatchdogSec=2s');
    await machine().systemctl('restart', unit);
    const before = await machine().unit(unit);
    await machine().systemctl('kill', '--signal=STOP', '--kill-whom=main', unit);
    await machine().waitFor(unit, restarted(before));
    expect(await machine().journal(unit, { boot: true })).toContain('Watchdog timeout');
    await withoutDropIn(machine(), unit);
  });

  it('the agent waits for a database that does not answer, however long, and says so to systemd', async () => {
    await hypervisor.systemctl('stop', agent);
    await hypervisor.systemctl('kill', '--signal=STOP', 'ovsdb-server.service');
    await hypervisor.systemctl('start', '--no-block', agent);
    await hypervisor.waitFor(
      agent,
      (unit) => unit['SubState'] === 'start' && /Open vSwitch/.test(unit['StatusText'] ?? ''),
    );
    await hypervisor.systemctl('kill', '--signal=CONT', 'ovsdb-server.service');
    await hypervisor.waitFor(agent, 'running');
  });

  it('is never given up: after many failures in a row it starts as soon as it can', async () => {
    await dropIn(hypervisor, agent, 'RestartSec=10ms\nExecStart=\nExecStart=/bin/false');
    await hypervisor.systemctl('restart', agent);
    // systemd's default would be to give up after 5 starts within 10 s.
    await hypervisor.waitFor(agent, (unit) => Number(unit['NRestarts']) >= 12);
    await withoutDropIn(hypervisor, agent);
    await hypervisor.waitFor(agent, 'running');
  });

  it('starts after Open vSwitch and ovn-controller and ends before them', async () => {
    await hypervisor.systemctl('enable', agent);
    await hypervisor.shutdown();
    await hypervisor.boot();
    const [ovs, ovn, ours] = await Promise.all(
      ['ovs-vswitchd', 'ovn-controller', agent].map((name) => hypervisor.unit(name)),
    );
    const began = Number(ours?.['ExecMainStartTimestampMonotonic']);
    expect(began).toBeGreaterThan(Number(ovs?.['ActiveEnterTimestampMonotonic']));
    expect(began).toBeGreaterThan(Number(ovn?.['ActiveEnterTimestampMonotonic']));
    const told = await hypervisor.run(['journalctl', '--no-pager', '--output=cat', '--boot=-1', '_PID=1']);
    const at = (text: string) => told.indexOf(text);
    expect(at(`Stopped ${agent}`)).toBeGreaterThan(0);
    expect(at(`Stopped ${agent}`)).toBeLessThan(at('Stopping ovn-controller.service'));
    expect(at(`Stopped ${agent}`)).toBeLessThan(at('Stopping ovs-vswitchd.service'));
    await cloud.untilAgentsReady();
  });
});

/** Runs, and has been started again since. */
function restarted(before: UnitProperties) {
  return (unit: UnitProperties): boolean =>
    unit['SubState'] === 'running' && Number(unit['NRestarts']) > Number(before['NRestarts']);
}

async function dropIn(machine: Machine, unit: string, setting: string): Promise<void> {
  await machine.run(['mkdir', '-p', `/run/systemd/system/${unit}.d`]);
  writeFileSync(machine.path(`/run/systemd/system/${unit}.d/test.conf`), `[Service]\n${setting}\n`);
  await machine.systemctl('daemon-reload');
}

async function withoutDropIn(machine: Machine, unit: string): Promise<void> {
  await machine.run(['rm', '-r', `/run/systemd/system/${unit}.d`]);
  await machine.systemctl('daemon-reload');
}
