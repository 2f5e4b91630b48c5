import type {
  LegacyBridgeFacts,
  NetworkTarget,
  ProbePort,
  TapFacts,
  TapPlug,
  TapTarget,
} from '../domain/network-model.ts';
import { count, flag, list, message, optional, tagged, text } from './codec.ts';
import type { LegacyBridgeFacts as PbLegacyBridgeFacts } from './gen/shunt/v1/LegacyBridgeFacts.ts';
import type { LegacyPlug as PbLegacyPlug } from './gen/shunt/v1/LegacyPlug.ts';
import type { NetworkTarget as PbNetworkTarget } from './gen/shunt/v1/NetworkTarget.ts';
import type { ProbePort as PbProbePort } from './gen/shunt/v1/ProbePort.ts';
import type { ProviderLeg as PbProviderLeg } from './gen/shunt/v1/ProviderLeg.ts';
import type { ShuntPlug as PbShuntPlug } from './gen/shunt/v1/ShuntPlug.ts';
import type { TapFacts as PbTapFacts } from './gen/shunt/v1/TapFacts.ts';
import type { TapPlug as PbTapPlug } from './gen/shunt/v1/TapPlug.ts';
import type { TapTarget as PbTapTarget } from './gen/shunt/v1/TapTarget.ts';
import type { TargetPlug as PbTargetPlug } from './gen/shunt/v1/TargetPlug.ts';
import { barrier, method, networkClass, shuntPlace, sourceKind } from './words.ts';

export const tapTargetCodec = message<TapTarget, PbTapTarget>({
  tap: text,
  portId: text,
  networkId: text,
  mac: text,
  macs: optional(list(text)),
  ips: list(text),
  legacyBridge: text,
  deviceId: optional(text),
  method: optional(method),
  source: optional(sourceKind),
});

const probePortCodec = message<ProbePort, PbProbePort>({ name: text, mac: text, ip: text });

export const networkTargetCodec = message<NetworkTarget, PbNetworkTarget>({
  networkId: text,
  legacyBridge: optional(text),
  class: networkClass,
  vlan: optional(count),
  mtu: count,
  probe: optional(probePortCodec),
  barrier: optional(barrier),
});

type PlugOf<K extends TapPlug['kind']> = Omit<Extract<TapPlug, { readonly kind: K }>, 'kind'>;

const tapPlugCodec = tagged<TapPlug, 'kind', never, PbTapPlug>(
  { tag: 'kind', oneof: 'plug', common: {} },
  {
    legacy: message<PlugOf<'legacy'>, PbLegacyPlug>({
      bridge: text,
      source: optional(sourceKind),
      ifaceId: optional(text),
    }),
    target: message<PlugOf<'target'>, PbTargetPlug>({
      bridge: text,
      ifaceId: text,
      ofport: optional(count),
      installed: flag,
    }),
    shunt: message<PlugOf<'shunt'>, PbShuntPlug>({
      place: shuntPlace,
      bridge: text,
      legacyBridge: optional(text),
      source: optional(sourceKind),
      ifaceId: text,
      ofport: optional(count),
      installed: flag,
    }),
    none: message<PlugOf<'none'>, object>({}),
  },
);

export const tapFactsCodec = message<TapFacts, PbTapFacts>({
  tap: text,
  ifindex: count,
  hostMac: text,
  mtu: count,
  linkUp: flag,
  plug: tapPlugCodec,
});

export const legacyBridgeFactsCodec = message<LegacyBridgeFacts, PbLegacyBridgeFacts>({
  bridge: text,
  mtu: count,
  uplink: optional(text),
  provider: optional(
    message<NonNullable<LegacyBridgeFacts['provider']>, PbProviderLeg>({
      bridge: text,
      port: text,
      tag: optional(count),
    }),
  ),
  members: list(text),
});
