import { Gauge } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { type Condition, parseListen, startHttpServer } from '../../../platform/http-server.ts';
import { createRegistry } from '../../../platform/metrics.ts';

describe('the HTTP server', () => {
  it('serves metrics with the prefix asked for, and the program’s own', async () => {
    const registry = createRegistry('shunt_agent_', { site: 's1' });
    new Gauge({ name: 'shunt_agent_taps', help: 'Taps.', registers: [registry] }).set(3);
    await using server = await startHttpServer({ listen: '127.0.0.1:0', registry, conditions: () => [] });
    const text = await (await fetch(`http://${server.address}/metrics`)).text();
    expect(text).toContain('shunt_agent_taps{site="s1"} 3');
    expect(text).toContain('shunt_agent_process_resident_memory_bytes');
    expect(text.match(/^[a-z]\w*/gm)?.filter((name) => !name.startsWith('shunt_agent_'))).toEqual([]);
  });

  it('is ready when every condition holds, and names the reasons', async () => {
    let conditions: readonly Condition[] = [{ name: 'ovsdb', ready: false, reason: 'no db.sock' }];
    const registry = createRegistry('x_');
    await using server = await startHttpServer({ listen: '127.0.0.1:0', registry, conditions: () => conditions });
    const url = `http://${server.address}/readyz`;
    const notReady = await fetch(url);
    expect([notReady.status, await notReady.json()]).toEqual([503, { ready: false, conditions }]);
    conditions = [{ name: 'ovsdb', ready: true, reason: 'connected' }];
    const ready = await fetch(url);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, conditions }]);
    expect((await fetch(`http://${server.address}/healthz`)).status).toBe(200);
  });

  it('answers other paths with 404 or by the fallback, and takes GET only', async () => {
    const registry = createRegistry('y_');
    const options = { listen: '[::1]:0', registry, conditions: () => [] };
    await using plain = await startHttpServer({ ...options, listen: '127.0.0.1:0' });
    expect((await fetch(`http://${plain.address}/`)).status).toBe(404);
    expect((await fetch(`http://${plain.address}/healthz`, { method: 'POST' })).status).toBe(405);
    await using rich = await startHttpServer({
      ...options,
      listen: '127.0.0.1:0',
      fallback: (request, response) => void response.end(`page ${request.url}`),
    });
    expect(await (await fetch(`http://${rich.address}/ui`)).text()).toBe('page /ui');
  });

  it('fails for an address in use, and closes although clients keep connections', async () => {
    const registry = createRegistry('z_');
    const server = await startHttpServer({ listen: '127.0.0.1:0', registry, conditions: () => [] });
    await fetch(`http://${server.address}/healthz`);
    const again = startHttpServer({ listen: server.address, registry, conditions: () => [] });
    await expect(again).rejects.toMatchObject({ code: 'io-failed' });
    await server[Symbol.asyncDispose]();
    await expect(fetch(`http://${server.address}/healthz`)).rejects.toThrow();
  });

  it('reads addresses strictly', () => {
    expect(parseListen('[::1]:9')).toEqual({ host: '::1', port: 9 });
    expect(parseListen('0.0.0.0:9100')).toEqual({ host: '0.0.0.0', port: 9100 });
    for (const wrong of ['9100', ':9100', 'a:99999', '::1:9']) expect(() => parseListen(wrong)).toThrow(/host:port/);
  });
});
