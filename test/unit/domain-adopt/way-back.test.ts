import { describe, expect, it } from 'vitest';
import type { AdoptFacts, Adoption, AdoptLink, AdoptPort } from '../../../domain/adopt/facts.ts';
import { judgeWire, unproven } from '../../../domain/adopt/judge-wire.ts';
import { adoptSteps, backSteps, repairBy } from '../../../domain/adopt/way.ts';

const common = { mac: '52:54:00:00:00:01', mtu: 1500 };
const flat: Adoption['moves'][number] = {
  bridge: 'brq1',
  uplink: { kind: 'flat', name: 'eth1', ...common },
  leg: { legacy: 'shu1', provider: 'shx1', providerMac: 'fe:00:00:00:00:01' },
};
const tagged: Adoption['moves'][number] = {
  bridge: 'brq100',
  uplink: { kind: 'vlan', name: 'eth1.100', vlan: 100, ...common },
  leg: { legacy: 'shu100', provider: 'shx100', providerMac: 'fe:00:00:00:00:02' },
};
const cases = {
  'a VLAN': { joins: 'first', moves: [tagged] },
  'a VLAN more': { joins: 'there', moves: [tagged] },
  'both, kernel': { joins: 'with-flat', moves: [flat, tagged] },
  'both, userspace': { joins: 'first', moves: [flat, tagged] },
} as const satisfies Record<string, Pick<Adoption, 'joins' | 'moves'>>;

/** A host that does what steps say, as far as a plan looks at it. */
class World {
  readonly adoption: Adoption;
  readonly masters = new Map<string, string>();
  readonly ports = new Map<string, AdoptPort>();
  readonly bridges = new Map([['br-int', 'system']]);
  /** Whoever makes the legacy bridges after a boot has not done so yet. */
  booted = false;

  constructor(adoption: Adoption) {
    this.adoption = adoption;
    this.masters.set('eth1', '');
    for (const { bridge, uplink } of adoption.moves) this.masters.set(uplink.name, bridge);
    if (adoption.joins === 'there') this.ports.set('eth1', { bridge: 'br-ex', adoption: 1 });
    if (!adoption.makesBridge) this.bridges.set('br-ex', 'system');
  }

  facts(): AdoptFacts {
    const plain = { ...common, up: true, addresses: [], defaultRoute: false };
    return {
      links: [...this.masters, ...this.#legacyBridges()].map(
        ([name, master]): AdoptLink => ({ name, ...plain, master }),
      ),
      ports: this.ports,
      bridges: this.bridges,
      integrationBridge: 'br-int',
      bridgeMappings: '',
    };
  }

  #legacyBridges(): readonly (readonly [string, string])[] {
    return this.booted ? [] : this.adoption.moves.map(({ bridge }) => [bridge, ''] as const);
  }

  do(step: ReturnType<typeof backSteps>[number]): void {
    const own = { bridge: 'br-ex', adoption: 7 };
    const { moves } = this.adoption;
    switch (step.kind) {
      case 'make-provider':
        this.bridges.set('br-ex', 'system');
        break;
      case 'make-legs':
        for (const { leg } of moves) for (const end of [leg.legacy, leg.provider]) this.masters.set(end, '');
        break;
      case 'plug-legs':
        for (const { leg } of moves) this.ports.set(leg.provider, own);
        if (step.nic) this.ports.set('eth1', own);
        break;
      case 'plug-nic':
        this.ports.set('eth1', own);
        break;
      case 'swap':
        this.masters.set(step.move.leg.legacy, step.move.bridge);
        if (step.move.uplink.kind === 'flat') this.masters.set('eth1', '');
        else this.masters.delete(step.move.uplink.name);
        break;
      case 'swap-back':
        // The kernel would refuse: a NIC has one owner.
        if (step.move.uplink.kind === 'flat' && this.adoption.joins === 'with-flat')
          expect(this.ports.has('eth1')).toBe(false);
        this.masters.set(step.move.uplink.name, step.move.bridge);
        this.masters.set(step.move.leg.legacy, '');
        break;
      case 'unplug-nic':
        this.ports.delete('eth1');
        break;
      case 'unplug-legs':
        for (const { leg } of moves) this.ports.delete(leg.provider);
        if (this.adoption.makesBridge) this.bridges.delete('br-ex');
        break;
      case 'remove-legs':
        for (const { leg } of moves) for (const end of [leg.legacy, leg.provider]) this.masters.delete(end);
        break;
      case 'prove':
        break;
    }
  }

  text(): string {
    return JSON.stringify([[...this.masters].toSorted(), [...this.ports], [...this.bridges].toSorted()]);
  }
}

describe('the way back', () => {
  it('after a boot takes rows out, and leaves uplinks to whoever makes their bridges anew', () => {
    const adoption: Adoption = {
      nic: 'eth1',
      provider: 'br-ex',
      datapath: 'system',
      makesBridge: true,
      ...cases['a VLAN'],
    };
    const world = new World(adoption);
    for (const step of adoptSteps(adoption)) world.do(step);
    world.booted = true;
    for (const name of ['shu100', 'shx100']) world.masters.delete(name);
    expect(backSteps(7, adoption, world.facts()).map(({ kind }) => kind)).toEqual(['unplug-nic', 'unplug-legs']);
  });

  it.each(Object.entries(cases))(
    'of %s restores what was, from after every single step, and is nothing then',
    (_name, what) => {
      for (const makesBridge of [false, true]) {
        if (makesBridge && what.joins === 'there') continue;
        const adoption: Adoption = { nic: 'eth1', provider: 'br-ex', datapath: 'system', makesBridge, ...what };
        const before = new World(adoption).text();
        for (let done = 0; done <= adoptSteps(adoption).length; done += 1) {
          const world = new World(adoption);
          for (const step of adoptSteps(adoption).slice(0, done)) world.do(step);
          for (const step of backSteps(7, adoption, world.facts())) world.do(step);
          expect(world.text(), `after ${done} steps`).toBe(before);
          expect(backSteps(7, adoption, world.facts())).toEqual([]);
        }
      }
    },
  );

  it('leaves a NIC and a bridge that somebody else uses', () => {
    const adoption: Adoption = {
      nic: 'eth1',
      provider: 'br-ex',
      datapath: 'system',
      makesBridge: true,
      ...cases['a VLAN'],
    };
    const world = new World(adoption);
    for (const step of adoptSteps(adoption)) world.do(step);
    world.ports.set('eth1', { bridge: 'br-ex', adoption: 9 });
    expect(backSteps(7, adoption, world.facts()).map(({ kind }) => kind)).toEqual([
      'swap-back',
      'unplug-legs',
      'remove-legs',
    ]);
  });

  it('can be gone by hand', () => {
    const adoption: Adoption = {
      nic: 'eth1',
      provider: 'br-ex',
      datapath: 'system',
      makesBridge: false,
      ...cases['a VLAN'],
    };
    expect(repairBy(adoption)).toContain(
      'ip link add link eth1 name eth1.100 address 52:54:00:00:00:01 mtu 1500 type vlan id 100',
    );
  });
});

describe('the proof of a wire', () => {
  const heard = (bridge: string, peer: string, answered: number) => ({ bridge, peer, sent: 4, answered });

  it('is that who answered before answers after', () => {
    const before = [heard('brq1', '10.0.0.1', 4), heard('brq1', '10.0.0.9', 0)];
    expect(judgeWire('brq1', before, [heard('brq1', '10.0.0.1', 1)])).toEqual({ kind: 'good', peers: 1 });
    expect(judgeWire('brq1', before, [heard('brq1', '10.0.0.1', 0)])).toEqual({ kind: 'bad', silent: ['10.0.0.1'] });
    expect(judgeWire('brq1', before, [heard('brq2', '10.0.0.1', 4)])).toEqual({ kind: 'bad', silent: ['10.0.0.1'] });
  });

  it('is none where nobody answered', () => {
    expect(judgeWire('brq2', [heard('brq1', '10.0.0.1', 4)], [])).toEqual({ kind: 'no-evidence', bridges: ['brq2'] });
    expect(unproven(['brq1', 'brq2'], [heard('brq1', '10.0.0.1', 4), heard('brq2', '10.0.0.1', 0)])).toEqual(['brq2']);
  });
});
