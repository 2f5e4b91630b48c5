import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'shunt-vm-test-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const argvOf = (args: readonly string[]) => ['lab/main.ts', 'vm', '--no-build', '--memory', '1024', ...args];

function vm(args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, argvOf(args), {
    cwd: root,
    input,
    encoding: 'utf8',
    timeout: 170_000,
  });
  return { status, stdout, stderr };
}

/** Processes of QEMU that some process started: by its own arguments, since others may run machines too. */
function machinesWith(word: string): readonly string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return line.includes('qemu-system') && line.includes(word);
      } catch {
        return false; // ended meanwhile
      }
    });
}

const unnamedFiles = () => readdirSync(tmpdir()).filter((name) => /^shunt-vm-[A-Za-z0-9]{6}$/.test(name));

/** Written into the machine's log of its command, one line each. */
const script = String.raw`
set -e
cd /
echo "arguments [$1] [$2]"
read -r line; echo "stdin [$line]"
echo "to stderr" >&2
uname -v | grep -o Debian
echo "datapath $SHUNT_LAB_DATAPATH"
for module in openvswitch geneve 8021q bonding sch_netem veth tun bridge br_netfilter nf_tables ip_tables vxlan dummy; do
  modprobe $module || echo "no $module"
done
ip netns add one
ip -n one link add n0 type dummy
ip netns exec one tc qdisc add dev n0 root netem delay 1ms && echo netem
echo kept >"$3/kept"
echo lost >"$3/../lost"
touch /usr/lost && echo "may write"
head -c 300000 /dev/zero | tr '\0' 'x'
echo
exit 42
`;

// In a machine of its own (`npm run test:vm`) this would be an emulation within an emulation.
describe.skipIf(process.env['SHUNT_LAB_VM'] !== undefined)('lab vm', () => {
  it("runs a command on Debian's kernel: its words, both outputs, input and status pass, and only --out is kept", () => {
    const out = join(scratch, 'out');
    const words = ['a b  c', `it's "q" $HOME \\`, out];
    const { status, stdout, stderr } = vm(['--out', out, '--', 'sh', '-c', script, 'sh', ...words], 'one line\n');
    const lines = stdout.split('\n');
    expect(status, stderr).toBe(42);
    expect(lines.slice(0, 6), stderr).toEqual([
      `arguments [${words[0]}] [${words[1]}]`,
      'stdin [one line]',
      'Debian',
      'datapath system',
      'netem',
      'may write',
    ]);
    expect(lines[6]).toBe('x'.repeat(300_000));
    expect(stderr).toContain('to stderr');
    expect(stderr).toMatch(/Linux \d\S+ with 1024 MiB, (KVM|emulated: expect 10-20 times slower)/);
    expect(readFileSync(join(out, 'kept'), 'utf8')).toBe('kept\n');
    expect(existsSync(join(scratch, 'lost'))).toBe(false);
    expect(existsSync('/usr/lost')).toBe(false);
  });

  it('tells the last words of a machine that dies, and ends with 125', () => {
    const { status, stderr } = vm(['--', 'sh', '-c', 'echo c >/proc/sysrq-trigger; sleep 60']);
    expect(status, stderr).toBe(125);
    expect(stderr).toContain('the virtual machine died');
    expect(stderr).toContain('sysrq_handle_crash'); // the panic's own first line may be above the last that are kept
  });

  it('ends the machine at its time limit with 124', () => {
    const mark = join(scratch, 'late');
    const { status, stderr } = vm(['--timeout', '2', '--out', mark, '--', 'sleep', '600']);
    expect(status, stderr).toBe(124);
    expect(stderr).toContain('ended after 2 s');
    expect(machinesWith(mark)).toEqual([]);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)('leaves no machine and no file behind after %s', async (signal, expected) => {
    const before = unnamedFiles();
    const mark = join(scratch, signal);
    const lab = spawn(process.execPath, argvOf(['--out', mark, '--', 'sleep', '600']), { cwd: root, stdio: 'ignore' });
    const ended = new Promise<number | null>((resolve) => lab.once('close', resolve));
    await expect.poll(() => machinesWith(mark), { timeout: 60_000 }).toHaveLength(1);
    lab.kill(signal);
    expect(await ended).toBe(expected);
    await expect.poll(() => machinesWith(mark), { timeout: 10_000 }).toEqual([]);
    expect(unnamedFiles()).toEqual(before);
  });

  it('says in plain words what is wrong', () => {
    expect(vm(['--accel', 'magic', '--', 'true'])).toMatchObject({ status: 1 });
    const without = vm([]);
    expect(without.status).toBe(1);
    expect(without.stderr).toContain('which command?');
  });
});
