import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const name = 'vmsmoke';
const hosts = 2;
const guests = 1;
const all = hosts * guests;

/** In the machine: all that a first cutover does, then the way back by an order, then the sums. */
const script = `
set -e
node lab/demo.ts --name ${name} --hosts ${hosts} --guests ${guests} --keep
export SHUNT_COORDINATOR=unix:/run/shunt-lab/${name}/coordinator.sock
node dist/shunt.mjs host revert hv1 --wait
echo "hosts $(node dist/shunt.mjs host list --output json | tr -d '\\n')"
node lab/main.ts check --name ${name}
ovs-vsctl --db=unix:/run/shunt-lab/${name}/hv2/db.sock get Bridge br-int datapath_type
ip -n ${name}-hv2 -json -details link show type veth
`;

interface Link {
  readonly ifname: string;
  readonly linkinfo?: { readonly info_slave_kind?: string };
}

it.skipIf(process.env['SHUNT_LAB_VM'] !== undefined)(
  "does all of a first cutover on the kernel's datapath: cut, failed verify and automatic way back, retry, revert by order",
  () => {
    const machine = spawnSync(
      'npm',
      ['run', '--silent', 'lab', '--', 'vm', '--timeout', '900', '--', 'sh', '-c', script],
      {
        cwd: root,
        encoding: 'utf8',
        timeout: 950_000,
      },
    );
    const { status, stdout, stderr } = machine;
    expect(status, `${stdout}\n${stderr}`).toBe(0);
    expect(stdout).toMatch(/hv1\.\S+ attempt 1 committed/);
    expect(stdout).toMatch(/hv2\.\S+ attempt 1 reverted/);
    expect(stdout).toMatch(/hv2\.\S+ attempt 2 committed/);
    expect(stdout).toContain(`Done: every tap is on br-int, and all ${all} guests answer`);
    const [, list = '[]'] = /^hosts (.*)$/m.exec(stdout) ?? [];
    expect(JSON.parse(list)).toMatchObject([
      { hostname: `hv1.${name}.lab`, plug: 'legacy' },
      { hostname: `hv2.${name}.lab`, plug: 'target' },
    ]);
    expect(stdout).toMatch(/^(\d+) of \1 pings answered$/m);
    expect(stdout).toMatch(/^system$/m);
    const [, links = '[]'] = /^(\[\{.*\}\])$/m.exec(stdout) ?? [];
    const slaves = (JSON.parse(links) as Link[]).filter(({ ifname }) => ifname.startsWith('tap')); // as ip(8) writes them
    expect(slaves.map(({ linkinfo }) => linkinfo?.info_slave_kind)).toEqual(Array(guests).fill('openvswitch'));
  },
  1_000_000,
);
