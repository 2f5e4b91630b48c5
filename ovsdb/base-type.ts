import { writeAtom } from './atom.ts';
import { parseEnum } from './datum.ts';
import type { Json } from './json.ts';
import { isJsonInteger, MemberReader } from './member-reader.ts';
import { syntaxError } from './rfc-error.ts';
import { type AtomicKind, type BaseType, INT64_MAX, INT64_MIN, plainBase, UINT_MAX } from './type-model.ts';

/** Reads an `<atomic-type>`. @throws OvsdbError `syntax error` */
export function parseAtomicType(json: unknown): AtomicKind {
  switch (json) {
    case 'integer':
    case 'real':
    case 'boolean':
    case 'string':
    case 'uuid':
      return json;
    default:
      throw syntaxError(json, typeof json === 'string' ? `"${json}" is not an atomic-type` : 'atomic-type expected');
  }
}

/** Reads a `<base-type>` (RFC 7047 section 3.2). @throws OvsdbError `syntax error`, `constraint violation`, `ovsdb error` */
export function parseBaseType(json: unknown): BaseType {
  if (typeof json === 'string') return plainBase(parseAtomicType(json));
  const reader = new MemberReader(json, 'ovsdb type');
  const type = parseAtomicType(reader.required('type', 'string'));
  const values = reader.optional('enum', 'any');
  const base =
    values === undefined ? parseConstraints(type, reader, json) : { ...plainBase(type), enum: parseEnum(type, values) };
  reader.finish();
  return base;
}

/** The type as JSON; bounds that are open are left out. */
export function writeBaseType(base: BaseType): Json {
  const constraints = writeConstraints(base);
  const [first] = base.enum ?? [];
  if (base.enum !== undefined && first !== undefined) {
    const atoms = base.enum.map((atom) => writeAtom(base.type, atom));
    constraints.enum = atoms.length === 1 ? writeAtom(base.type, first) : ['set', atoms];
  }
  return Object.keys(constraints).length === 0 ? base.type : { type: base.type, ...constraints };
}

function parseConstraints(type: AtomicKind, reader: MemberReader, json: unknown): BaseType {
  switch (type) {
    case 'integer': {
      const min = reader.optional('minInteger', 'integer') ?? INT64_MIN;
      const max = reader.optional('maxInteger', 'integer') ?? INT64_MAX;
      if (!isJsonInteger(min) || !isJsonInteger(max) || min > max) {
        throw syntaxError(json, 'minInteger exceeds maxInteger');
      }
      return { type, min, max };
    }
    case 'real': {
      const min = Number(reader.optional('minReal', 'integer', 'real') ?? -Number.MAX_VALUE);
      const max = Number(reader.optional('maxReal', 'integer', 'real') ?? Number.MAX_VALUE);
      if (min > max) throw syntaxError(json, 'minReal exceeds maxReal');
      return { type, min, max };
    }
    case 'string': {
      const minLength = parseLength(reader, 'minLength') ?? 0;
      const maxLength = parseLength(reader, 'maxLength') ?? UINT_MAX;
      if (minLength > maxLength) throw syntaxError(json, 'minLength exceeds maxLength');
      return { type, minLength, maxLength };
    }
    case 'uuid':
      return parseReference(reader, json);
    case 'boolean':
      return { type };
  }
}

function parseLength(reader: MemberReader, member: string): number | undefined {
  const length = reader.optional(member, 'integer');
  if (length === undefined) return undefined;
  if (typeof length !== 'number' || length < 0 || length > UINT_MAX) {
    throw syntaxError(length, `${member} out of valid range 0 to ${UINT_MAX}`);
  }
  return length;
}

function parseReference(reader: MemberReader, json: unknown): BaseType {
  const refTable = reader.optional('refTable', 'id');
  if (typeof refTable !== 'string') return plainBase('uuid');
  const refType = reader.optional('refType', 'id') ?? 'strong';
  if (refType !== 'strong' && refType !== 'weak') {
    throw syntaxError(json, `refType must be "strong" or "weak" (not "${refType}")`);
  }
  return { type: 'uuid', refTable, refType };
}

function writeConstraints(base: BaseType): Record<string, Json> {
  const json: Record<string, Json> = {};
  switch (base.type) {
    case 'integer':
      if (base.min !== INT64_MIN) json.minInteger = base.min;
      if (base.max !== INT64_MAX) json.maxInteger = base.max;
      break;
    case 'real':
      if (base.min !== -Number.MAX_VALUE) json.minReal = base.min;
      if (base.max !== Number.MAX_VALUE) json.maxReal = base.max;
      break;
    case 'string':
      if (base.minLength !== 0) json.minLength = base.minLength;
      if (base.maxLength !== UINT_MAX) json.maxLength = base.maxLength;
      break;
    case 'uuid':
      if (base.refTable !== undefined) json.refTable = base.refTable;
      if (base.refTable !== undefined && base.refType === 'weak') json.refType = 'weak';
      break;
    case 'boolean':
      break;
  }
  return json;
}
