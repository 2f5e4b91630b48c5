import { isShuntError } from '../shunt-error.ts';
import type { NetlinkMessage } from './netlink-codec.ts';
import {
  decodeFdbEntry,
  decodeLink,
  type FdbEntry,
  familyOf,
  type Link,
  RTM_DELLINK,
  RTM_DELNEIGH,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
} from './netlink-links.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import type { Poller } from './poller.ts';
import { AF_BRIDGE } from './sockaddr.ts';

/** Something happened to a link, or to an entry of a bridge's forwarding table. */
export type LinkEvent =
  /** It is new or it changed (name, flags, master, …): its whole state now. */
  | { readonly type: 'link'; readonly link: Link }
  | { readonly type: 'link-removed'; readonly ifindex: number; readonly name: string }
  /** How its bridge treats this member changed (flooding, learning, …), or it joined one: look at it. */
  | { readonly type: 'member'; readonly ifindex: number; readonly name: string }
  | { readonly type: 'fdb'; readonly entry: FdbEntry }
  | { readonly type: 'fdb-removed'; readonly entry: FdbEntry }
  /** Events were lost before this one: list the links again. */
  | { readonly type: 'overrun' };

const RTMGRP_LINK = 1;
const RTMGRP_NEIGH = 4;
const datagramsPerDrain = 256;

/** Tells every change of links in the namespace of the thread that opened it, in the kernel's order. */
export class LinkMonitor implements Disposable {
  readonly #socket: NetlinkSocket;
  readonly #onEvent: (event: LinkEvent) => void;
  #registration: Disposable | undefined;
  #overrun = false;

  private constructor(socket: NetlinkSocket, onEvent: (event: LinkEvent) => void) {
    this.#socket = socket;
    this.#onEvent = onEvent;
  }

  /** Changes from now on are told; list the links after opening to know the state before. */
  static open(options: {
    readonly poller: Poller;
    readonly onEvent: (event: LinkEvent) => void;
    /** Forwarding tables of bridges too; default false. */
    readonly fdb?: boolean;
  }): LinkMonitor {
    const groups = RTMGRP_LINK | (options.fdb ? RTMGRP_NEIGH : 0);
    const monitor = new LinkMonitor(NetlinkSocket.open({ groups, blocking: false }), options.onEvent);
    monitor.#registration = options.poller.register(monitor.#socket.fd, () => monitor.#drain());
    return monitor;
  }

  [Symbol.dispose](): void {
    this.#registration?.[Symbol.dispose]();
    this.#registration = undefined;
    this.#socket[Symbol.dispose]();
  }

  #drain(): void {
    for (let count = 0; count < datagramsPerDrain && this.#registration !== undefined; count += 1) {
      const messages = this.#receive();
      if (messages === undefined) return;
      for (const message of messages) {
        const event = eventOf(message);
        if (event !== undefined) this.#onEvent(event);
      }
    }
  }

  /**
   * The kernel goes on dropping, without another word, until the queue is empty. Told any earlier, whoever lists the links would miss what
   * happened between the listing and that moment.
   */
  #drained(): void {
    if (!this.#overrun) return;
    this.#overrun = false;
    this.#onEvent({ type: 'overrun' });
  }

  #receive(): readonly NetlinkMessage[] | undefined {
    try {
      return this.#socket.receive();
    } catch (error) {
      const errno = isShuntError(error, 'netlink-failed') ? error.detail.errno : undefined;
      if (errno === 'ENOBUFS') {
        this.#overrun = true;
        return [];
      }
      if (errno !== 'EAGAIN') throw error;
      this.#drained();
      return undefined;
    }
  }
}

function eventOf(message: NetlinkMessage): LinkEvent | undefined {
  const ofBridge = familyOf(message) === AF_BRIDGE;
  switch (message.type) {
    case RTM_NEWLINK: {
      const link = decodeLink(message);
      // The bridge's own view of its port, with a part of the attributes only; of flags nothing else tells.
      return ofBridge ? { type: 'member', ifindex: link.ifindex, name: link.name } : { type: 'link', link };
    }
    case RTM_DELLINK: {
      if (ofBridge) return undefined; // the port left its bridge; the link lives on
      const { ifindex, name } = decodeLink(message);
      return { type: 'link-removed', ifindex, name };
    }
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH: {
      const entry = ofBridge ? decodeFdbEntry(message) : undefined;
      if (entry === undefined) return undefined;
      return { type: message.type === RTM_NEWNEIGH ? 'fdb' : 'fdb-removed', entry };
    }
    default:
      return undefined;
  }
}
