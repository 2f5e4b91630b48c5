import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  setTransportFactory,
} from '@nats-io/transport-node';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';
import { NatsFraming } from './nats-framing.ts';

/** What a server says before it is known to be one: its INFO line. */
const greetingBytesMax = 1024 * 1024;

/**
 * Connects to NATS as the client's own `connect` does, by a transport that bears a server that says garbage. The client's own one (3.4.0) keeps
 * whatever comes in place of a greeting, and its socket; when what comes later is no NATS it stops reading, goes on collecting, and leaves
 * the connection standing until two pings have not been answered.
 */
export function connectNats(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new GuardedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

class GuardedTransport extends NodeTransport {
  readonly #framing = new NatsFraming();

  override peekInfo(): ReturnType<NodeTransport['peekInfo']> {
    const info = super.peekInfo();
    let bytes = 0;
    this.socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > greetingBytesMax) this.socket.destroy(new Error(`no NATS server: ${bytes} bytes and no greeting`));
    });
    return info;
  }

  /** One that never was connected has a socket all the same. */
  override close(error?: Error): Promise<void> {
    if (this.connected) return super.close(error);
    this.discard();
    return Promise.resolve();
  }

  /** Whoever stops reading, as the client does at what it cannot parse, has no more use for the connection. */
  override async *[Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    try {
      for await (const chunk of this.iterate()) {
        const objection = this.#framing.objection(chunk);
        if (objection !== undefined) throw new Error(`the NATS server sent ${objection}`);
        yield chunk;
      }
    } finally {
      this.disconnect();
    }
  }
}
