import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { journalPath } from '../../agent/journal/attempt-journal.ts';
import { donePhaseOf } from '../../domain/attempt/operation-phases.ts';
import type { CutGrant } from '../../domain/orders.ts';
import { shuntNames } from '../../domain/rewire/shunt-plug.ts';
import { until } from '../../lab/command.ts';
import { killProgram } from '../../lab/programs.ts';
import { readRecords } from '../../platform/records.ts';
import { AgentHost } from './agent/agent-host.ts';

type Asked = Pick<CutGrant, 'operation' | 'direction'>;

const stage = { operation: 'stage', direction: 'forward' } as const satisfies Asked;
const flip = { operation: 'cut', direction: 'forward' } as const satisfies Asked;
const flipBack = { operation: 'cut', direction: 'back' } as const satisfies Asked;
const finish = { operation: 'finish', direction: 'forward' } as const satisfies Asked;
const collapse = { operation: 'collapse', direction: 'forward' } as const satisfies Asked;

let host: AgentHost;
let epoch = 0;
beforeAll(async () => {
  host = await AgentHost.up({ guests: 2 });
});
afterAll(() => host?.[Symbol.asyncDispose]());

function shunts(asked: Asked): Partial<CutGrant> {
  return { ...asked, method: 'shunt', taps: host.taps().map((tap) => ({ ...tap, method: 'shunt' })) };
}

async function begin(asked: Asked, more: Partial<CutGrant> = {}): Promise<void> {
  epoch += 1;
  expect(await host.prepare(epoch, { ...shunts(asked), ...more })).toMatchObject({ kind: 'accepted' });
  expect(await host.cut(epoch, { ...shunts(asked), ...more })).toMatchObject({ kind: 'accepted' });
}

/** The whole operation, to its end. */
async function operate(asked: Asked): Promise<void> {
  await begin(asked);
  const soaked = await host.phase(epoch, 'committing');
  expect(soaked.verdict?.kind).toBe('pass');
  await host.commit(epoch);
  await host.phase(epoch, donePhaseOf({ ...asked, method: 'shunt' }));
}

/** Where the agent itself says that each tap is. */
async function places(wanted: string): Promise<void> {
  await host.until(`every tap to be seen ${wanted}`, () => {
    const seen = host.guests.map((guest) => host.inventory?.taps.find((tap) => tap.tap === guest.tap)?.plug);
    return seen.every((plug) => (plug?.kind === 'shunt' ? plug.place : plug?.kind) === wanted) ? true : undefined;
  });
}

describe('an agent that is told to move taps by their shunt', () => {
  it('stages, flips, flips back, flips, finishes and collapses, and every guest answers at each rest', async () => {
    const way = [
      [stage, 'staged'],
      [flip, 'shunted'],
      [flipBack, 'staged'],
      [flip, 'shunted'],
      [finish, 'hybrid'],
      [collapse, 'target'],
    ] as const;
    for (const [asked, place] of way) {
      await operate(asked);
      await places(place);
      expect(await host.allAnswer()).toBe(true);
    }
  });

  it('goes all the way back, operation by operation, and leaves nothing of its own', async () => {
    const way = [
      [{ ...collapse, direction: 'back' }, 'hybrid'],
      [{ ...finish, direction: 'back' }, 'shunted'],
      [flipBack, 'staged'],
      [{ ...stage, direction: 'back' }, 'legacy'],
    ] as const;
    for (const [asked, place] of way) {
      await operate(asked);
      await places(place);
      expect(await host.allAnswer()).toBe(true);
    }
    expect(await host.inHost('ip', '-o', 'link')).not.toMatch(/ (qbr|qvb|qvo|sha|shb)/);
    expect(await host.vsctl('list-ports', 'br-int')).not.toContain('qvo');
  });

  it('refuses a flip of what is not staged, and touches nothing', async () => {
    epoch += 1;
    expect(await host.prepare(epoch, shunts(flip))).toMatchObject({
      kind: 'refused',
      code: 'preimage-changed',
      findings: [{ kind: 'tap-elsewhere' }, ...host.guests.slice(1).map(() => ({ kind: 'tap-elsewhere' }))],
    });
    await places('legacy');
  });

  it('unmakes a stage that is not worded, and goes back to a stage from a flip that is not', async () => {
    await begin(stage, { deadlineMs: 3_000 });
    expect(await host.phase(epoch, 'reverted')).toMatchObject({ code: 'timed-out' });
    await places('legacy');
    await operate(stage);
    await begin(flip, { deadlineMs: 3_000 });
    expect(await host.phase(epoch, 'reverted')).toMatchObject({ code: 'timed-out' });
    await places('staged');
    expect(await host.allAnswer()).toBe(true);
  });
});

describe('an agent that is killed', () => {
  it('with its flip made and not committed goes back to staged when it starts again', async () => {
    await begin(flip, { deadlineMs: 20_000 });
    await host.until('the flip to be in the journal', () =>
      recordsOf(epoch).includes('checkpoint') ? true : undefined,
    );
    await host.kill('SIGKILL');
    expect(await floodedLegs()).toEqual([]);
    await host.start();
    await host.phase(epoch, 'reverted');
    await places('staged');
    expect(await floodedLegs()).toEqual(legs());
    expect(await host.allAnswer()).toBe(true);
    await operate({ ...stage, direction: 'back' });
  });

  it('with its taps entered and nobody claiming them goes back to the legacy plug', async () => {
    epoch += 1;
    expect(await host.prepare(epoch, shunts(stage))).toMatchObject({ kind: 'accepted' });
    host.onState = ({ phase }) => phase === 'entering' && killProgram(host.name, 'hv1-controller', 'SIGSTOP');
    expect(await host.cut(epoch, { ...shunts(stage), deadlineMs: 20_000 })).toMatchObject({ kind: 'accepted' });
    await until('all taps to be in their shunts, and in nothing of OVN', async () => {
      const links = await host.inHost('ip', '-o', 'link');
      const ports = await host.vsctl('list-ports', 'br-int');
      const there = host.guests.every(({ tap, portId }) => {
        const { bridge, targetLeg } = shuntNames(portId);
        return new RegExp(` ${tap}[@:].* master ${bridge} `).test(links) && ports.includes(targetLeg.outer);
      });
      return there ? true : undefined;
    });
    await host.kill('SIGKILL');
    host.onState = () => undefined;
    killProgram(host.name, 'hv1-controller', 'SIGCONT');
    expect(recordsOf(epoch)).not.toContain('checkpoint');
    await host.start();
    await host.phase(epoch, 'reverted');
    await places('legacy');
    expect(await host.inHost('ip', '-o', 'link')).not.toMatch(/ (qbr|qvb|qvo|sha|shb)/);
    expect(await host.vsctl('list-ports', 'br-int')).not.toContain('qvo');
    expect(await host.allAnswer()).toBe(true);
  });
});

/** What an attempt has written down so far. */
function recordsOf(attempt: number): readonly string[] {
  const { records } = readRecords(journalPath(host.stateDir, attempt), { onCorruption: 'stop' });
  return records.map((record) => String(record['type']));
}

const legs = () => host.guests.map(({ portId }) => shuntNames(portId).ownLeg.outer);

/** Into which of the shunts the legacy bridge floods: into those that are not flipped, as the kernel tells. */
async function floodedLegs(): Promise<readonly string[]> {
  const told = await Promise.all(legs().map((leg) => host.inHost('bridge', '-d', 'link', 'show', 'dev', leg)));
  return legs().filter((_, index) => / flood on /.test(told[index] ?? ''));
}

describe('the guard of a shunt', () => {
  beforeAll(async () => {
    await operate(stage);
  });

  const guest = () => host.guests[0]!; // two guests were asked for
  const bridge = () => host.taps()[0]?.legacyBridge ?? '';
  const count = (kind: string) => host.log.split(`"kind":"${kind}"`).length;
  /** Until the guard has told of this what it had not before. */
  const told = async (kind: string, act: () => Promise<unknown>): Promise<void> => {
    const before = count(kind);
    await act();
    await host.until(`a finding ${kind}`, () => (count(kind) > before ? true : undefined));
  };
  const macOf = async (tap: string) =>
    /link\/ether (\S+)/.exec(await host.inHost('ip', '-o', 'link', 'show', tap))?.[1] ?? '';

  it('puts a tap back that somebody put into its legacy bridge again', async () => {
    await told('tap-replugged', () => host.inHost('ip', 'link', 'set', guest().tap, 'master', bridge()));
    await places('staged');
    expect(await host.allAnswer()).toBe(true);
  });

  it('makes a leg again that somebody deleted', async () => {
    const leg = shuntNames(guest().portId).ownLeg.outer;
    await told('tap-replugged', () => host.inHost('ip', 'link', 'del', leg));
    await places('staged');
    expect(await host.allAnswer()).toBe(true);
  });

  it('takes a second uplink out of the legacy bridge again, and lets it hold the host', async () => {
    await host.inHost('ip', 'link', 'add', 'cosecond0', 'type', 'veth', 'peer', 'name', 'cosecond1');
    await host.vsctl('add-port', 'br-ex', 'cosecond1');
    await told('legacy-agent-awake', () => host.inHost('ip', 'link', 'set', 'cosecond0', 'master', bridge()));
    expect(await host.inHost('ip', '-o', 'link', 'show', 'cosecond0')).not.toContain('master');
    await host.until('it to hold the host', () =>
      host.inventory?.findings.find((f) => f.kind === 'legacy-agent-awake' && f.severity === 'error'),
    );
    await host.vsctl('del-port', 'br-ex', 'cosecond1');
  });

  it('lets frames pass its legs again when somebody has flushed the host’s packet filters', async () => {
    await host.inHost('sysctl', '-qw', 'net.bridge.bridge-nf-call-iptables=1');
    await host.inHost('iptables', '-P', 'FORWARD', 'DROP');
    await told('legacy-agent-awake', () => host.inHost('nft', 'delete', 'table', 'bridge', 'shunt'));
    expect(await host.allAnswer()).toBe(true);
    expect(await host.inHost('nft', 'list', 'table', 'bridge', 'shunt')).toContain('qvb');
    await host.inHost('iptables', '-P', 'FORWARD', 'ACCEPT');
    await host.inHost('sysctl', '-qw', 'net.bridge.bridge-nf-call-iptables=0');
  });

  const operateSecond = async (asked: Asked) => {
    await begin(asked, { taps: shunts(asked).taps!.slice(1) }); // they were put there
    await host.phase(epoch, 'committing');
    await host.commit(epoch);
    await host.phase(epoch, donePhaseOf({ ...asked, method: 'shunt' }));
  };

  it('makes a flipped shunt’s leg again that somebody deleted, with a port that has it', async () => {
    const { portId } = host.guests[1]!; // two guests were asked for
    await operateSecond(flip);
    await told('tap-replugged', () => host.inHost('ip', 'link', 'del', shuntNames(portId).targetLeg.outer));
    expect(await host.allAnswer()).toBe(true);
    await operateSecond(flipBack);
    await places('staged');
  });

  it('releases the claim of a guest that is gone, and enters anew when it comes again', async () => {
    const { tap } = guest();
    const mac = await macOf(tap);
    await told('tap-gone', () => host.inHost('ip', 'link', 'del', tap));
    expect(await host.vsctl('list-ports', 'br-int')).not.toContain(shuntNames(guest().portId).targetLeg.outer);
    await host.inHost('ip', 'link', 'add', tap, 'address', mac, 'type', 'veth', 'peer', 'name', 'coagain0');
    await told('tap-replugged', () => host.inHost('ip', 'link', 'set', tap, 'master', bridge(), 'up'));
    await places('staged');
  });

  it('plugs it direct when it comes again after the flip, and leaves another one of that name alone', async () => {
    const { tap } = host.guests[1]!; // two guests were asked for
    const legacyBridge = host.taps()[1]?.legacyBridge ?? '';
    await operateSecond(flip);
    const mac = await macOf(tap);
    const again = async (address: string) => {
      await told('tap-gone', () => host.inHost('ip', 'link', 'del', tap));
      await host.inHost('ip', 'link', 'add', tap, 'address', address, 'type', 'veth', 'peer', 'name', 'coagain1');
      await host.inHost('ip', 'link', 'set', tap, 'master', legacyBridge, 'up');
    };
    const plugged = (kind: string) =>
      host.until(`${tap} to be seen ${kind}`, () =>
        host.inventory?.taps.find((seen) => seen.tap === tap && seen.plug.kind === kind),
      );
    await again(mac);
    await plugged('target');
    await told('foreign-iface-id', () => again('fe:16:3e:99:99:99'));
    await plugged('legacy');
  });
});
