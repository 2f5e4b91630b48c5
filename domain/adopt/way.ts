import type { AdoptFacts, Adoption, LegacyUplink, UplinkMove } from './facts.ts';

/** One thing that an adoption, or its way back, does; each finds out by itself how much of it is done already. */
export type AdoptStep =
  | { readonly kind: 'make-provider' }
  /** Veth pairs, up and forwarding, in no bridge yet. */
  | { readonly kind: 'make-legs' }
  /** Rows of the legs in the provider bridge, and the NIC's where it can be had. */
  | { readonly kind: 'plug-legs'; readonly nic: boolean }
  /** The legacy bridge changes its way to the wire: one netlink batch. */
  | { readonly kind: 'swap'; readonly move: UplinkMove }
  | { readonly kind: 'plug-nic' }
  /** Whoever answered from beyond the wire still does. */
  | { readonly kind: 'prove'; readonly move: UplinkMove }
  | { readonly kind: 'unplug-nic' }
  | { readonly kind: 'swap-back'; readonly move: UplinkMove }
  | { readonly kind: 'unplug-legs' }
  | { readonly kind: 'remove-legs' };

/** The whole way: what touches no frame first, then uplink after uplink, each proved before the next. */
export function adoptSteps(adoption: Adoption): readonly AdoptStep[] {
  const { joins, makesBridge, moves } = adoption;
  return [
    ...(makesBridge ? [{ kind: 'make-provider' } as const] : []),
    { kind: 'make-legs' },
    { kind: 'plug-legs', nic: joins === 'first' },
    ...moves.flatMap((move): AdoptStep[] => [
      { kind: 'swap', move },
      ...(move.uplink.kind === 'flat' && joins === 'with-flat' ? [{ kind: 'plug-nic' } as const] : []),
      { kind: 'prove', move },
    ]),
  ];
}

/** What is missing until all is as before the adoption, whatever of it was done; nothing when it is. */
export function backSteps(id: number, adoption: Adoption, facts: AdoptFacts): readonly AdoptStep[] {
  const away = adoption.moves.toReversed().filter((move) => !isHome(move, facts));
  const swaps = (kind: LegacyUplink['kind']): readonly AdoptStep[] =>
    away.filter(({ uplink }) => uplink.kind === kind).map((move) => ({ kind: 'swap-back', move }));
  const unplugNic: readonly AdoptStep[] =
    facts.ports.get(adoption.nic)?.adoption === id ? [{ kind: 'unplug-nic' }] : [];
  // The kernel gives a NIC one owner: Open vSwitch lets go of it before its Linux bridge can have it.
  const kernelFlat = adoption.joins === 'with-flat';
  const rows = adoption.moves.some(({ leg }) => facts.ports.get(leg.provider)?.adoption === id);
  const veths = adoption.moves.some(({ leg }) => facts.links.some(({ name }) => name === leg.legacy));
  return [
    ...swaps('vlan'),
    ...(kernelFlat ? unplugNic : []),
    ...swaps('flat'),
    ...(kernelFlat ? [] : unplugNic),
    ...(rows || removesBridge(id, adoption, facts) ? [{ kind: 'unplug-legs' } as const] : []),
    ...(veths ? [{ kind: 'remove-legs' } as const] : []),
  ];
}

/** We made it, and nobody else has put a port into it since. */
function removesBridge(
  id: number,
  { provider, makesBridge, moves, nic }: Adoption,
  { bridges, ports }: AdoptFacts,
): boolean {
  if (!makesBridge || !bridges.has(provider)) return false;
  const own = new Set([provider, nic, ...moves.map(({ leg }) => leg.provider)]);
  return [...ports].every(
    ([name, port]) => port.bridge !== provider || (own.has(name) && (name === provider || port.adoption === id)),
  );
}

/** The uplink is a member of its bridge again, and nothing of ours is. A bridge that is gone (after a boot) has whoever makes it anew for its uplinks. */
function isHome({ bridge, uplink, leg }: UplinkMove, { links }: AdoptFacts): boolean {
  if (!links.some(({ name }) => name === bridge)) return true;
  const master = (name: string) => links.find((link) => link.name === name)?.master;
  return master(uplink.name) === bridge && master(leg.legacy) !== bridge;
}

/** What an operator does by hand when the way back fails. */
export function repairBy(adoption: Adoption): readonly string[] {
  const unplug =
    adoption.joins === 'there' ? [] : [`ovs-vsctl --if-exists del-port ${adoption.provider} ${adoption.nic}`];
  return [
    ...unplug,
    ...adoption.moves.flatMap(({ bridge, uplink, leg }) => [
      `ovs-vsctl --if-exists del-port ${adoption.provider} ${leg.provider}`,
      `ip link delete ${leg.legacy}`,
      ...(uplink.kind === 'vlan'
        ? [
            `ip link add link ${adoption.nic} name ${uplink.name} address ${uplink.mac} mtu ${uplink.mtu} type vlan id ${uplink.vlan}`,
          ]
        : []),
      `ip link set ${uplink.name} master ${bridge} up`,
    ]),
  ];
}

/** The plan in an operator's words. */
export function describeStep(step: AdoptStep, adoption: Adoption): string {
  const { nic, provider } = adoption;
  switch (step.kind) {
    case 'make-provider':
      return `make bridge ${provider} in Open vSwitch (datapath ${adoption.datapath})`;
    case 'make-legs':
      return `make ${adoption.moves.map(({ leg }) => `${leg.legacy}--${leg.provider}`).join(', ')}`;
    case 'plug-legs':
      return `put ${[...adoption.moves.map(({ leg, uplink }) => `${leg.provider} (${wireOf(uplink)})`), ...(step.nic ? [nic] : [])].join(', ')} into ${provider}`;
    case 'swap':
      return `${step.move.bridge}: ${step.move.leg.legacy} in, ${step.move.uplink.name} out${step.move.uplink.kind === 'vlan' ? ' and deleted: its frames go to Open vSwitch from then on' : ''}`;
    case 'plug-nic':
      return `put ${nic} into ${provider}`;
    case 'prove':
      return `ask from ${step.move.bridge} whoever answered before`;
    case 'unplug-nic':
      return `take ${nic} out of ${provider}`;
    case 'swap-back':
      return `${step.move.bridge}: ${step.move.uplink.name} in again, ${step.move.leg.legacy} out`;
    case 'unplug-legs':
      return `take the legs out of ${provider}${adoption.makesBridge ? ', and remove it' : ''}`;
    case 'remove-legs':
      return `remove ${adoption.moves.map(({ leg }) => `${leg.legacy}--${leg.provider}`).join(', ')}`;
  }
}

function wireOf(uplink: UplinkMove['uplink']): string {
  return uplink.kind === 'flat' ? 'untagged' : `VLAN ${uplink.vlan}`;
}
