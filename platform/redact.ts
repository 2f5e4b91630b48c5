import { createHmac, randomBytes } from 'node:crypto';

/** What was taken out of texts, for whoever reads them. */
export interface Redacted {
  readonly secrets: number;
  readonly addresses: number;
}

const gone = '<redacted>';

/** Names of keys whose values nobody else may read. `psk`: Open vSwitch's tunnels with IPsec have it in a row. */
const secretName =
  '[A-Za-z0-9_.-]*(?:passw(?:or)?d|passphrase|secret|token|credential|api[_-]?key|private[_-]?key|psk|nkey|jwt|seed)[A-Za-z0-9_-]*';

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
    return text
      .replace(pemKeys, () => this.#secret())
      .replace(
        userPart,
        (_all, scheme: string, user: string) => `${scheme}${this.#secret(...user.split(':').slice(-1))}@`,
      )
      .replace(bearer, (_all, word: string, value: string) => `${word} ${this.#secret(value)}`)
      .replace(namedValues, (all, name: string, value: string) => this.#named(all, name, value))
      .replace(namedPairs, (all, name: string, value: string) => this.#named(all, name, value))
      .replace(jsonWebTokens, () => this.#secret())
      .replace(natsSeeds, () => this.#secret());
  }

  /** A path is where a secret lies, not a secret; a flag or a small number is none. */
  #named(all: string, name: string, value: string): string {
    const bare = value.replace(/^\\?["']|\\?["']$/g, '');
    if (bare === '' || bare === gone || /^(\/|true$|false$|null$|\d{1,5}$|~$|\[|\{)/.test(bare)) return all;
    return name + value.replace(bare, this.#secret(bare));
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
const userPart = /([a-z][a-z0-9+.-]*:\/\/)([^\s/@"']+)@/gi;
const bearer = /\b(bearer|basic)\s+([A-Za-z0-9._~+/=-]{8,})/gi;
/** `key: value`, `key=value`, `"key":"value"`, also where quotes are escaped. */
const namedValues = new RegExp(
  `((?<![A-Za-z0-9])(?:\\\\?["'])?${secretName}(?:\\\\?["'])?\\s*[:=]\\s*)(\\\\?"[^"\\\\]*\\\\?"|'[^']*'|[^\\s,;&"'}\\])]+)`,
  'gi',
);
/** `["key","value"]`: a map in the JSON of OVSDB. */
const namedPairs = new RegExp(`("${secretName}"\\s*,\\s*)("[^"]*")`, 'gi');
const jsonWebTokens = /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g;
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
