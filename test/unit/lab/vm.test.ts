import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultDatapath } from '../../../lab/datapath.ts';
import { chooseAccelerators } from '../../../lab/vm/accelerator.ts';
import { fileType, writeCpio } from '../../../lab/vm/cpio.ts';
import { modulesForRoot } from '../../../lab/vm/initramfs.ts';
import { jobEnvironment, quoted, renderJob } from '../../../lab/vm/job.ts';
import { qemuCommand } from '../../../lab/vm/qemu.ts';

const scratch = mkdtempSync(join(tmpdir(), 'shunt-unit-vm-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the processor of a virtual machine', () => {
  const intel = 'flags\t\t: fpu vme vmx sse2\n';
  const without = 'flags\t\t: fpu vme sse2\nvmx flags\t: none\n';

  it.each([
    ['KVM first, where the processor can', { cpuinfo: intel, kvm: 'usable' }, ['kvm', 'tcg']],
    ['emulated without /dev/kvm', { cpuinfo: intel, kvm: 'absent' }, ['tcg']],
    ['emulated where /dev/kvm is not ours', { cpuinfo: intel, kvm: 'forbidden' }, ['tcg']],
    ['emulated where /dev/kvm is on a processor without vmx and svm', { cpuinfo: without, kvm: 'usable' }, ['tcg']],
  ] as const)('is %s', (_, facts, order) => {
    const chosen = chooseAccelerators(facts);
    expect(chosen.order).toEqual(order);
    expect(chosen.because !== undefined).toBe(order[0] === 'tcg');
  });
});

describe('the job of a virtual machine', () => {
  it('hands words to the shell as they are, whatever is in them', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string().filter((word) => !word.includes('\0')),
          { minLength: 1 },
        ),
        (words) => {
          const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${words.map(quoted).join(' ')}`], {
            encoding: 'utf8',
          });
          expect(stdout.split('\0').slice(0, -1)).toEqual(words.map((word) => Buffer.from(word).toString()));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('becomes the command, in its folder and environment', () => {
    const job = renderJob({ argv: ['sh', '-c', 'pwd; echo "$TEXT"; exit 9'], cwd: scratch, env: { TEXT: "it's" } });
    const { stdout, status } = spawnSync('sh', ['-c', job], { encoding: 'utf8' });
    expect(stdout).toBe(`${scratch}\nit's\n`);
    expect(status).toBe(9);
  });

  it('sees little of our environment, and that labs use the kernel datapath unless we say otherwise', () => {
    const ours = { PATH: '/bin', HOME: '/root', AWS_SECRET: 'x', SHUNT_LAB_VM: 'old', SHUNT_NO_APT: '1' };
    expect(jobEnvironment(ours, 'kvm')).toEqual({
      PATH: '/bin',
      HOME: '/root',
      SHUNT_NO_APT: '1',
      SHUNT_LAB_DATAPATH: 'system',
      SHUNT_LAB_VM: 'kvm',
    });
    expect(jobEnvironment({ SHUNT_LAB_DATAPATH: 'netdev' }, 'tcg')['SHUNT_LAB_DATAPATH']).toBe('netdev');
  });
});

describe('the first root of a virtual machine', () => {
  it('is an archive that cpio takes apart to the same files', () => {
    const archive = writeCpio([
      { path: 'folder', mode: fileType.folder | 0o755 },
      { path: 'folder/odd', mode: fileType.file | 0o640, data: Buffer.from('12345') },
      { path: 'folder/empty', mode: fileType.file | 0o600 },
    ]);
    const unpacked = spawnSync('busybox', ['cpio', '-i', '-d'], { cwd: scratch, input: archive, encoding: 'utf8' });
    expect(unpacked.status, unpacked.stderr).toBe(0);
    expect(readFileSync(join(scratch, 'folder/odd'), 'utf8')).toBe('12345');
    expect(statSync(join(scratch, 'folder/odd')).mode & 0o777).toBe(0o640);
    expect(statSync(join(scratch, 'folder/empty')).size).toBe(0);
  });

  it('loads a module after those that it needs, each once', () => {
    const order = modulesForRoot(
      [
        'k/virtio_pci.ko: k/modern.ko k/virtio.ko k/ring.ko',
        'k/virtio_console.ko: k/virtio.ko k/ring.ko',
        'k/9pnet_virtio.ko: k/9pnet.ko k/virtio.ko k/ring.ko',
        'k/9p.ko: k/9pnet.ko',
        'k/overlay.ko:',
        'k/ring.ko:',
        'k/sound.ko:',
      ].join('\n'),
    );
    expect(order.map((path) => path.slice(2, -3))).toEqual([
      'ring',
      'virtio',
      'modern',
      'virtio_pci',
      'virtio_console',
      '9pnet',
      '9pnet_virtio',
      '9p',
      'overlay',
    ]);
    expect(() => modulesForRoot('k/virtio_pci.ko:')).toThrow('no module virtio_console');
  });
});

describe('the command line of QEMU', () => {
  const spec = {
    accelerator: 'tcg',
    kernel: { release: '6.1', name: 'k', vmlinuz: '/c/vmlinuz', modules: '/c/a,b' },
    cpus: 2,
    memoryMiB: 1024,
    initramfsFd: 8,
    consoleFd: 3,
    ports: { control: 4 },
    terminal: false,
  } as const;

  it("shares the host's root read-only, has no network, and dies with its parent", () => {
    const line = qemuCommand(spec).join(' ');
    expect(line).toMatch(/^setpriv --pdeathsig KILL -- qemu-system-x86_64 /);
    expect(line).toContain('local,path=/,mount_tag=root,security_model=none,multidevs=remap,readonly=on');
    expect(line).toContain('path=/c/a,,b,mount_tag=modules');
    expect(line).toContain('-nic none');
    expect(line).not.toContain('readonly=off');
  });

  it('shares one folder for results, and only where it is asked for', () => {
    expect(qemuCommand({ ...spec, out: '/r' }).join(' ')).toContain(
      'path=/r,mount_tag=out,security_model=none,multidevs=remap,readonly=off',
    );
  });
});

describe('the datapath of a lab', () => {
  it("is vswitchd's own unless the environment says the kernel's, and no other word", () => {
    expect(defaultDatapath({})).toBe('netdev');
    expect(defaultDatapath({ SHUNT_LAB_DATAPATH: 'system' })).toBe('system');
    expect(() => defaultDatapath({ SHUNT_LAB_DATAPATH: 'kernel' })).toThrow("'kernel': netdev or system");
  });
});
