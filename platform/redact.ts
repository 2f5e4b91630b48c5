import { createHmac, randomBytes } from 'node:crypto';
import { gone, secretSpans } from './secret-spans.ts';

/** What was taken out of texts, for whoever reads them. */
export interface Redacted {
  readonly secrets: number;
  readonly addresses: number;
}

/**
 * Takes secrets out of texts: values of keys that are called so, user parts of URLs, PEM private keys, JSON web tokens, NATS seeds, bearer tokens;
 * and whatever was once recognised, wherever it stands alone. With `addresses` also MAC, IPv4 and IPv6 addresses: the same one always
 * becomes the same word, so that one can still be followed.
 */
export class Redactor {
  readonly #addresses: boolean;
  readonly #salt: string;
  readonly #known = new Set<string>();
  #secretsGone = 0;
  #addressesGone = 0;

  /** With the same `salt` two of them make the same words of addresses. */
  constructor(options: { readonly addresses: boolean; readonly salt?: string }) {
    this.#addresses = options.addresses;
    this.#salt = options.salt ?? randomBytes(16).toString('hex');
  }

  get redacted(): Redacted {
    return { secrets: this.#secretsGone, addresses: this.#addressesGone };
  }

  /** Remembers the secrets of a text, so that they are found in others too: the configuration first. */
  learn(text: string): void {
    this.#secretsOf(text);
  }

  redact(text: string): string {
    let out = this.#secretsOf(text);
    for (const secret of this.#known) out = out.replaceAll(secret, () => this.#secret());
    return this.#addresses ? this.#withoutAddresses(out) : out;
  }

  #secretsOf(text: string): string {
    const out = text
      .replace(pemKeys, () => this.#secret())
      .replace(words, (word) => (word.includes('://') ? this.#withoutUserParts(word) : word))
      .replace(bearer, (_all, word: string, value: string) => `${word} ${this.#secret(value)}`);
    return this.#withoutTokens(this.#withoutNamed(out)).replace(natsSeeds, () => this.#secret());
  }

  /** Up to the last `@` of each URL, for a password may hold some, and slashes and quotes too; one without any is understood with the next. */
  #withoutUserParts(word: string): string {
    let out = '';
    let rest = '';
    for (const url of word.split(betweenUrls)) {
      rest += url;
      if (!url.includes('@')) continue;
      const slashes = rest.indexOf('://');
      const from = slashes + '://'.length;
      const to = rest.lastIndexOf('@');
      if (slashes < 0 || to <= from) continue;
      out += `${rest.slice(0, from)}${this.#secret(...passwordsOf(rest.slice(from, to)))}${rest.slice(to)}`;
      rest = '';
    }
    return out + rest;
  }

  #withoutNamed(text: string): string {
    const parts: string[] = [];
    let done = 0;
    for (const { from, to, isOpen } of secretSpans(text)) {
      const forms = isOpen ? [] : formsOf(text.slice(from, to)); // of an open one nobody knows how much of its line it is
      parts.push(text.slice(done, from), this.#secret(...forms));
      done = to;
    }
    return parts.join('') + text.slice(done);
  }

  /** JSON web tokens: two or three parts of base64. */
  #withoutTokens(text: string): string {
    const parts: string[] = [];
    let done = 0;
    for (let at = text.indexOf('eyJ'); at >= 0; at = text.indexOf('eyJ', at)) {
      const [header, body, signature] = [...tokenParts(text, at)];
      const to = at + [header, body, signature].filter((part) => part !== undefined).join('.').length;
      if (isJsonWebToken(text[at - 1], header, body)) {
        parts.push(text.slice(done, at), this.#secret());
        done = to;
      }
      at = Math.max(to, at + 3); // whatever begins within it is shorter, and is none either
    }
    return parts.join('') + text.slice(done);
  }

  /** Short ones are not looked for elsewhere: they would be found in every word. */
  #secret(...values: readonly string[]): string {
    this.#secretsGone += 1;
    for (const value of values) if (value.length >= 8) this.#known.add(value);
    return gone;
  }

  #withoutAddresses(text: string): string {
    return text
      .replace(macs, (found) => this.#alias('mac', found))
      .replace(ip6s, (found) => (isIp6(found) ? this.#alias('ip6', found) : found))
      .replace(ip4s, (found) => this.#alias('ip4', found));
  }

  #alias(kind: string, address: string): string {
    this.#addressesGone += 1;
    const digest = createHmac('sha256', this.#salt).update(address.toLowerCase()).digest('hex');
    return `${kind}-${digest.slice(0, 10)}`;
  }
}

const pemKeys = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const words = /[^\s"]+/g;
/** Where the next one of a list begins. */
const betweenUrls = /(?<=[,;|'])(?=[A-Za-z][A-Za-z0-9+.-]{0,32}:\/\/)/;
const bearer = /\b(bearer|basic)\s+([A-Za-z0-9._~+/=-]{8,})/gi;
const natsSeeds = /\bS[AUONCX][A-Z2-7]{54,58}\b/g;
const macs = /(?<![0-9A-Fa-f:])(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:])/g;
const ip4s = /(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.]*\d)/g;
const ip6s = /(?<![0-9A-Za-z:])[0-9A-Fa-f:]{2,39}(?![0-9A-Za-z:])/g;

/** Not a time of day. */
function isIp6(text: string): boolean {
  if (!text.includes('::') && text.split(':').length !== 8) return false;
  const groups = text.split(':');
  return groups.length <= 9 && groups.every((group) => group.length <= 4) && /[0-9A-Fa-f]/.test(text);
}

/** As it may stand elsewhere: without its escapes, line by line, without what followed it in a list. */
function formsOf(value: string): readonly string[] {
  const lines = value.split('\n', secretLinesMax).map((line) => line.trim());
  const [first = value] = value.split(/[,;&]/, 1);
  const parts = lines.length === 1 ? [first, ...lines] : lines.filter((line) => line.length >= secretLineCharsMin);
  return [...new Set([value, value.replaceAll(/\\(.)/g, '$1'), ...parts])];
}

/** Lines of one value that are looked for elsewhere too. */
const secretLinesMax = 64;
/** A shorter one is rather a bracket or a key of what stands round the secret. */
const secretLineCharsMin = 12;

function passwordsOf(user: string): readonly string[] {
  const password = user.slice(user.indexOf(':') + 1);
  return [password, password.replaceAll("''", "'")]; // as between the quotes of YAML
}

function isJsonWebToken(before = ' ', header = '', body = ''): boolean {
  return !/[A-Za-z0-9]/.test(before) && header.length > 10 && body.length > 7;
}

function* tokenParts(text: string, at: number): Generator<string> {
  const part = /[A-Za-z0-9_-]*/y;
  part.lastIndex = at;
  for (let count = 0; count < 3; count += 1) {
    yield part.exec(text)?.[0] ?? '';
    if (text[part.lastIndex] !== '.') return;
    part.lastIndex += 1;
  }
}
