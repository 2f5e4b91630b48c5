import { OvsdbError } from './errors.ts';
import type { Message } from './framing.ts';

/**
 * Parses one message. Integers beyond 2^53 come out as bigint, exactly; a reviver costs seven times as much, so it runs only on
 * messages in which the splitter saw that many digits.
 */
export function parseJson(message: Message): unknown {
  try {
    return message.longDigits ? JSON.parse(message.text, exactInteger as Reviver) : JSON.parse(message.text);
  } catch (cause) {
    throw new OvsdbError('protocol', 'a message is not JSON', { cause });
  }
}

/** Writes JSON; a bigint becomes an integer literal. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // TypeError: there is a bigint in it
    return JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'bigint' ? rawJson(inner.toString()) : inner,
    );
  }
}

type Reviver = (this: unknown, key: string, value: unknown) => unknown; // lib.d.ts does not know the third argument yet

function exactInteger(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const { source } = context;
  return source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text); // V8 has it, lib.d.ts not yet
}
