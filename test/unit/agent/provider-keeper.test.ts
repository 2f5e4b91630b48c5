import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Host } from '../../../agent/host/host.ts';
import type { Claim } from '../../../agent/journal/claims.ts';
import { ProviderKeeper } from '../../../agent/shunt/provider-keeper.ts';
import { shuntMove } from '../domain-rewire/shunt-model.ts';

const move = { ...shuntMove('a'), hostMac: 'fe:16:3e:00:00:01' };
const claim: Claim = { epoch: 1, bootId: 'boot', place: 'staged', move };

/** A provider bridge in vswitchd, and the agent's lock in Open vSwitch's database. */
class World {
  readonly ovs = { lockHeld: true, integrationBridge: 'br-int', ports: () => ports };
  readonly port = {
    connected: true,
    connections: 1,
    ready: async () => undefined,
    changeFlows: async ({ add }: { readonly add?: readonly unknown[] }) => {
      if (this.refuses) throw new Error('the switch went away');
      this.flows = add?.length ?? 0;
    },
    countFlows: async () => this.flows,
  };
  flows = 0;
  refuses = false;
  readonly removed: string[] = [];
  readonly host = {
    ovs: this.ovs,
    providers: { open: () => this.port, onConnected: undefined as (() => void) | undefined },
    netlink: { link: (name: string) => (name === 'a' ? { ifindex: 10, master: 7 } : { ifindex: 7 }) },
    plane: { askSwitch: async () => undefined, readFromSwitch: async () => '' },
  };

  /** vswitchd is another: its flows are gone. */
  restart(): void {
    this.flows = 0;
    this.port.connections += 1;
    this.host.providers.onConnected?.();
  }
}

const iface = { ofport: 4, options: new Map<string, string>() };
const ports = new Map([['leg1', { bridge: { name: 'br-ex' }, port: { name: 'leg1' }, iface }]]);

let world: World;
let keeper: ProviderKeeper;
const errors: unknown[] = [];
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  world = new World();
  errors.length = 0;
  keeper = new ProviderKeeper({
    host: world.host as unknown as Host, // nothing else of it is asked
    claims: () => new Map([['a', claim]]),
    onRemoved: async (_claims, bridge) => void world.removed.push(bridge),
    onError: (error) => errors.push(error),
  });
  keeper.look();
  await keeper.settled();
});
afterEach(() => {
  keeper[Symbol.dispose]();
  vi.useRealTimers();
});

/** One count, and what follows from it. */
async function counted(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_500);
  await keeper.settled();
}

describe('flows on a provider bridge', () => {
  it('that somebody removed are put back, and told', async () => {
    const wanted = world.flows;
    world.flows = 0;
    await counted();
    expect([world.flows, world.removed]).toEqual([wanted, ['br-ex']]);
    expect(wanted).toBeGreaterThan(0);
  });

  it("that died with vswitchd are nobody's doing, where the bridge was reached before the lock", async () => {
    const wanted = world.flows;
    world.ovs.lockHeld = false;
    world.restart();
    world.ovs.lockHeld = true;
    await counted(); // nobody told the keeper of the lock
    expect([world.flows, world.removed]).toEqual([wanted, []]);
  });

  it("that could not be put back into a vswitchd that was restarted are put back later, and nobody's doing", async () => {
    const wanted = world.flows;
    world.refuses = true;
    world.restart();
    await keeper.settled();
    expect(errors).toHaveLength(1);
    world.refuses = false;
    await counted();
    expect([world.flows, world.removed]).toEqual([wanted, []]);
  });
});
