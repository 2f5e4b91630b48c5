import fc from 'fast-check';
import { type ErrorCode, errorTable } from '../../../domain/errors.ts';
import type { Finding } from '../../../domain/findings.ts';
import {
  type LegacyBridgeFacts,
  type NetworkTarget,
  shuntPlaces,
  sourceKinds,
  type TapFacts,
  type TapTarget,
} from '../../../domain/network-model.ts';
import type { AgentMessage, AttemptState, CutGrant, Order, OrderResult } from '../../../domain/orders.ts';
import { phases } from '../../../domain/phases.ts';
import type { Blackout, ProbeResult, TapVerdict } from '../../../domain/probes.ts';
import { operations } from '../../../domain/rewire/places.ts';
import type { CoordinatorMessage } from '../../../wire/session-codec.ts';

/** Arbitrary values of the domain's types: every optional field is there or not. */

/** An arbitrary for each field; optional fields are those that the type lets be absent. */
type Fields<T> = { readonly [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>> };
type OptionalKeys<T> = { [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? K : never }[keyof T];

export function anyOf<T>(fields: Fields<T>, ...optional: OptionalKeys<T>[]): fc.Arbitrary<T> {
  const names = Object.keys(fields) as (keyof T)[]; // the mapped type has no others
  const requiredKeys = names.filter((name) => !optional.includes(name as OptionalKeys<T>));
  return fc.record(fields, { requiredKeys } as never) as unknown as fc.Arbitrary<T>; // fast-check cannot infer through T
}

// The odd ones too: empty, beyond the BMP, long. Lone surrogates are no text in protobuf.
export const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('', 'tap0a1b2c3d-4e', 'ü\u0000'),
);
export const anyTexts = fc.array(anyText, { maxLength: 3 });
export const anyCount = fc.integer({ min: 0, max: 0xffff_ffff });
export const anySerial = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
export const anyReal = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
export const anyFlag = fc.boolean();
export const anyDirection = fc.constantFrom('forward', 'back');
export const anyMethod = fc.constantFrom('direct', 'shunt');
export const anyOperation = fc.constantFrom(...operations);
const anySource = fc.constantFrom(...sourceKinds);
export const anyPhase = fc.constantFrom(...phases);
export const anyCode = fc.constantFrom(...(Object.keys(errorTable) as ErrorCode[])); // its keys are the codes
const anyVantage = fc.constantFrom('legacy', 'local', 'remote', 'wire');
const anyName = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnop-0123'), minLength: 1, maxLength: 15 });
export const few = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 3 });
export const dictionary = <T>(value: fc.Arbitrary<T>) =>
  fc.array(fc.tuple(anyName, value), { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs));

export const anyFinding = anyOf<Finding>(
  {
    kind: fc.constantFrom('tap-without-port', 'mac-mismatch', 'address-unknown'),
    severity: fc.constantFrom('info', 'warning', 'error'),
    host: anyText,
    tap: anyText,
    portId: anyText,
    networkId: anyText,
    message: anyText,
  },
  'host',
  'tap',
  'portId',
  'networkId',
);

export const anyProbe = anyOf<ProbeResult>(
  {
    vantage: anyVantage,
    tap: anyText,
    portId: anyText,
    from: anyText,
    byIp: anyFlag,
    sent: anyCount,
    answered: anyCount,
    rttMs: anyReal,
    largeAnswered: anyCount,
    largeSent: anyCount,
  },
  'from',
  'byIp',
  'rttMs',
  'largeAnswered',
  'largeSent',
);

export const anyBlackout = anyOf<Blackout>({
  tap: anyText,
  portId: anyText,
  blackoutMs: anyReal,
  resolutionMs: anyReal,
  lost: anyCount,
  sent: anyCount,
});

export const anyTap = anyOf<TapTarget>(
  {
    tap: anyText,
    portId: anyText,
    networkId: anyText,
    mac: anyText,
    macs: fc.array(anyText, { minLength: 1, maxLength: 3 }), // an empty list and none are one on the wire
    ips: anyTexts,
    legacyBridge: anyText,
    deviceId: anyText,
    method: anyMethod,
    source: anySource,
  },
  'macs',
  'deviceId',
  'method',
  'source',
);

export const anyNetwork = anyOf<NetworkTarget>(
  {
    networkId: anyText,
    legacyBridge: anyText,
    class: fc.constantFrom('flat', 'vlan', 'overlay'),
    vlan: anyCount,
    mtu: anyCount,
    probe: fc.record({ name: anyText, mac: anyText, ip: anyText }),
    barrier: fc.constantFrom('met', 'open'),
  },
  'legacyBridge',
  'vlan',
  'probe',
  'barrier',
);

const anyTapVerdict: fc.Arbitrary<TapVerdict> = fc.oneof(
  fc.record({ kind: fc.constant('pass') }),
  fc.record({ kind: fc.constant('fail'), vantages: few(anyVantage), message: anyText }),
  fc.record({ kind: fc.constant('no-evidence') }),
  fc.record({ kind: fc.constant('inconclusive'), message: anyText }),
);

const anyState = anyOf<AttemptState>(
  {
    epoch: anySerial,
    phase: anyPhase,
    operation: anyOperation,
    direction: anyDirection,
    method: anyMethod,
    why: anyText,
    code: anyCode,
    remainingMs: anyReal,
    verdict: fc.record({
      kind: fc.constantFrom('pass', 'fail', 'inconclusive', 'no-evidence'),
      taps: dictionary(anyTapVerdict),
    }),
    baseline: few(anyProbe),
    blackouts: few(anyBlackout),
    gone: fc.array(anyText, { minLength: 1, maxLength: 3 }), // as `macs`
    repair: anyTexts,
  },
  'operation',
  'why',
  'code',
  'remainingMs',
  'verdict',
  'gone',
);

type Plug = TapFacts['plug'];
const anyPlug: fc.Arbitrary<Plug> = fc.oneof(
  anyOf<Extract<Plug, { kind: 'legacy' }>>(
    { kind: fc.constant('legacy'), bridge: anyText, source: anySource, ifaceId: anyText },
    'source',
    'ifaceId',
  ),
  anyOf<Extract<Plug, { kind: 'shunt' }>>(
    {
      kind: fc.constant('shunt'),
      place: fc.constantFrom(...shuntPlaces),
      bridge: anyText,
      legacyBridge: anyText,
      source: anySource,
      ifaceId: anyText,
      ofport: anyCount,
      installed: anyFlag,
    },
    'legacyBridge',
    'source',
    'ofport',
  ),
  anyOf<Extract<Plug, { kind: 'target' }>>(
    { kind: fc.constant('target'), bridge: anyText, ifaceId: anyText, ofport: anyCount, installed: anyFlag },
    'ofport',
  ),
  fc.record({ kind: fc.constant('none') }),
);

const anyBridge = anyOf<LegacyBridgeFacts>(
  {
    bridge: anyText,
    mtu: anyCount,
    uplink: anyText,
    provider: anyOf<NonNullable<LegacyBridgeFacts['provider']>>(
      { bridge: anyText, port: anyText, tag: anyCount },
      'tag',
    ),
    members: anyTexts,
  },
  'uplink',
  'provider',
);

const anyResult: fc.Arbitrary<OrderResult> = fc.oneof(
  anyOf<Extract<OrderResult, { kind: 'accepted' }>>(
    {
      orderId: anyText,
      kind: fc.constant('accepted'),
      probes: few(anyProbe),
      findings: few(anyFinding),
      resolved: fc.record({
        rest: fc.constantFrom('legacy', 'staged', 'target'),
        outcome: fc.constantFrom('committed', 'reverted'),
      }),
    },
    'resolved',
  ),
  anyOf<Extract<OrderResult, { kind: 'refused' }>>(
    {
      orderId: anyText,
      kind: fc.constant('refused'),
      code: anyCode,
      message: anyText,
      findings: few(anyFinding),
      repair: fc.array(anyText, { minLength: 1, maxLength: 3 }),
    },
    'repair',
  ),
);

const anyHello = anyOf<Extract<AgentMessage, { type: 'hello' }>['hello']>(
  {
    site: anyText,
    systemId: anyText,
    hostname: anyText,
    version: anyText,
    bootId: anyText,
    mode: fc.constantFrom('passive', 'active'),
    highestEpoch: anySerial,
    attempt: anyState,
  },
  'attempt',
);

const anyInventory = fc.record({
  taps: few(
    fc.record({ tap: anyText, ifindex: anyCount, hostMac: anyText, mtu: anyCount, linkUp: anyFlag, plug: anyPlug }),
  ),
  bridges: few(anyBridge),
  findings: few(anyFinding),
  chassisReady: anyFlag,
  ovsVersion: anyText,
  datapathType: anyText,
});

export const anyAgentMessage: fc.Arbitrary<AgentMessage> = fc.oneof(
  fc.record({ type: fc.constant('hello'), hello: anyHello }),
  fc.record({ type: fc.constant('inventory'), inventory: anyInventory }),
  fc.record({ type: fc.constant('state'), state: anyState }),
  fc.record({ type: fc.constant('order-result'), result: anyResult }),
);

const anyGrant = anyOf<CutGrant>(
  {
    epoch: anySerial,
    operation: anyOperation,
    direction: anyDirection,
    method: anyMethod,
    taps: few(anyTap),
    networks: few(anyNetwork),
    deadlineMs: anyReal,
    soakMs: anyReal,
    commitOn: fc.constantFrom('word', 'evidence'),
    batchSize: anyCount,
  },
  'operation',
);

const orderId = anyText;
const anyOrder: fc.Arbitrary<Order> = fc.oneof(
  anyOf<Extract<Order, { type: 'prepare' }>>(
    {
      type: fc.constant('prepare'),
      orderId,
      epoch: anySerial,
      operation: anyOperation,
      direction: anyDirection,
      taps: few(anyTap),
      networks: few(anyNetwork),
    },
    'operation',
  ),
  fc.record({ type: fc.constant('ensure-probes'), orderId, networks: few(anyNetwork) }),
  fc.record({ type: fc.constant('cut'), orderId, grant: anyGrant }),
  fc.record({ type: fc.constant('commit'), orderId, epoch: anySerial }),
  fc.record({ type: fc.constant('revert'), orderId, epoch: anySerial, why: anyText }),
  fc.record({ type: fc.constant('resolve'), orderId, epoch: anySerial, by: anyText, why: anyText }),
  fc.record({
    type: fc.constant('probe'),
    orderId,
    vantage: fc.constantFrom('remote', 'legacy'),
    networkId: anyText,
    targets: few(fc.record({ tap: anyText, portId: anyText, mac: anyText, ips: anyTexts })),
    rounds: anyCount,
    intervalMs: anyReal,
  }),
);

export const anyCoordinatorMessage: fc.Arbitrary<CoordinatorMessage> = fc.oneof(
  anyOrder,
  fc.record({ type: fc.constant('welcome'), site: anyText, coordinatorId: anyText }),
);
