import { connect, type Socket } from 'node:net';
import { parseEndpoint } from './endpoint.ts';
import { abortedError, OvsdbError } from './errors.ts';
import type { WaitOptions } from './listeners.ts';

/** Opens a stream to an endpoint. @throws OvsdbError `refused`, `timed-out`, `aborted`; no socket is left then. */
export function openSocket(endpoint: string, timeoutMs: number, wait: WaitOptions = {}): Promise<Socket> {
  const { signal } = wait;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortedError(signal, `connecting to ${endpoint}`));
    const socket = connect(parseEndpoint(endpoint));
    const settle = (error?: OvsdbError): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect).off('error', onError);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.on('error', () => {}); // a second error must not be uncaught; the first is already on its way
      socket.once('close', () => reject(error)); // not before the descriptor is closed
      socket.destroy();
    };
    const onConnect = (): void => settle();
    const onError = (cause: Error): void =>
      settle(new OvsdbError('refused', `cannot connect to ${endpoint}: ${cause.message}`, { cause }));
    const onAbort = (): void => settle(abortedError(signal as AbortSignal, `connecting to ${endpoint}`)); // registered on a signal only
    const timer = setTimeout(
      () => settle(new OvsdbError('timed-out', `connecting to ${endpoint} took more than ${timeoutMs} ms`)),
      timeoutMs,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', onConnect).once('error', onError);
  });
}
