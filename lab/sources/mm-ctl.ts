/** mm-ctl as MidoNet 5 has it: `mm-ctl.ts SOCKET --bind-port PORT INTERFACE | --unbind-port PORT`. No bound on how long it waits. */
import { request } from 'node:http';

const [socketPath = '', command, port = '', name, ...more] = process.argv.slice(2);
const bind = command === '--bind-port' && name !== undefined && more.length === 0;
const unbind = command === '--unbind-port' && port !== '' && name === undefined;
if (!bind && !unbind) {
  process.stderr.write('Usage:\nmm-ctl --bind-port <portId> <interfaceName>\nmm-ctl --unbind-port <portId>\n');
  process.exit(1);
}

const call = request({ socketPath, path: `/binding/${port}`, method: bind ? 'PUT' : 'DELETE' }, (response) => {
  const status = response.statusCode ?? 0;
  response.resume();
  if (status >= 200 && status < 300) return;
  process.stderr.write(`HTTPError {'status': ${status}, 'reason': '${response.statusMessage}'}`);
  process.exitCode = 1;
});
call.on('error', (error) => {
  process.stderr.write(`Traceback (most recent call last):\n${error.message}\n`);
  process.exitCode = 1;
});
call.end(bind ? JSON.stringify({ interfaceName: name }) : undefined);
