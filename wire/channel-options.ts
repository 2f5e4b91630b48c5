import type { ChannelOptions, ServerOptions } from '@grpc/grpc-js';

const mebibyte = 1024 * 1024;

/** A peer that is silent for so long is dead. More only where processors are so slow that a living one may be (lab/vm, emulated). */
const keepaliveTimeoutMs = Number(process.env['SHUNT_KEEPALIVE_TIMEOUT_MS'] ?? '') || 1000;

const keepaliveTimeMs = 2000;

/** A dead peer is noticed after at most so long: 3 s. Who was silent for longer has been given up by the other side. */
export const keepaliveBoundMs = keepaliveTimeMs + keepaliveTimeoutMs;

const keepalive = {
  'grpc.keepalive_time_ms': keepaliveTimeMs,
  'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
  'grpc.keepalive_permit_without_calls': 1,
} as const;

export const serverOptions = {
  ...keepalive,
  /** The largest that comes in: the inventory of one hypervisor, or the YAML of a plan. */
  'grpc.max_receive_message_length': 16 * mebibyte,
  'grpc.max_send_message_length': 128 * mebibyte,
} as const satisfies ServerOptions;

export const clientOptions = {
  ...keepalive,
  /** The largest that comes in: a plan of 10,000 hosts and 200,000 ports. */
  'grpc.max_receive_message_length': 128 * mebibyte,
  'grpc.max_send_message_length': 16 * mebibyte,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  /** A shared pool would hand the backoff of an earlier channel to the next one. */
  'grpc.use_local_subchannel_pool': 1,
  /** The control plane never goes through a proxy that happens to stand in the environment. */
  'grpc.enable_http_proxy': 0,
} as const satisfies ChannelOptions;

/** The largest that an agent takes: an order for some thousand guests. Its memory is bounded, whoever the coordinator is. */
export const orderBytesMax = 4 * 1024 * 1024;

export const agentOptions = {
  ...clientOptions,
  'grpc.max_receive_message_length': orderBytesMax,
} as const satisfies ChannelOptions;

/** Messages handed to a stream that are not yet sent; beyond it the peer is too slow and the session ends. */
export const unsentMessagesMax = 1024;
/** How long a disposed server lets calls end by themselves. */
export const shutdownGraceMs = 500;
/** Of a unary call, unless told otherwise. */
export const callTimeoutMs = 30_000;
/** Text and facts of an error travel in HTTP/2 trailers, which are bounded. */
export const errorTextMax = 4096;
