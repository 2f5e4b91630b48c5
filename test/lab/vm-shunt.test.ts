import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const name = 'vmshunt';

/** In the machine: one VLAN, a guest on each of two hypervisors; staged, flipped, one flipped back, all that by an operator's commands. */
const script = `
set -e
node lab/main.ts up --name ${name} --hosts 2 --guests 1 --networks 1
export SHUNT_COORDINATOR=unix:/run/shunt-lab/${name}/coordinator.sock
shunt() { node dist/shunt.mjs "$@"; }
to() {
  printf 'version: 1\\nname: %s\\nmethod: shunt\\ngoal: %s\\nwaveSize: 2\\nmaxOpen: 2\\nremoteVantage: when-available\\ndeadline: 600s\\nsoak: 1s\\n' "$1" "$1" | shunt plan create -
  shunt plan approve "$1-1"
  shunt wave start "$1-1" --all --wait
}
ip netns exec ${name}-ext-net1 node lab/pinger-process.ts --target g1-1=10.100.0.20@20 --target g2-1=10.100.0.21@20 > /tmp/echoes &
echoes=$!
to staged
echo "staged $(shunt host list --output json | tr -d '\\n')"
to target
echo "flipped $(shunt host list --output json | tr -d '\\n')"
shunt host revert hv1 --wait
echo "mixed $(shunt host list --output json | tr -d '\\n')"
node lab/main.ts check --name ${name}
kill -INT $echoes
wait $echoes || true
echo "echoes $(cat /tmp/echoes)"
ovs-vsctl --db=unix:/run/shunt-lab/${name}/hv2/db.sock get Bridge br-int datapath_type
`;

it.skipIf(process.env['SHUNT_LAB_VM'] !== undefined)(
  "stages, flips and flips back on the kernel's datapath, and every guest answers all along",
  () => {
    const machine = spawnSync(
      'npm',
      ['run', '--silent', 'lab', '--', 'vm', '--timeout', '600', '--', 'sh', '-c', `cd ${root}; ${script}`],
      { cwd: root, encoding: 'utf8', timeout: 650_000 },
    );
    const { status, stdout, stderr } = machine;
    expect(status, `${stdout}\n${stderr}`).toBe(0);
    expect(plugs(stdout, 'staged')).toEqual(['staged', 'staged']);
    expect(plugs(stdout, 'flipped')).toEqual(['shunted', 'shunted']);
    expect(plugs(stdout, 'mixed')).toEqual(['staged', 'shunted']);
    expect(stdout).toMatch(/^(\d+) of \1 pings answered$/m);
    expect(stdout).toMatch(/^system$/m);
    const [, echoes = '{}'] = /^echoes (\{.*\})$/m.exec(stdout) ?? [];
    const { targets } = JSON.parse(echoes) as { readonly targets: readonly { readonly longestLostMs: number }[] }; // the pinger's own
    expect(targets.map((target) => target.longestLostMs < 1000)).toEqual([true, true]);
  },
  700_000,
);

function plugs(stdout: string, when: string): readonly string[] {
  const [, list = '[]'] = new RegExp(`^${when} (\\[.*\\])$`, 'm').exec(stdout) ?? [];
  return (JSON.parse(list) as readonly { readonly plug: string }[]).map((host) => host.plug); // the CLI's own
}
