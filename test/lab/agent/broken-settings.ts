import { run } from '../../../lab/command.ts';

/** Puts a command into mounts of its own: what is mounted there is seen by it and its children alone. The process stays the same one. */
export function inOwnMounts(argv: readonly string[]): readonly string[] {
  return ['unshare', '--mount', '--propagation', 'private', '--', ...argv];
}

/** Somebody writes a key into /etc/shunt/agent.yaml that there is not, as this process and its children see it. */
export async function breakSettings(pid: number): Promise<void> {
  const script = [
    'mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work',
    'mount -t overlay none -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work /etc',
    'mkdir -p /etc/shunt && printf "guard:\\n  foreignWriter: hold\\n" > /etc/shunt/agent.yaml',
  ].join('\n');
  await run(['nsenter', `--mount=/proc/${pid}/ns/mnt`, '--', 'sh', '-e', '-c', script]);
}
