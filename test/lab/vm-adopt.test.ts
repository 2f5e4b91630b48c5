import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const name = 'vmadopt';

/**
 * In the machine: eth2.100 and eth2 itself in two bridges, a guest in each, asked all along from beyond the wire. The flat one is adopted, then the VLAN;
 * a guest is cut over and back by hand; all is given back; an adoption is killed half-way.
 */
const script = `
node lab/main.ts up --name ${name} --hosts 1 --guests 2 --networks 2 --uplinks nic --no-services || exit 9
dir=/run/shunt-lab/${name}/hv1
agent() { ip netns exec ${name}-hv1 node dist/shunt-agent.mjs "$@" --state-dir /tmp/agent --ovs-db unix:$dir/db.sock --ovs-run-dir $dir --deadman process; }
adopt() { agent adopt --output json "$@" > /tmp/out; echo "exit $?"; cat /tmp/out; }
look() {
  ip -n ${name}-hv1 -j link show | node -e 'for (const l of JSON.parse(require("fs").readFileSync(0))) if (/^(eth|brq|tap|sh)/.test(l.ifname)) console.log(l.ifname, l.address, l.mtu, l.master)' | sort
  ovs-vsctl --db=unix:$dir/db.sock list-ports br-ex | grep -v ^patch- || true # OVN's own, which stays for a while
}
node lab/main.ts status --name ${name} --output json > /tmp/lab
node -e '
const { guests, name } = JSON.parse(require("fs").readFileSync("/tmp/lab"));
const own = guests.filter((guest) => guest.hypervisor === "hv1");
const write = (path, words) => require("fs").writeFileSync(path, words.join(" "));
write("/tmp/targets", own.map((g) => "--target " + g.name + "=" + g.ips[0] + "@50%" + name + "-ext-" + g.network));
write("/tmp/guest", ["--once", own[0].tap, "--port", own[0].portId, "--mac", own[0].mac, "--ips", own[0].ips.join(), "--bridge", "brq" + own[0].networkId.slice(0, 11)]);'
peers=10.100.0.1,10.100.16.1
look > /tmp/before
ip netns exec ${name}-ext-net1 node lab/pinger-process.ts $(cat /tmp/targets) > /tmp/echoes &
echoes=$!
echo "alone $(adopt --nic eth2 --vlan 100 | tr -d '\\n')"
echo "first $(adopt --nic eth2 --vlan flat --ask $peers --apply | tr -d '\\n')"
adopt --confirm
echo "second $(adopt --nic eth2 --vlan 100 --ask $peers --apply | tr -d '\\n')"
adopt --confirm
kill -INT $echoes; wait $echoes
echo "echoes $(cat /tmp/echoes)"
look
agent cut $(cat /tmp/guest) && node lab/main.ts check --name ${name} && agent uncut $(cat /tmp/guest) && echo "cut and uncut"
adopt --back; adopt --back
look > /tmp/after; diff /tmp/before /tmp/after && echo "all as before"
node lab/main.ts check --name ${name} && echo "all answer"
ip netns exec ${name}-hv1 node dist/shunt-agent.mjs adopt --nic eth2 --ask $peers --apply --confirm-within 40 --state-dir /tmp/agent --ovs-db unix:$dir/db.sock --ovs-run-dir $dir --deadman process &
adopter=$!
while ip -n ${name}-hv1 link show eth2.100 > /dev/null 2>&1 && kill -0 $adopter; do sleep 0.1; done
kill -9 $adopter
look | grep -q eth2.100 || echo "killed half-way"
until look | cmp -s - /tmp/before; do sleep 0.2; done
echo "came back"
`;

it.skipIf(process.env['SHUNT_LAB_VM'] !== undefined)(
  "adopts VLANs and the NIC on the kernel's datapath, one after the other, and gives them back as they were",
  () => {
    const { status, stdout, stderr } = spawnSync(
      'npm',
      ['run', '--silent', 'lab', '--', 'vm', '--timeout', '600', '--', 'sh', '-c', `cd ${root}; ${script}`],
      { cwd: root, encoding: 'utf8', timeout: 650_000 },
    );
    expect(status, `${stdout}\n${stderr}`).toBe(0);
    expect(stdout).toMatch(/^alone exit 4.*other-owner/m);
    for (const which of ['first', 'second'])
      expect(stdout, which).toMatch(new RegExp(`^${which} exit 0.*"kind":"adopted"`, 'm'));
    for (const word of ['cut and uncut', 'all as before', 'all answer', 'killed half-way', 'came back'])
      expect(stdout).toMatch(new RegExp(`^${word}$`, 'm'));
    const [, echoes = '{}'] = /^echoes (\{.*\})$/m.exec(stdout) ?? [];
    const { targets } = JSON.parse(echoes) as {
      readonly targets: readonly { readonly lost: number; readonly sent: number }[];
    }; // the pinger's own
    expect(targets.map(({ lost, sent }) => sent > 0 && lost < sent / 4)).toEqual([true, true]);
  },
  700_000,
);
