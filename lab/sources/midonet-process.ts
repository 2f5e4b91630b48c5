/**
 * MidoNet's agent on one hypervisor, as far as a guest's tap is concerned: `midonet-process.ts CONFIG`. It serves mm-ctl's REST calls on a
 * unix socket (PUT and DELETE /binding/<port>), keeps bindings in a file (the NSDB), and brings its datapath to them a little later.
 */
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { writeFileAtomicSync } from '../../platform/atomic-file.ts';
import { Netlink } from '../../platform/native/netlink.ts';
import { Poller } from '../../platform/native/poller.ts';
import type { MidonetConfig, MidonetFault, MidonetNsdb } from './midonet.ts';
import { MidonetDatapath, type MidonetPort } from './midonet-datapath.ts';

const TUNNEL_PORT = 6677;
const HEADER_BYTES = 8;
const SCAN_MS = 25;

const config = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as MidonetConfig; // written by the lab
const netlink = Netlink.open();
const tunnel = createSocket('udp4');
const datapath = new MidonetDatapath({ device: config.device, netlink, poller: Poller.open(), tunnel: encapsulate });

netlink.apply([{ kind: 'create-bridge', name: config.device }]);
netlink.apply([{ kind: 'set-up', link: config.device }]);
tunnel.on('message', (packet) => datapath.fromTunnel(packet.readUIntBE(4, 3), packet.subarray(HEADER_BYTES)));
tunnel.on('error', () => undefined);
tunnel.bind(TUNNEL_PORT);
rmSync(config.socket, { force: true });
createServer((request, response) => void serve(request, response)).listen(config.socket);
let applied = bindingsOf(readNsdb());
setInterval(() => datapath.bringTo(applied), SCAN_MS);

/** VXLAN's header (RFC 7348), on the port that MidoNet uses. */
function encapsulate(vni: number, frame: Buffer): void {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = 0x08;
  header.writeUIntBE(vni, 4, 3);
  for (const peer of config.peers) tunnel.send([header, frame], TUNNEL_PORT, peer, () => undefined);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const port = new URL(request.url ?? '', 'http://dummy').pathname.split('/')[2] ?? '';
  const bind = request.method === 'PUT';
  const fault = takeFault(bind ? 'bind' : 'unbind');
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms));
  if (fault?.kind === 'fail') return answer(response, 500);
  const nsdb = readNsdb();
  if (nsdb.ports[port] === undefined) return answer(response, 404);
  const { [port]: _old, ...others } = nsdb.bindings;
  const name = bind ? (JSON.parse(body) as { interfaceName: string }).interfaceName : undefined; // mm-ctl's body
  const bindings = name === undefined ? others : { ...others, [port]: name };
  writeFileAtomicSync(config.nsdb, JSON.stringify({ ...nsdb, bindings }));
  answer(response, 200);
  if (fault?.kind === 'ignore') return;
  // What was bound is heard of through the NSDB, not from the call.
  setTimeout(() => {
    applied = bindingsOf(readNsdb());
    datapath.bringTo(applied);
  }, config.applyMs);
}

function answer(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}

function readNsdb(): MidonetNsdb {
  return JSON.parse(readFileSync(config.nsdb, 'utf8')) as MidonetNsdb; // written by the lab and by us
}

/** Interface -> port. */
function bindingsOf({ ports, bindings }: MidonetNsdb): ReadonlyMap<string, MidonetPort> {
  return new Map(
    Object.entries(bindings).flatMap(([id, name]) => {
      const port = ports[id];
      return port === undefined ? [] : [[name, port] as const];
    }),
  );
}

/** The next fault for this call, which is then one less. */
function takeFault(call: MidonetFault['call']): MidonetFault | undefined {
  if (!existsSync(config.faults)) return undefined;
  const faults = JSON.parse(readFileSync(config.faults, 'utf8')) as readonly MidonetFault[]; // written by the lab
  const index = faults.findIndex((fault) => fault.call === call && fault.times > 0);
  const found = faults[index];
  if (found === undefined) return undefined;
  writeFileAtomicSync(config.faults, JSON.stringify(faults.with(index, { ...found, times: found.times - 1 })));
  return found;
}
