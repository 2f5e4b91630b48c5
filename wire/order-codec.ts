import type { CutGrant, Order, ProbeTarget } from '../domain/orders.ts';
import { count, list, message, optional, real, serial, tagged, text, word } from './codec.ts';
import type { CommitOrder as PbCommitOrder } from './gen/shunt/v1/CommitOrder.ts';
import type { CutGrant as PbCutGrant } from './gen/shunt/v1/CutGrant.ts';
import type { CutOrder as PbCutOrder } from './gen/shunt/v1/CutOrder.ts';
import type { EnsureProbesOrder as PbEnsureProbesOrder } from './gen/shunt/v1/EnsureProbesOrder.ts';
import type { Order as PbOrder } from './gen/shunt/v1/Order.ts';
import type { PrepareOrder as PbPrepareOrder } from './gen/shunt/v1/PrepareOrder.ts';
import type { ProbeOrder as PbProbeOrder } from './gen/shunt/v1/ProbeOrder.ts';
import type { ProbeTarget as PbProbeTarget } from './gen/shunt/v1/ProbeTarget.ts';
import type { ResolveOrder as PbResolveOrder } from './gen/shunt/v1/ResolveOrder.ts';
import type { RevertOrder as PbRevertOrder } from './gen/shunt/v1/RevertOrder.ts';
import { networkTargetCodec, tapTargetCodec } from './network-codec.ts';
import { commitOn, direction, method, operation } from './words.ts';

const cutGrantCodec = message<CutGrant, PbCutGrant>({
  epoch: serial,
  operation: optional(operation),
  direction,
  method,
  taps: list(tapTargetCodec),
  networks: list(networkTargetCodec),
  deadlineMs: real,
  soakMs: real,
  commitOn,
  batchSize: count,
});

const probeTargetCodec = message<ProbeTarget, PbProbeTarget>({ tap: text, portId: text, mac: text, ips: list(text) });

type OrderOf<T extends Order['type']> = Omit<Extract<Order, { readonly type: T }>, 'type' | 'orderId'>;

export const orderCodec = tagged<Order, 'type', 'orderId', PbOrder>(
  { tag: 'type', oneof: 'order', common: { orderId: text } },
  {
    'prepare': message<OrderOf<'prepare'>, PbPrepareOrder>({
      epoch: serial,
      operation: optional(operation),
      direction,
      taps: list(tapTargetCodec),
      networks: list(networkTargetCodec),
    }),
    'ensure-probes': message<OrderOf<'ensure-probes'>, PbEnsureProbesOrder>({ networks: list(networkTargetCodec) }),
    'cut': message<OrderOf<'cut'>, PbCutOrder>({ grant: cutGrantCodec }),
    'commit': message<OrderOf<'commit'>, PbCommitOrder>({ epoch: serial }),
    'revert': message<OrderOf<'revert'>, PbRevertOrder>({ epoch: serial, why: text }),
    'resolve': message<OrderOf<'resolve'>, PbResolveOrder>({ epoch: serial, by: text, why: text }),
    'probe': message<OrderOf<'probe'>, PbProbeOrder>({
      vantage: word<OrderOf<'probe'>['vantage']>('vantage of an order', { remote: 1, legacy: 1 }),
      networkId: text,
      targets: list(probeTargetCodec),
      rounds: count,
      intervalMs: real,
    }),
  },
);
