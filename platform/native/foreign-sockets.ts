import { readdirSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { libc, nativeFailure, nativeInt } from './libc.ts';

// The same on every architecture (asm-generic/unistd.h; x86-64 has no others for them).
const SYS_pidfd_open = 434;
const SYS_pidfd_getfd = 438;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;

/**
 * Gives every packet socket that a process has open now a receive buffer of this size, as `SO_RCVBUFFORCE` from within would (socket(7)).
 * Linux >= 5.6, root. Resolves with how many there were; `native-failed` where the kernel refuses.
 */
export async function deepenPacketSockets(pid: number, bytes: number): Promise<number> {
  const inodes = await packetInodes(pid);
  const found = readdirSync(`/proc/${pid}/fd`).filter((fd) => inodes.has(inodeOf(pid, fd)));
  const process = libc().syscall(SYS_pidfd_open, pid, 0, 0);
  if (process < 0) throw nativeFailure(`opening process ${pid}`);
  try {
    for (const fd of found) deepen(process, Number(fd), bytes);
  } finally {
    libc().close(process);
  }
  return found.length;
}

function deepen(process: number, theirs: number, bytes: number): void {
  const ours = libc().syscall(SYS_pidfd_getfd, process, theirs, 0);
  if (ours < 0) throw nativeFailure(`reaching socket ${theirs} of another process`);
  try {
    if (libc().setsockopt(ours, SOL_SOCKET, SO_RCVBUFFORCE, nativeInt(bytes), 4) < 0)
      throw nativeFailure(`deepening socket ${theirs} of another process`);
  } finally {
    libc().close(ours);
  }
}

/** Of the process's network namespace; packet(7). */
async function packetInodes(pid: number): Promise<ReadonlySet<string>> {
  const [, ...rows] = (await readFile(`/proc/${pid}/net/packet`, 'utf8')).trim().split('\n');
  return new Set(rows.map((row) => row.trim().split(/\s+/).at(-1) ?? ''));
}

function inodeOf(pid: number, fd: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? '';
  } catch {
    return ''; // closed meanwhile
  }
}
