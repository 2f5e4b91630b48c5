import type { ArrivalFigures, ArrivalWindow } from './arrivals.ts';
import type { MonotonicNs } from './flow.ts';
import type { KnockFigures, KnockOrder } from './knock.ts';

/** How one end of a flow is laid out: everything is decided before, by the session. */
export interface EndOrder {
  readonly flow: string;
  readonly family: 4 | 6;
  readonly port: number;
  /** Own address. */
  readonly localIp: string;
  /** Where to send or connect to; the group, for a multicast flow's both ends. */
  readonly remoteIp: string;
}

/** What a session tells the process in a namespace, a line each. */
export type PlaceOrder =
  | { readonly type: 'receive-datagrams'; readonly end: EndOrder; readonly group: boolean }
  | {
      readonly type: 'send-datagrams';
      readonly end: EndOrder;
      readonly hz: number;
      readonly cast: 'uni' | 'multi' | 'broad';
    }
  | { readonly type: 'listen'; readonly end: EndOrder }
  | { readonly type: 'connect'; readonly end: EndOrder; readonly bytesPerSecond?: number }
  | { readonly type: 'speak'; readonly flow: string }
  | { readonly type: 'answer'; readonly port: number }
  | { readonly type: 'knock'; readonly order: KnockOrder }
  | { readonly type: 'mark' }
  | { readonly type: 'look'; readonly windows: Readonly<Record<string, ArrivalWindow>> };

/** What one end knows of its flow. */
export interface EndView {
  readonly role: 'sender' | 'receiver' | 'client' | 'server';
  /** Next sequence number of a sender. */
  readonly nextSeq?: number;
  readonly arrivals?: ArrivalFigures;
  /** Whether anything ever came, or the connection stands. */
  readonly alive: boolean;
  readonly bytes?: number;
  readonly longestStallMs?: number;
  readonly retransmissions?: number;
}

/** The answer to an order: the ends of this place, or why it could not be done. */
export type PlaceReply =
  | {
      readonly id: number;
      readonly atNs: MonotonicNs;
      readonly ends: Readonly<Record<string, EndView>>;
      /** Of the order to knock. */
      readonly knocked?: KnockFigures;
    }
  | { readonly id: number; readonly error: string };

export type NumberedOrder = PlaceOrder & { readonly id: number };
