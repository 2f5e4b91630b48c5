import { isOvsdbError, OvsdbError } from '../../ovsdb/errors.ts';
import { parseJsonBytes } from '../../ovsdb/json.ts';
import { readJsonText } from '../../ovsdb/json-reader.ts';

/** What a program printed and how it ended. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Collects what a command prints; a fault that the command does not expect ends it with status 1, as in OVS. */
export class Printer {
  readonly #program: string;
  #stdout = '';
  #stderr = '';
  #status = 0;

  constructor(program: string) {
    this.#program = program;
  }

  line(text: string): void {
    this.#stdout += `${text}\n`;
  }

  /** Tells a fault and goes on; the status will be 1. */
  fault(error: OvsdbError): void {
    this.#stderr += `${this.#program}: ${error.message}\n`;
    this.#status = 1;
  }

  fail(): void {
    this.#status = 1;
  }

  run(command: () => void): Outcome {
    try {
      command();
    } catch (error) {
      if (!isOvsdbError(error)) throw error;
      this.fault(error);
    }
    return { status: this.#status, stdout: this.#stdout, stderr: this.#stderr };
  }
}

/** An argument of JSON. */
export function readArgument(bytes: Uint8Array | undefined): unknown {
  const given = bytes ?? Buffer.from('');
  const text = Buffer.from(given).toString('utf8');
  // OVS lets a trailing surrogate pass here, and refuses it where it checks strings.
  if (/\\u[dD][c-fC-F]/.test(text)) return readJsonText(text, { loneTrailing: true });
  return parseJsonBytes(given);
}

/** OVS's test programs take `["integer"]` for `"integer"`, which is no JSON text by itself. */
export function unbox(json: unknown): unknown {
  return Array.isArray(json) && json.length === 1 ? json[0] : json;
}

/** @throws OvsdbError when it is no array */
export function asArray(json: unknown, what: string): readonly unknown[] {
  if (Array.isArray(json)) return json;
  throw new OvsdbError('invalid-use', `${what} is not JSON array`);
}
