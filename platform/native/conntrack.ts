import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ShuntError } from '../shunt-error.ts';
import {
  type ConntrackEntry,
  conntrackMessages,
  decodeEntry,
  encodeDumpRequest,
  encodeEntry,
  encodeKey,
} from './conntrack-codec.ts';
import { errnoName } from './libc.ts';
import * as codec from './netlink-codec.ts';
import { NETLINK_NETFILTER, NetlinkSocket } from './netlink-socket.ts';

/** How full the kernel's table of connections is. */
export interface ConntrackUse {
  readonly entries: number;
  readonly max: number;
}

/** Datagrams of a dump (32 KiB each at most) that are read before others get their turn. */
const datagramsPerTurn = 16;
/** Entries sent at once; their acknowledgements have to fit into the socket's buffer. */
const entriesPerSend = 128;

/**
 * The kernel's connection tracking in the namespace of the thread that opened it (ctnetlink). Needs CAP_NET_ADMIN. One call at a
 * time.
 */
export class Conntrack implements Disposable {
  readonly #socket: NetlinkSocket;
  #sequence = 0;

  private constructor(socket: NetlinkSocket) {
    this.#socket = socket;
  }

  static open(): Conntrack {
    return new Conntrack(NetlinkSocket.open({ groups: 0, blocking: true, protocol: NETLINK_NETFILTER }));
  }

  /**
   * Shows every entry of the zones to `take`, one after another: nothing is kept here, however large the table is. Kernels before 6.8 cannot
   * choose by zone, so all entries pass by. An entry that changes meanwhile may be missed or shown twice.
   */
  async each(zones: ReadonlySet<number>, take: (entry: ConntrackEntry) => void, signal?: AbortSignal): Promise<void> {
    const sequence = this.#nextSequence();
    const flags = codec.NLM_F_REQUEST | codec.NLM_F_DUMP;
    this.#socket.send(codec.encodeMessage(conntrackMessages.get, flags, sequence, encodeDumpRequest('both')));
    for (let datagrams = 1; ; datagrams += 1) {
      for (const message of this.#socket.receive()) {
        if (message.sequence !== sequence) continue; // of a dump that was given up
        if (message.type === codec.NLMSG_DONE) return;
        if (message.type === codec.NLMSG_ERROR) throw refused('listing connections', message);
        const entry = decodeEntry(message.body, zones);
        if (entry !== undefined) take(entry);
      }
      if (datagrams % datagramsPerTurn === 0) await nextTurn();
      signal?.throwIfAborted();
    }
  }

  /** Makes each entry, or gives one that is there this state and timeout. One result each: an errno's name, or undefined. */
  insert(entries: readonly ConntrackEntry[]): readonly (string | undefined)[] {
    const flags = codec.NLM_F_REQUEST | codec.NLM_F_ACK | codec.NLM_F_CREATE;
    return this.#each(entries, (entry) => [conntrackMessages.new, flags, encodeEntry(entry)]);
  }

  /** Removes each entry. One that is not there: ENOENT. */
  remove(
    entries: readonly Pick<ConntrackEntry, 'family' | 'protocol' | 'original' | 'zone'>[],
  ): readonly (string | undefined)[] {
    const flags = codec.NLM_F_REQUEST | codec.NLM_F_ACK;
    return this.#each(entries, (entry) => [conntrackMessages.delete, flags, encodeKey(entry)]);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  #each<T>(items: readonly T[], encode: (item: T) => readonly [number, number, Buffer]): (string | undefined)[] {
    const results: (string | undefined)[] = [];
    for (let start = 0; start < items.length; start += entriesPerSend) {
      const pending = new Map<number, number>();
      const messages = items.slice(start, start + entriesPerSend).map((item, index) => {
        const sequence = this.#nextSequence();
        pending.set(sequence, start + index);
        const [type, flags, body] = encode(item);
        return codec.encodeMessage(type, flags, sequence, body);
      });
      this.#socket.send(Buffer.concat(messages));
      while (pending.size > 0) {
        for (const message of this.#socket.receive()) {
          const index = pending.get(message.sequence);
          if (index === undefined || message.type !== codec.NLMSG_ERROR) continue;
          pending.delete(message.sequence);
          const { errno } = codec.decodeError(message);
          results[index] = errno === 0 ? undefined : errnoName(errno);
        }
      }
    }
    return results;
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return this.#sequence;
  }
}

/** The table of this network namespace; undefined when the kernel has no connection tracking loaded. */
export function conntrackUse(procNet = '/proc/sys/net/netfilter'): ConntrackUse | undefined {
  try {
    const number = (name: string): number => Number(readFileSync(`${procNet}/${name}`, 'utf8'));
    return { entries: number('nf_conntrack_count'), max: number('nf_conntrack_max') };
  } catch {
    return undefined;
  }
}

function refused(doing: string, message: codec.NetlinkMessage): ShuntError {
  const errno = errnoName(codec.decodeError(message).errno);
  return new ShuntError('netlink-failed', `${doing}: ${errno}`, { detail: { errno } });
}
