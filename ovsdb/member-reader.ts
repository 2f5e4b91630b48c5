import type { OvsdbError } from './errors.ts';
import { rfcError, syntaxError } from './rfc-error.ts';

/** Kinds of JSON that a member may be; `id` is text that is an `<id>` of RFC 7047 section 3.1. */
export type MemberKind = 'boolean' | 'integer' | 'real' | 'string' | 'id' | 'array' | 'object' | 'any';

/** Reads the members of an object strictly: each has its kind, none may be missing, and none may be left. */
export class MemberReader {
  readonly #name: string;
  readonly #json: unknown;
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #used = new Set<string>();

  /** @throws OvsdbError `invalid-value`: `Parsing <name> failed: Object expected.` */
  constructor(json: unknown, name: string) {
    this.#name = name;
    this.#json = json;
    if (!isJsonObject(json)) throw rfcError('syntax error', `Parsing ${name} failed: Object expected.`);
    this.#members = json;
  }

  /** A member that must be there. */
  required(member: string, ...kinds: readonly MemberKind[]): unknown {
    const value = this.optional(member, ...kinds);
    if (value === undefined) throw this.#fault(`Required '${member}' member is missing.`);
    return value;
  }

  /** A member, or undefined. */
  optional(member: string, ...kinds: readonly MemberKind[]): unknown {
    if (!Object.hasOwn(this.#members, member)) return undefined;
    const value = this.#members[member];
    if (!kinds.some((kind) => isOfKind(value, kind))) throw this.#fault(`Type mismatch for member '${member}'.`);
    this.#used.add(member);
    return value;
  }

  /** Nothing else may be in the object. */
  finish(): void {
    const [first, ...others] = Object.keys(this.#members).filter((member) => !this.#used.has(member));
    if (first === undefined) return;
    const more = others.length === 0 ? '' : ` and ${others.length} other member${others.length > 1 ? 's' : ''}`;
    throw this.#fault(`Member '${first}'${more} ${more ? 'are' : 'is'} present but not allowed here.`);
  }

  #fault(details: string): OvsdbError {
    return syntaxError(this.#json, `Parsing ${this.#name} failed: ${details}`);
  }
}

/** `<id>`: letters, digits and `_`, no digit first. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** A JSON integer is in the range of 64 bits; beyond 2^53 it is a bigint. */
export function isJsonInteger(json: unknown): json is number | bigint {
  return typeof json === 'bigint' || Number.isSafeInteger(json);
}

/** True for an object that is no array and no null. */
export function isJsonObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

const ID = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function isOfKind(value: unknown, kind: MemberKind): boolean {
  switch (kind) {
    case 'any':
      return true;
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return isJsonInteger(value);
    case 'real':
      return typeof value === 'number' && !isJsonInteger(value);
    case 'string':
      return typeof value === 'string';
    case 'id':
      return typeof value === 'string' && isId(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isJsonObject(value);
  }
}
