import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const scripts = join(import.meta.dirname, '../../../scripts');
const asRoot = process.getuid?.() === 0;
const nodeDir = `node_modules/node-linux-${process.arch}/bin`;

let tree: string;
let bin: string;

beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'shunt-node-'));
  bin = join(tree, 'bin');
  mkdirSync(bin);
  mkdirSync(join(tree, 'scripts'));
  for (const file of ['shunt-node.sh', 'packages.sh', 'same-lock.cjs']) {
    copyFileSync(join(scripts, file), join(tree, 'scripts', file));
  }
  writeFileSync(join(tree, 'package-lock.json'), '{"packages": {"node_modules/a": {"version": "1.0.0"}}}');
  writeFileSync(join(tree, 'hello.ts'), 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7;\n');
  // The only stand-in: an npm that installs this very Node and counts how often it was asked.
  program('npm', [
    `echo "$@" >>${tree}/npm-calls`,
    'echo npm speaks',
    `mkdir -p ${nodeDir} && ln -sf ${process.execPath} ${nodeDir}/node`,
  ]);
});

afterEach(() => rmSync(tree, { recursive: true }));

function program(name: string, lines: readonly string[]): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${lines.join('\n')}\n`);
  chmodSync(join(bin, name), 0o755);
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function sh(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      '/bin/sh',
      [...args],
      { cwd: tree, env: { PATH: `${bin}:/usr/bin:/bin`, ...env } },
      (_error, stdout, stderr) => resolve({ status: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

const shuntNode = (...args: readonly string[]) => sh(['scripts/shunt-node.sh', ...args]);
const npmCalls = () =>
  existsSync(join(tree, 'npm-calls')) ? readFileSync(join(tree, 'npm-calls'), 'utf8').trim().split('\n') : [];

describe('shunt-node.sh', () => {
  it('installs first, says so on stderr, and runs the script with its arguments and status', async () => {
    const { status, stdout, stderr } = await shuntNode('hello.ts', 'one', 'two words');
    expect({ status, stdout }).toEqual({ status: 7, stdout: '["one","two words"]\n' });
    expect(stderr).toMatch(/will install with npm ci[\s\S]*why:[\s\S]*npm speaks/);
  });

  it('is silent and calls no npm once all is there', async () => {
    await shuntNode('hello.ts');
    expect(await shuntNode('hello.ts')).toEqual({ status: 7, stdout: '[]\n', stderr: '' });
    expect(npmCalls()).toHaveLength(1);
  });

  it('installs again when the lock file has changed', async () => {
    await shuntNode('hello.ts');
    writeFileSync(join(tree, 'package-lock.json'), '{"packages": {"node_modules/a": {"version": "2.0.0"}}}');
    await shuntNode('hello.ts');
    expect(npmCalls()).toHaveLength(2);
  });

  it('adopts packages that somebody else installed, when they are what the lock file asks for', async () => {
    mkdirSync(join(tree, nodeDir), { recursive: true });
    symlinkSync(process.execPath, join(tree, nodeDir, 'node'));
    copyFileSync(join(tree, 'package-lock.json'), join(tree, 'node_modules/.package-lock.json'));
    expect((await shuntNode('hello.ts')).status).toBe(7);
    expect(npmCalls()).toEqual([]);
    writeFileSync(join(tree, 'package-lock.json'), '{"packages": {"node_modules/a": {"version": "2.0.0"}}}');
    program('npm', [`echo "$@" >>${tree}/npm-calls`]);
    await shuntNode('hello.ts');
    expect(npmCalls()).toHaveLength(1);
  });

  it('installs once when two start at the same time', async () => {
    const both = await Promise.all([shuntNode('hello.ts'), shuntNode('hello.ts')]);
    expect(both.map(({ status }) => status)).toEqual([7, 7]);
    expect(npmCalls()).toHaveLength(1);
  });

  it('refuses any Node but 24', async () => {
    program('npm', [
      `mkdir -p ${nodeDir}`,
      `printf '#!/bin/sh\\necho v20.1.0\\n' >${nodeDir}/node`,
      `chmod +x ${nodeDir}/node`,
    ]);
    const { status, stdout, stderr } = await shuntNode('hello.ts');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('v20.1.0, and this project runs on Node 24');
  });

  it('says plainly that npm failed, and tries again the next time', async () => {
    program('npm', ['echo no network >&2', 'exit 1']);
    const { status, stderr } = await shuntNode('hello.ts');
    expect(status).toBe(1);
    expect(stderr).toMatch(/no network\nshunt: npm ci failed/);
    expect(existsSync(join(tree, 'node_modules/.shunt-stamp'))).toBe(false);
  });

  it('names packages and command, and installs nothing, where apt-get is forbidden', async () => {
    const everyday = ['cat', 'dirname', 'flock', 'grep', 'id', 'rm', 'sha256sum', 'uname'];
    for (const name of everyday) symlinkSync(`/usr/bin/${name}`, join(bin, name));
    const { status, stderr } = await sh(['scripts/shunt-node.sh', '--lab', 'hello.ts'], {
      PATH: bin,
      SHUNT_NO_APT: '1',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(asRoot ? /SHUNT_NO_APT forbids[\s\S]*apt-get install .*ovn-host/ : /run it as root/);
    expect(npmCalls()).toEqual([]);
  });
});

describe('packages.sh', () => {
  const install = (before: string, apt: readonly string[]) => {
    program('apt-get', apt);
    const script = [
      '. scripts/packages.sh',
      `SHUNT_POLICY=${tree}/policy-rc.d SHUNT_POLICY_SAVED=${tree}/saved`,
      'flock() { return 0; }',
      `packages_missing() { [ -e ${tree}/installed ] || echo lab-package; }`,
      before,
      'packages_install lab-package',
    ];
    return sh(['-c', script.join('\n')]);
  };
  const policy = () => join(tree, 'policy-rc.d');
  const record = `[ "$3" = update ] || [ "$5" = update ] || cp ${'$POLICY'} ${'$SEEN'}`;
  const recording = () => record.replace('$POLICY', policy()).replace('$SEEN', join(tree, 'seen'));

  it('lets no daemon start while it installs, and leaves no trace of that', async () => {
    const { status } = await install('', [recording(), `touch ${tree}/installed`]);
    expect(status).toBe(0);
    expect(readFileSync(join(tree, 'seen'), 'utf8')).toContain('exit 101');
    expect(existsSync(policy())).toBe(false);
  });

  it.each([
    ['after success', 'touch INSTALLED', 0],
    ['after failure', 'exit 100', 1],
    ['after a signal', 'kill -TERM $PPID; exit 100', 143],
  ])('puts back the policy that was there, %s', async (_when, last, expected) => {
    writeFileSync(policy(), 'the one before\n');
    const { status } = await install('', [recording(), last.replace('INSTALLED', `${tree}/installed`)]);
    expect(status).toBe(expected);
    expect(readFileSync(join(tree, 'seen'), 'utf8')).toContain('exit 101');
    expect(readFileSync(policy(), 'utf8')).toBe('the one before\n');
    expect(existsSync(join(tree, 'saved'))).toBe(false);
  });

  it('repairs what an install that was killed left behind', async () => {
    writeFileSync(join(tree, 'saved'), 'the one before\n');
    const { status } = await install('packages_forbid_daemons; mv "$SHUNT_POLICY" x; cp x "$SHUNT_POLICY"', [
      `touch ${tree}/installed`,
    ]);
    expect(status).toBe(0);
    expect(readFileSync(policy(), 'utf8')).toBe('the one before\n');
  });
});
