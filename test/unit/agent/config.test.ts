import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadAgentConfig, renderEffective } from '../../../agent/config.ts';

const dir = mkdtempSync(join(tmpdir(), 'shunt-config-'));
afterAll(() => rmSync(dir, { recursive: true }));

function file(text: string): string {
  const path = join(dir, 'agent.yaml');
  writeFileSync(path, text);
  return path;
}

describe('the agent’s configuration', () => {
  it('is passive until told otherwise', () => {
    expect(loadAgentConfig({}, {}).value).toMatchObject({
      mode: 'passive',
      stateDir: '/var/lib/shunt/agent',
      deadman: 'auto',
      nats: { servers: [] },
    });
  });

  it('takes flags before environment before file', () => {
    const config = file('site: from-file\nmode: active\nnats: { servers: [nats://file:4222] }\n');
    const loaded = loadAgentConfig({ config, nats: 'nats://a:4222,nats://b:4222' }, { SHUNT_SITE: 'from-env' });
    expect(loaded.value).toMatchObject({
      site: 'from-env',
      mode: 'active',
      nats: { servers: ['nats://a:4222', 'nats://b:4222'] },
    });
    expect(renderEffective(loaded)).toContain('mode: "active"  # file ');
  });

  it('names every problem, and knows no key that it does not know', () => {
    const config = file('mode: agressive\nstatedir: /x\n');
    expect(() => loadAgentConfig({ config, ovsDb: 'db.sock' }, {})).toThrow(/mode.*|statedir/s);
    expect(() => loadAgentConfig({ config: join(dir, 'absent.yaml') }, {})).toThrow(
      expect.objectContaining({ code: 'config-invalid' }),
    );
  });
});
