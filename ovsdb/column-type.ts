import { parseBaseType, writeBaseType } from './base-type.ts';
import type { Json } from './json.ts';
import { MemberReader } from './member-reader.ts';
import { syntaxError } from './rfc-error.ts';
import { type ColumnType, isScalar, UINT_MAX } from './type-model.ts';

/** Reads a `<type>` (RFC 7047 section 3.2). @throws OvsdbError `syntax error`, `constraint violation`, `ovsdb error` */
export function parseType(json: unknown): ColumnType {
  if (typeof json === 'string') return { key: parseBaseType(json), min: 1, max: 1 };
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw syntaxError(json, 'ovsdb type expected');
  }
  const reader = new MemberReader(json, 'ovsdb type');
  const keyJson = reader.required('key', 'string', 'object');
  const valueJson = reader.optional('value', 'string', 'object');
  const minJson = reader.optional('min', 'integer');
  const maxJson = reader.optional('max', 'integer', 'string');
  reader.finish();
  const key = parseBaseType(keyJson);
  const value = valueJson === undefined ? {} : { value: parseBaseType(valueJson) };
  const min = parseCount(minJson);
  const max = maxJson === 'unlimited' ? Number.POSITIVE_INFINITY : parseCount(maxJson);
  if (min > 1 || max < 1) throw syntaxError(json, 'ovsdb type fails constraint checks');
  return { key, ...value, min, max };
}

/** The type as JSON, in the shortest form. */
export function writeType(type: ColumnType): Json {
  const key = writeBaseType(type.key);
  if (isScalar(type) && typeof key === 'string') return key;
  const json: Record<string, Json> = { key };
  if (type.value !== undefined) json.value = writeBaseType(type.value);
  if (type.min !== 1) json.min = type.min;
  if (type.max === Number.POSITIVE_INFINITY) json.max = 'unlimited';
  else if (type.max !== 1) json.max = type.max;
  return json;
}

function parseCount(json: unknown): number {
  if (json === undefined) return 1;
  if (typeof json === 'number' && json >= 0 && json < UINT_MAX) return json;
  throw syntaxError(json, 'bad min or max value');
}
