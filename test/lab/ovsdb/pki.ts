import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files of one identity. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** Of the authority's name; it was made before. */
  readonly ca: string;
  /** Negative: expired already. */
  readonly days?: number;
  /** `DNS:…,IP:…` */
  readonly names?: string;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Certificate authorities and certificates of a test, made with openssl in a directory of their own. */
export class Pki implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'shunt-ovsdb-pki-'));

  path(name: string): string {
    return join(this.dir, name);
  }

  /** Makes an authority; the path of its certificate. */
  authority(name: string): string {
    const cert = this.path(`${name}.pem`);
    this.#openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      this.path(`${name}.key`),
      '-out',
      cert,
      '-subj',
      `/CN=${name}`,
    );
    return cert;
  }

  issue(name: string, { ca, days = 2, names = 'DNS:ovsdb.test' }: IssueOptions): Identity {
    const identity = { cert: this.path(`${name}.pem`), key: this.path(`${name}.key`) };
    const request = this.path(`${name}.csr`);
    const extensions = this.path(`${name}.ext`);
    writeFileSync(extensions, `subjectAltName=${names}\n`);
    this.#openssl('req', ...NEW_KEY, '-keyout', identity.key, '-out', request, '-subj', `/CN=${name}`);
    const authority = ['-CA', this.path(`${ca}.pem`), '-CAkey', this.path(`${ca}.key`), '-CAcreateserial'];
    const output = ['-days', String(days), '-extfile', extensions, '-out', identity.cert];
    this.#openssl('x509', '-req', '-in', request, ...authority, ...output);
    return identity;
  }

  /** Puts one identity in the place of another, as a renewal does. */
  replace(old: Identity, renewed: Identity): void {
    copyFileSync(renewed.cert, old.cert);
    copyFileSync(renewed.key, old.key);
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }
}
