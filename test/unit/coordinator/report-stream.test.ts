import { expect, it, vi } from 'vitest';
import { ReportStream } from '../../../coordinator/reports/report-stream.ts';
import { createLogger } from '../../../platform/log.ts';
import type { NatsState } from '../../../platform/nats.ts';

it('ensures the stream at each reconnect, and goes on counting after an error', async () => {
  let tell: (state: NatsState) => void = () => undefined;
  let [ensured, consumed] = [0, 0];
  const link = {
    connected: true,
    state: { kind: 'connected', sinceMs: 0, reason: '' } as const,
    onState: (listener: (state: NatsState) => void) => {
      tell = listener;
      return { [Symbol.dispose]: () => undefined };
    },
    ensureStream: async () => {
      ensured += 1;
    },
    consume: async () => {
      consumed += 1;
      throw new Error('no consumer');
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
  const logger = createLogger({ name: 'test', level: 'silent' });
  const options = { site: 's', servers: [], maxAgeMs: 1, maxBytes: 1, logger, onChange: () => undefined };
  await using stream = new ReportStream({ ...options, onReport: () => undefined, openLink: () => link });
  await vi.waitFor(() => expect(stream.ready).toBe(true));
  tell(link.state);
  expect(stream.ready).toBe(false);
  await vi.waitFor(() => expect([stream.ready, ensured]).toEqual([true, 2]));
  await vi.waitFor(() => expect(consumed).toBeGreaterThan(1), 5_000);
});
