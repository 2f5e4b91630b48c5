import { existsSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Redactor } from './redact.ts';
import { describeError, ShuntError } from './shunt-error.ts';
import { type TarFile, tarEndBytes, tarNameBytesMax, tarOf } from './tar.ts';

/** A piece of a support bundle: what was asked for, and whether it could be had. */
export interface BundlePart {
  readonly name: string;
  readonly bytes?: number;
  /** The beginning was left out: it was longer than a part may be. */
  readonly cut?: boolean;
  /** Why it is missing. */
  readonly missing?: string;
}

export interface BundleOptions {
  readonly program: string;
  readonly version: string;
  /** ISO 8601. */
  readonly at: string;
  readonly host: string;
  /** Take MAC and IP addresses out too. */
  readonly hideAddresses: boolean;
  /** Two bundles with the same one make the same words of addresses. */
  readonly salt?: string;
}

/** Of one part, in bytes; of a longer one the end is kept. */
const partBytesMax = 64 * 1024 * 1024;

/**
 * Gathers what somebody needs who was not there, redacted, as a .tar.gz. A part that cannot be had is said so in `manifest.json`, and keeps none of
 * the others from being gathered: this is made where things are broken.
 */
export class SupportBundle {
  readonly redactor: Redactor;
  readonly #options: BundleOptions;
  readonly #files: TarFile[] = [];
  readonly #parts: BundlePart[] = [];
  /** Archives of other programs, whole. */
  readonly #joined: Buffer[] = [];

  constructor(options: BundleOptions) {
    this.#options = options;
    const { hideAddresses, salt } = options;
    this.redactor = new Redactor({ addresses: hideAddresses, ...(salt === undefined ? {} : { salt }) });
  }

  get parts(): readonly BundlePart[] {
    return this.#parts;
  }

  /** Adds what `get` gives as a file of that name, or notes why it does not. */
  async add(name: string, get: () => Promise<string> | string): Promise<void> {
    try {
      if (Buffer.byteLength(name) > tarNameBytesMax) throw new RangeError('its name is too long for an archive');
      const { text, cut } = ending(await get());
      const data = Buffer.from(this.redactor.redact(text));
      this.#files.push({ name, data });
      this.#parts.push({ name, bytes: data.length, ...(cut ? { cut } : {}) });
    } catch (error) {
      this.#parts.push({ name, missing: this.redactor.redact(describeError(error)) });
    }
  }

  /** Takes in the bundle of another program, whose parts were redacted by it. */
  join(archive: Uint8Array): void {
    this.#joined.push(gunzipSync(archive).subarray(0, -tarEndBytes));
  }

  /** Notes that a whole group could not be had. */
  missing(name: string, why: string): void {
    this.#parts.push({ name, missing: this.redactor.redact(why) });
  }

  /** The archive; its own manifest is the first file in it. */
  finish(manifestName = 'manifest.json'): Buffer {
    const { program, version, at, host, hideAddresses } = this.#options;
    const manifest = {
      ...{ format: 1, program, version, at, host, hideAddresses },
      redacted: this.redactor.redacted,
      parts: this.#parts,
    };
    const first = { name: manifestName, data: Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`) };
    return gzipSync(Buffer.concat([...this.#joined, tarOf([first, ...this.#files], Date.parse(at))]));
  }
}

/** Writes an archive to a new file that only its owner can read. */
export function writeBundle(output: string, archive: Uint8Array): void {
  try {
    writeFileSync(output, archive, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const code = existsSync(output) ? 'already-exists' : 'io-failed';
    throw new ShuntError(code, `write the support bundle ${output}`, { cause });
  }
}

/** What is in it and what is not, for whoever made it. */
export function bundleText(output: string, parts: readonly BundlePart[]): string {
  const lost = parts.flatMap(({ name, missing }) => (missing === undefined ? [] : [`not there: ${name}: ${missing}`]));
  return [...lost, `${output}: ${parts.length - lost.length} parts, readable by its owner only`].join('\n');
}

function ending(text: string): { readonly text: string; readonly cut: boolean } {
  if (text.length <= partBytesMax) return { text, cut: false };
  const from = text.indexOf('\n', text.length - partBytesMax);
  return { text: text.slice(from < 0 ? -partBytesMax : from + 1), cut: true };
}
