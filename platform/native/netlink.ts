import { closeSync, openSync } from 'node:fs';
import { ShuntError } from '../shunt-error.ts';
import { decodeGroups, type GroupEntry, listGroups, RTM_GETMDB } from './bridge-groups.ts';
import { errnoName } from './libc.ts';
import * as codec from './netlink-codec.ts';
import * as rt from './netlink-links.ts';
import { encodeOperation, type LinkRef, linkHeader, movesNames, type NetlinkOperation } from './netlink-operations.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import { AF_BRIDGE } from './sockaddr.ts';

export type OperationResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly errno: string; readonly message: string };

const RTEXT_FILTER_SKIP_STATS = 8;
const operationsPerSend = 128;

/**
 * rtnetlink requests in the namespace of the thread that opened it. Synchronous: the kernel does the work inside sendmsg(2), its
 * answers wait when that returns. Needs CAP_NET_ADMIN for changes.
 */
export class Netlink implements Disposable {
  readonly #socket: NetlinkSocket;
  readonly #fence: () => void;
  #sequence = 0;

  private constructor(socket: NetlinkSocket, fence: () => void = () => undefined) {
    this.#socket = socket;
    this.#fence = fence;
  }

  static open(): Netlink {
    return new Netlink(NetlinkSocket.open({ groups: 0, blocking: true }));
  }

  /** The same socket for changes that `fence` may forbid at the last moment, by throwing. It lives and ends with this one. */
  fenced(fence: () => void): Netlink {
    return new Netlink(this.#socket, fence);
  }

  /**
   * Performs all operations in order, in one send as far as names allow: a name that an earlier operation of the same batch may have
   * changed costs a send of its own, an ifindex never. One that fails does not stop the others; one result each.
   * Throws `netlink-failed` only when the socket itself fails: then what was done is unknown.
   */
  apply(operations: readonly NetlinkOperation[]): readonly OperationResult[] {
    this.#fence();
    const results: OperationResult[] = [];
    using batch = new Batch(this.#socket, results, () => this.#nextSequence());
    operations.forEach((operation, index) => {
      if (batch.size >= operationsPerSend) batch.flush();
      try {
        const encoded = encodeOperation(operation, {
          ifindexOf: (link) => this.#ifindexOf(link, batch),
          openNetns: (path) => batch.openNetns(path),
        });
        batch.add(index, encoded, movesNames(operation));
      } catch (error) {
        if (!(error instanceof Impossible)) throw error;
        results[index] = { kind: 'failed', errno: error.errno, message: error.message };
      }
    });
    batch.flush();
    return results;
  }

  /** As {@link apply}; `netlink-failed` names every operation that failed. */
  applyAll(operations: readonly NetlinkOperation[]): void {
    const failures = this.apply(operations).flatMap((result, index) =>
      result.kind === 'failed' ? [{ operation: operations[index], ...result }] : [],
    );
    if (failures.length === 0) return;
    const text = failures.map((f) => `${JSON.stringify(f.operation)}: ${f.errno} ${f.message}`.trim()).join('; ');
    throw new ShuntError('netlink-failed', `changing links: ${text}`, {
      detail: { failures, errno: failures[0]?.errno },
    });
  }

  /** All links of the namespace. */
  links(): readonly rt.Link[] {
    const filter = codec.attributeU32(rt.IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    return this.#dump(rt.RTM_GETLINK, Buffer.concat([linkHeader({ ifindex: 0 }), filter]))
      .filter((message) => message.type === rt.RTM_NEWLINK)
      .map(rt.decodeLink);
  }

  /** One link, or undefined when there is none of that name or number. */
  link(ref: LinkRef): rt.Link | undefined {
    const message = this.#linkMessage(ref, RTEXT_FILTER_SKIP_STATS);
    return message === undefined ? undefined : rt.decodeLink(message);
  }

  /** How many frames went through a link; undefined when there is none. */
  counters(ref: LinkRef): rt.LinkCounters | undefined {
    const message = this.#linkMessage(ref, 0);
    return message === undefined ? undefined : rt.decodeCounters(message);
  }

  #linkMessage(ref: LinkRef, mask: number): codec.NetlinkMessage | undefined {
    const filter = codec.attributeU32(rt.IFLA_EXT_MASK, mask);
    const header = linkHeader({ ifindex: typeof ref === 'number' ? ref : 0 });
    const name = typeof ref === 'string' ? [codec.attributeText(rt.IFLA_IFNAME, ref)] : [];
    if (typeof ref === 'string' && Buffer.byteLength(ref) > 15) return undefined; // longer ones the kernel refuses: EINVAL
    const sequence = this.#nextSequence();
    const body = Buffer.concat([header, ...name, filter]);
    this.#socket.send(codec.encodeMessage(rt.RTM_GETLINK, codec.NLM_F_REQUEST, sequence, body));
    for (const message of this.#socket.receive()) {
      if (message.sequence !== sequence) continue;
      if (message.type === rt.RTM_NEWLINK) return message;
      const { errno, message: text } = codec.decodeError(message);
      if (errnoName(errno) === 'ENODEV') return undefined;
      throw new ShuntError('netlink-failed', `looking up link ${ref}: ${errnoName(errno)} ${text}`.trim());
    }
    throw new ShuntError('netlink-failed', `looking up link ${ref}: the kernel's answer is missing`);
  }

  /** The forwarding table of one Linux bridge; empty when there is no such bridge. */
  fdb(bridge: LinkRef): readonly rt.FdbEntry[] {
    const master = typeof bridge === 'number' ? bridge : this.link(bridge)?.ifindex;
    if (master === undefined) return [];
    // The old form of the request (ifinfomsg, IFLA_MASTER): all kernels know it.
    const body = Buffer.concat([
      linkHeader({ ifindex: 0, family: AF_BRIDGE }),
      codec.attributeU32(rt.IFLA_MASTER, master),
    ]);
    return this.#dump(rt.RTM_GETNEIGH, body)
      .filter((message) => message.type === rt.RTM_NEWNEIGH)
      .flatMap((message) => rt.decodeFdbEntry(message) ?? [])
      .filter((entry) => entry.master === master);
  }

  /** The multicast groups that one Linux bridge knows members of; empty where it does not snoop. */
  groups(bridge: LinkRef): readonly GroupEntry[] {
    const master = typeof bridge === 'number' ? bridge : this.link(bridge)?.ifindex;
    if (master === undefined) return [];
    return this.#dump(RTM_GETMDB, listGroups()).flatMap((message) => decodeGroups(message.body, master));
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) >>> 0;
    return this.#sequence;
  }

  #ifindexOf(ref: LinkRef, batch: Batch): number {
    if (typeof ref === 'number') return ref;
    if (batch.namesMoved) batch.flush();
    const ifindex = this.link(ref)?.ifindex;
    if (ifindex === undefined) throw new Impossible('ENODEV', `no link named ${ref}`);
    return ifindex;
  }

  #dump(type: number, body: Uint8Array): readonly codec.NetlinkMessage[] {
    const sequence = this.#nextSequence();
    this.#socket.send(codec.encodeMessage(type, codec.NLM_F_REQUEST | codec.NLM_F_DUMP, sequence, body));
    const messages: codec.NetlinkMessage[] = [];
    for (;;) {
      for (const message of this.#socket.receive()) {
        if (message.sequence !== sequence) continue;
        if (message.type === codec.NLMSG_DONE) return messages;
        if (message.type !== codec.NLMSG_ERROR) messages.push(message);
        else throw new ShuntError('netlink-failed', `listing: ${errnoName(codec.decodeError(message).errno)}`);
      }
    }
  }
}

/** An operation that cannot even be sent. */
class Impossible extends Error {
  readonly errno: string;

  constructor(errno: string, message: string) {
    super(message);
    this.errno = errno;
  }
}

interface Pending {
  readonly index: number;
  readonly sequence: number;
  readonly bytes: Buffer;
}

class Batch implements Disposable {
  readonly #socket: NetlinkSocket;
  readonly #results: OperationResult[];
  readonly #nextSequence: () => number;
  #pending: Pending[] = [];
  #descriptors: number[] = [];
  namesMoved = false;

  constructor(socket: NetlinkSocket, results: OperationResult[], nextSequence: () => number) {
    this.#socket = socket;
    this.#results = results;
    this.#nextSequence = nextSequence;
  }

  get size(): number {
    return this.#pending.length;
  }

  add(index: number, operation: { type: number; flags: number; body: Buffer }, movesName: boolean): void {
    const sequence = this.#nextSequence();
    const bytes = codec.encodeMessage(operation.type, operation.flags, sequence, operation.body);
    this.#pending.push({ index, sequence, bytes });
    this.namesMoved ||= movesName;
  }

  /** Opened until the message that carries it was processed. */
  openNetns(path: string): number {
    try {
      const fd = openSync(path, 'r');
      this.#descriptors.push(fd);
      return fd;
    } catch (error) {
      throw new Impossible('ENOENT', `opening ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  flush(): void {
    if (this.#pending.length > 0) {
      this.#socket.send(Buffer.concat(this.#pending.map((pending) => pending.bytes)));
      this.#collect(new Map(this.#pending.map((pending) => [pending.sequence, pending.index])));
    }
    this.#pending = [];
    this.namesMoved = false;
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const fd of this.#descriptors) closeSync(fd);
    this.#descriptors = [];
  }

  #collect(waiting: Map<number, number>): void {
    while (waiting.size > 0) {
      for (const message of this.#socket.receive()) {
        const index = waiting.get(message.sequence);
        if (index === undefined || message.type !== codec.NLMSG_ERROR) continue;
        waiting.delete(message.sequence);
        const { errno, message: text } = codec.decodeError(message);
        this.#results[index] =
          errno === 0 ? { kind: 'done' } : { kind: 'failed', errno: errnoName(errno), message: text };
      }
    }
  }
}
