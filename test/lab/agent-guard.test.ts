import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultDatapath } from '../../lab/datapath.ts';
import { AgentHost } from './agent/agent-host.ts';

describe('the guard of a committed hypervisor', () => {
  let host: AgentHost;
  beforeAll(async () => {
    host = await AgentHost.up();
    await wayOut(host, 'agfirst');
    await host.prepare(1);
    await host.cut(1);
    await host.phase(1, 'committing');
    await host.commit(1);
    await host.phase(1, 'committed');
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  const found = (kind: string, tap: string) =>
    host.until(`the finding ${kind} of ${tap}`, () =>
      findings(host).some((f) => f.kind === kind && f.tap === tap) ? true : undefined,
    );

  // The kernel datapath keeps what it holds: whoever tries this is refused by the kernel (EOPNOTSUPP).
  it.skipIf(defaultDatapath() === 'system')(
    'puts a tap back that somebody put into its bridge again, as libvirtd does when it restarts',
    async () => {
      const tap = host.guests[0]!.tap; // four guests were asked for
      await host.inHost('ip', 'link', 'set', tap, 'master', `brq${host.guests[0]?.networkId.slice(0, 11)}`);
      await found('tap-replugged', tap);
      expect(await host.plugOf(tap)).toBe('target');
      expect(await host.allAnswer()).toBe(true);
    },
  );

  it('puts a tap back whose port was deleted', async () => {
    const tap = host.guests[1]!.tap; // as above
    await host.vsctl('del-port', 'br-int', tap);
    await found('tap-replugged', tap);
    expect(await host.plugOf(tap)).toBe('target');
    expect(await host.vsctl('get', 'Interface', tap, 'external_ids:iface-id')).toContain(host.guests[1]?.portId);
    expect(await host.allAnswer()).toBe(true);
  });

  it('goes on after a restart, and finds what happened meanwhile', async () => {
    const tap = host.guests[2]!.tap; // as above
    await host.kill('SIGKILL');
    await host.vsctl('del-port', 'br-int', tap);
    await host.inHost('ip', 'link', 'set', tap, 'master', `brq${host.guests[2]?.networkId.slice(0, 11)}`);
    await host.start();
    await found('tap-replugged', tap);
    expect(await host.plugOf(tap)).toBe('target');
    expect(await host.allAnswer()).toBe(true);
  });

  it('stops fighting somebody who undoes it each time, says so, and lets it hold the host', async () => {
    const tap = host.guests[2]!.tap; // four guests were asked for
    const deleted = () => host.vsctl('--if-exists', 'del-port', 'br-int', tap);
    const gaveUp = () => host.inventory?.findings.find((f) => f.kind === 'guard-gave-up' && f.tap === tap);
    let rounds = 0;
    for (; gaveUp() === undefined && rounds < 15; rounds += 1) {
      await deleted();
      await host.until(`${tap} to be put back, or given up`, () =>
        gaveUp() !== undefined ||
        findings(host).filter((f) => f.kind === 'tap-replugged' && f.tap === tap).length > rounds + 1
          ? true
          : undefined,
      );
    }
    expect(rounds).toBeLessThan(12);
    expect(gaveUp()).toMatchObject({ severity: 'error', message: expect.stringContaining('stop it') });
    expect(await host.plugOf(tap)).toBe('nowhere');
  });

  it('lets go of a tap whose guest is gone, and does not touch the next one of that name', async () => {
    const tap = host.guests[3]!.tap; // as above
    await host.inHost('ip', 'link', 'del', tap);
    await found('tap-gone', tap);
    expect((await host.vsctl('list-ports', 'br-int')).split('\n')).not.toContain(tap);
    await host.inHost('ip', 'link', 'add', tap, 'type', 'veth', 'peer', 'name', 'agpeer0');
    await host.inHost('ip', 'link', 'set', tap, 'master', `brq${host.guests[3]?.networkId.slice(0, 11)}`, 'up');
    await host.until('the agent to see it', () =>
      host.inventory?.taps.find((seen) => seen.tap === tap && seen.plug.kind === 'legacy'),
    );
    expect(await host.plugOf(tap)).toBe('legacy');
  });

  it('leaves a second way out of a legacy bridge that was there before the move, and takes out one that came later', async () => {
    await host.kill('SIGKILL');
    await host.start(); // it looks at all links
    expect(await host.inHost('ip', '-o', 'link', 'show', 'agfirst0')).toContain(`master ${bridgeOf(host)}`);
    await wayOut(host, 'agsecond');
    await host.until('it to be told', () => (host.log.includes('"kind":"legacy-agent-awake"') ? true : undefined));
    expect(await host.inHost('ip', '-o', 'link', 'show', 'agsecond0')).not.toContain('master');
    expect(await host.inHost('ip', '-o', 'link', 'show', 'agfirst0')).toContain(`master ${bridgeOf(host)}`);
  });
});

function bridgeOf(host: AgentHost): string {
  return host.taps()[0]?.legacyBridge ?? '';
}

/** A way from the first guest's legacy bridge into a switch of an operator's own, which leads nowhere else: no frame goes round. */
async function wayOut(host: AgentHost, name: string): Promise<void> {
  const [outer, inner] = [`${name}0`, `${name}1`];
  const datapath = (await host.vsctl('get', 'Bridge', 'br-ex', 'datapath_type')).trim();
  await host.vsctl('add-br', name, '--', 'set', 'Bridge', name, `datapath_type=${datapath}`);
  await host.inHost('ip', 'link', 'add', outer, 'type', 'veth', 'peer', 'name', inner);
  await host.vsctl('add-port', name, inner);
  await host.inHost('ip', 'link', 'set', outer, 'master', bridgeOf(host));
}

interface LoggedFinding {
  readonly kind: string;
  readonly tap: string;
}

/** Findings as the log tells them. */
function findings(host: AgentHost): readonly LoggedFinding[] {
  return host.log.split('\n').flatMap((line) => {
    if (!line.includes('"kind":"tap-')) return [];
    return [JSON.parse(line) as LoggedFinding]; // the log is JSON by line
  });
}
