/**
 * The ends of any number of flows in one namespace. Started there by ./place.ts, which gives orders on stdin; its end of the pipe closing
 * is the order to end.
 */
import { createInterface } from 'node:readline';
import { DatagramReceiver, DatagramSender } from './datagram-ends.ts';
import { EchoServer, type KnockFigures, knock } from './knock.ts';
import type { EndView, NumberedOrder, PlaceOrder, PlaceReply } from './place-protocol.ts';
import { StreamClient, StreamServer } from './stream-ends.ts';

type End = DatagramReceiver | DatagramSender | StreamClient | StreamServer;
const ends = new Map<string, End>();
const servers: EchoServer[] = [];

/** What comes of an order that asks for something, else nothing. */
async function obey(order: PlaceOrder): Promise<KnockFigures | undefined> {
  switch (order.type) {
    case 'receive-datagrams':
      ends.set(order.end.flow, await DatagramReceiver.open(order.end, order.group));
      return;
    case 'send-datagrams':
      ends.set(order.end.flow, await DatagramSender.open(order.end, order.hz, order.cast));
      return;
    case 'listen':
      ends.set(order.end.flow, await StreamServer.open(order.end));
      return;
    case 'connect':
      ends.set(order.end.flow, await StreamClient.open(order.end, order.bytesPerSecond));
      return;
    case 'speak': {
      const end = ends.get(order.flow);
      if (!(end instanceof StreamServer || end instanceof StreamClient))
        throw new Error(`no connection to speak on in flow ${order.flow}`);
      end.speak();
      return;
    }
    case 'answer':
      servers.push(await EchoServer.open(order.port));
      return;
    case 'knock':
      return knock(order.order);
    case 'mark':
      for (const end of ends.values()) if ('mark' in end) end.mark();
      return;
    case 'look':
      return;
  }
}

function views(order: PlaceOrder): Record<string, EndView> {
  const windows = order.type === 'look' ? order.windows : {};
  return Object.fromEntries([...ends].map(([flow, end]) => [flow, end.view(windows[flow])]));
}

function tell(reply: PlaceReply): void {
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const order = JSON.parse(line) as NumberedOrder; // written by ./place.ts of the same source tree
  obey(order).then(
    (knocked) => {
      const atNs = Number(process.hrtime.bigint());
      tell({ id: order.id, atNs, ends: views(order), ...(knocked ? { knocked } : {}) });
    },
    (error: unknown) => tell({ id: order.id, error: error instanceof Error ? error.message : String(error) }),
  );
});
lines.on('close', () => process.exit(0));
