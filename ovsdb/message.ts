import { OvsdbError } from './errors.ts';

/** One message of JSON-RPC 1.0 as RFC 7047 section 4 uses it. */
export type IncomingMessage =
  /** Exactly one of `result` and `error` is there. */
  | { readonly kind: 'reply'; readonly id: unknown; readonly result?: unknown; readonly error?: unknown }
  | { readonly kind: 'request'; readonly id: unknown; readonly method: string; readonly params: readonly unknown[] }
  | { readonly kind: 'notification'; readonly method: string; readonly params: readonly unknown[] };

/** As strict as OVS's own jsonrpc_msg_from_json, for which null is the same as absent. @throws OvsdbError `protocol` */
export function readMessage(json: unknown): IncomingMessage {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed('a message is no object');
  const { method, params, id, result, error, ...others } = json as Readonly<Record<string, unknown>>; // any may be undefined
  const [other] = Object.keys(others);
  if (other !== undefined) throw malformed(`a message has a member ${JSON.stringify(other)}`);
  if (present(method)) {
    if (typeof method !== 'string' || !Array.isArray(params))
      throw malformed('a method is no text or its params no array');
    if (present(result) || present(error)) throw malformed(`a call of ${method} has a result or an error`);
    return present(id) ? { kind: 'request', id, method, params } : { kind: 'notification', method, params };
  }
  if (params !== undefined) throw malformed('params without a method');
  if (!present(id)) throw malformed('a reply has no id');
  if (present(result) && present(error)) throw malformed('a reply has both a result and an error');
  if (present(result)) return { kind: 'reply', id, result };
  if (present(error)) return { kind: 'reply', id, error };
  throw malformed('a reply has neither a result nor an error');
}

/** Params of the notifications that OVSDB has; what a method of tomorrow carries nobody knows. @throws OvsdbError `protocol` */
export function checkNotification(method: string, params: readonly unknown[]): void {
  const check = Object.hasOwn(NOTIFICATIONS, method) ? NOTIFICATIONS[method] : undefined;
  if (check !== undefined && !check(params)) throw malformed(`the params of ${method} are malformed`);
}

type Check = (params: readonly unknown[]) => boolean;

const isObject = (json: unknown): boolean => typeof json === 'object' && json !== null && !Array.isArray(json);
const update: Check = (params) => params.length === 2 && isObject(params[1]);
const lockName: Check = (params) => params.length === 1 && typeof params[0] === 'string';

const NOTIFICATIONS: Readonly<Record<string, Check>> = {
  update,
  update2: update,
  update3: (params) => params.length === 3 && typeof params[1] === 'string' && isObject(params[2]),
  locked: lockName,
  stolen: lockName,
  monitor_canceled: (params) => params.length === 1,
};

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function malformed(what: string): OvsdbError {
  return new OvsdbError('protocol', what);
}
