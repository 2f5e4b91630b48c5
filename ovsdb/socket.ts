import { connect as connectNet, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { connectOptions, parseEndpoint } from './endpoint.ts';
import { abortedError, OvsdbError } from './errors.ts';
import type { WaitOptions } from './listeners.ts';
import { startTimer } from './timer.ts';
import { type TlsOptions, tlsConnectOptions, tlsError } from './tls.ts';

export interface OpenSocketOptions extends WaitOptions {
  readonly timeoutMs: number;
  readonly tls?: TlsOptions | undefined;
}

/**
 * Opens a stream to a remote; with `ssl:` the handshake is done when it resolves.
 * @throws OvsdbError `refused`, `timed-out`, `aborted`, `tls-config`, `tls-untrusted`, `tls-refused`; no socket is left then.
 */
export function openSocket(remote: string, options: OpenSocketOptions): Promise<Socket> {
  const { signal, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortedError(signal, `connecting to ${remote}`));
    const { socket, ready } = begin(remote, options.tls);
    const settle = (error?: OvsdbError, closed = false): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off(ready, onReady).off('error', onError).off('close', onClose);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.on('error', () => {}); // a second error must not be uncaught; the first is already on its way
      if (closed) {
        reject(error);
        return;
      }
      socket.once('close', () => reject(error)); // not before the descriptor is closed
      socket.destroy();
    };
    const onReady = (): void => settle();
    const onError = (cause: Error): void =>
      settle(
        (options.tls === undefined ? undefined : tlsError(remote, options.tls, cause)) ??
          new OvsdbError('refused', `cannot connect to ${remote}: ${cause.message}`, { cause }),
      );
    const onClose = (): void =>
      settle(new OvsdbError('refused', `cannot connect to ${remote}: the server closed it`), true);
    const onAbort = (): void => settle(abortedError(signal as AbortSignal, `connecting to ${remote}`)); // registered on a signal only
    const timer = startTimer(
      () => settle(new OvsdbError('timed-out', `connecting to ${remote} took more than ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once(ready, onReady).once('error', onError).once('close', onClose);
  });
}

function begin(remote: string, tls: TlsOptions | undefined): { socket: Socket; ready: 'connect' | 'secureConnect' } {
  const endpoint = parseEndpoint(remote);
  if (endpoint.kind !== 'ssl') return { socket: connectNet(connectOptions(endpoint)), ready: 'connect' };
  if (tls === undefined) throw new OvsdbError('invalid-use', `${remote}: ssl: needs tls options, at least the CA`);
  const options = { host: endpoint.host, port: endpoint.port, ...tlsConnectOptions(remote, endpoint, tls) };
  const socket = connectTls(options);
  socket.setNoDelay(true);
  return { socket, ready: 'secureConnect' };
}
