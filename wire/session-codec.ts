import type {
  AgentHello,
  AgentMessage,
  AttemptState,
  HostInventory,
  Order,
  OrderResult,
  Resolution,
} from '../domain/orders.ts';
import { type Codec, flag, list, message, optional, real, serial, tagged, text } from './codec.ts';
import { blackoutCodec, findingCodec, probeResultCodec, verdictCodec } from './evidence-codec.ts';
import type { AgentHello as PbAgentHello } from './gen/shunt/v1/AgentHello.ts';
import type { AgentMessage as PbAgentMessage } from './gen/shunt/v1/AgentMessage.ts';
import type { AttemptState as PbAttemptState } from './gen/shunt/v1/AttemptState.ts';
import type { CoordinatorMessage as PbCoordinatorMessage } from './gen/shunt/v1/CoordinatorMessage.ts';
import type { HostInventory as PbHostInventory } from './gen/shunt/v1/HostInventory.ts';
import type { OrderAccepted as PbOrderAccepted } from './gen/shunt/v1/OrderAccepted.ts';
import type { OrderRefused as PbOrderRefused } from './gen/shunt/v1/OrderRefused.ts';
import type { OrderResult as PbOrderResult } from './gen/shunt/v1/OrderResult.ts';
import type { Resolution as PbResolution } from './gen/shunt/v1/Resolution.ts';
import type { Welcome as PbWelcome } from './gen/shunt/v1/Welcome.ts';
import { legacyBridgeFactsCodec, tapFactsCodec } from './network-codec.ts';
import { orderCodec } from './order-codec.ts';
import { agentMode, direction, errorCode, method, operation, phase, resolvedAs, rest } from './words.ts';

/** The coordinator's answer to an agent's hello. */
export interface Welcome {
  readonly type: 'welcome';
  readonly site: string;
  readonly coordinatorId: string;
}

/** What a coordinator says to an agent. */
export type CoordinatorMessage = Welcome | Order;

export const attemptStateCodec = message<AttemptState, PbAttemptState>({
  epoch: serial,
  phase,
  operation: optional(operation),
  direction,
  method,
  why: optional(text),
  code: optional(errorCode),
  remainingMs: optional(real),
  verdict: optional(verdictCodec),
  baseline: list(probeResultCodec),
  blackouts: list(blackoutCodec),
  repair: list(text),
  gone: optional(list(text)),
});

const helloCodec = message<AgentHello, PbAgentHello>({
  site: text,
  systemId: text,
  hostname: text,
  version: text,
  bootId: text,
  mode: agentMode,
  highestEpoch: serial,
  attempt: optional(attemptStateCodec),
});

const inventoryCodec = message<HostInventory, PbHostInventory>({
  taps: list(tapFactsCodec),
  bridges: list(legacyBridgeFactsCodec),
  findings: list(findingCodec),
  chassisReady: flag,
  ovsVersion: text,
  datapathType: text,
});

const resolutionCodec = message<Resolution, PbResolution>({ rest, outcome: resolvedAs });

type ResultOf<K extends OrderResult['kind']> = Omit<Extract<OrderResult, { readonly kind: K }>, 'kind' | 'orderId'>;

const orderResultCodec = tagged<OrderResult, 'kind', 'orderId', PbOrderResult>(
  { tag: 'kind', oneof: 'result', common: { orderId: text } },
  {
    accepted: message<ResultOf<'accepted'>, PbOrderAccepted>({
      probes: list(probeResultCodec),
      findings: list(findingCodec),
      resolved: optional(resolutionCodec),
    }),
    refused: message<ResultOf<'refused'>, PbOrderRefused>({
      code: errorCode,
      message: text,
      findings: list(findingCodec),
      repair: optional(list(text)),
    }),
  },
);

type MessageOf<T extends AgentMessage['type']> = Omit<Extract<AgentMessage, { readonly type: T }>, 'type'>;

export const agentMessageCodec = tagged<AgentMessage, 'type', never, PbAgentMessage>(
  { tag: 'type', oneof: 'body', common: {} },
  {
    'hello': boxed<MessageOf<'hello'>, 'hello'>('hello', helloCodec),
    'inventory': boxed<MessageOf<'inventory'>, 'inventory'>('inventory', inventoryCodec),
    'state': boxed<MessageOf<'state'>, 'state'>('state', attemptStateCodec),
    'order-result': boxed<MessageOf<'order-result'>, 'result'>('result', orderResultCodec),
  },
);

/** The domain keeps the body in a field of its own, proto in the case itself. */
function boxed<D extends Readonly<Record<K, unknown>>, K extends string>(key: K, codec: Codec<D[K]>): Codec<D> {
  return {
    encode: (value, path) => codec.encode(value[key], path),
    decode: (wire, path) => ({ [key]: codec.decode(wire, path) }) as D, // one computed key: the compiler cannot see which
  };
}

const welcomeCodec = message<Omit<Welcome, 'type'>, PbWelcome>({ site: text, coordinatorId: text });

export const coordinatorMessageCodec: Codec<CoordinatorMessage, PbCoordinatorMessage> = {
  encode: (value) =>
    value.type === 'welcome' ? { welcome: welcomeCodec.encode(value) } : { order: orderCodec.encode(value) },
  decode(wire) {
    const body = (wire as PbCoordinatorMessage).body; // the deserialiser made it
    if (body === 'welcome') {
      return { type: 'welcome', ...welcomeCodec.decode((wire as PbCoordinatorMessage).welcome, 'welcome') };
    }
    return orderCodec.decode((wire as PbCoordinatorMessage).order, 'order');
  },
};
