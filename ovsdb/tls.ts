import { readFileSync } from 'node:fs';
import { type ConnectionOptions, checkServerIdentity as checkName, createSecureContext } from 'node:tls';
import type { Endpoint } from './endpoint.ts';
import { OvsdbError } from './errors.ts';

/** What `ssl:` needs. Each is PEM text or the path of a file; files are read anew at every connect, so that rotated ones are taken. */
export interface TlsOptions {
  /** Certificates that a server's chain must end in; nobody else is trusted, the system's own list neither. */
  readonly ca: string;
  /** Our certificate (its chain below it) and key; OVS's servers ask for one unless they were told not to. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** false, the default: the chain is all that counts, as in OVS. true: the name in the endpoint must be in the certificate; a text: this one. */
  readonly verifyName?: boolean | string | undefined;
}

/** Reads what is given and makes of it what node:tls takes. @throws OvsdbError `tls-config` naming the file and what is wrong with it */
export function tlsConnectOptions(
  remote: string,
  endpoint: Extract<Endpoint, { kind: 'tcp' | 'ssl' }>,
  tls: TlsOptions,
): ConnectionOptions {
  const verified = typeof tls.verifyName === 'string' ? tls.verifyName : endpoint.host;
  const ca = readPem(remote, 'the CA certificates', tls.ca, 'CERTIFICATE');
  const cert = tls.cert === undefined ? undefined : readPem(remote, 'our certificate', tls.cert, 'CERTIFICATE');
  const key = tls.key === undefined ? undefined : readPem(remote, 'our private key', tls.key, 'PRIVATE KEY');
  if ((cert === undefined) !== (key === undefined)) {
    throw new OvsdbError('tls-config', `${remote}: a certificate and a private key are given together or not at all`);
  }
  const pair = cert === undefined || key === undefined ? {} : { cert, key };
  return {
    secureContext: secureContext(remote, tls, { ca, ...pair }),
    rejectUnauthorized: true,
    checkServerIdentity: (_host, peer) =>
      tls.verifyName === undefined || tls.verifyName === false ? undefined : checkName(verified, peer),
    ...(isAddress(verified) ? {} : { servername: verified }),
  };
}

/** What went wrong while node:tls shook hands, or after it; undefined when it is no matter of TLS. */
export function tlsError(
  remote: string,
  tls: TlsOptions,
  cause: Error & { readonly code?: string },
): OvsdbError | undefined {
  const { code = '' } = cause;
  if (UNTRUSTED.has(code) || code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const advice = code.endsWith('ALTNAME_INVALID')
      ? 'connect by a name that the certificate has, or do not ask for names (verifyName)'
      : `it must be valid now and signed by a certificate of ${nameOf(tls.ca)}: renew it, or give the CA that signed it`;
    return new OvsdbError(
      'tls-untrusted',
      `${remote}: the server's certificate is not accepted (${cause.message}); ${advice}`,
      { cause },
    );
  }
  if (/^ERR_SSL_.*_ALERT_/.test(code)) {
    const ours = tls.cert === undefined ? 'none was given (cert, key)' : `it is ${nameOf(tls.cert)}`;
    return new OvsdbError(
      'tls-refused',
      `${remote}: the server refuses the TLS connection (${cause.message}); it may want a valid certificate of ours that its CA has signed: ${ours}`,
      { cause },
    );
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return new OvsdbError(
      'protocol',
      `${remote}: the server does not speak TLS (${cause.message}); is it a tcp: port?`,
      { cause },
    );
  return code.startsWith('ERR_SSL_')
    ? new OvsdbError('protocol', `${remote}: TLS failed (${cause.message})`, { cause })
    : undefined;
}

/** OpenSSL's X509_V_ERR_… by the names that node:tls gives them (X509_verify_cert_error_string(3)). */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'HOSTNAME_MISMATCH',
]);

function readPem(remote: string, what: string, given: string, label: string): string {
  let text = given;
  if (!given.includes('-----BEGIN ')) {
    try {
      text = readFileSync(given, 'utf8');
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new OvsdbError('tls-config', `${remote}: ${what} cannot be read from ${nameOf(given)}: ${why}`, { cause });
    }
  }
  if (!new RegExp(`-----BEGIN [A-Z ]*${label}-----`).test(text))
    throw new OvsdbError(
      'tls-config',
      `${remote}: ${nameOf(given)} holds no PEM ${label}, which is needed for ${what}`,
    );
  return text;
}

function secureContext(remote: string, tls: TlsOptions, pem: { ca: string; cert?: string; key?: string }) {
  try {
    return createSecureContext({ ...pem, minVersion: 'TLSv1.2' });
  } catch (cause) {
    const files = [tls.ca, tls.cert, tls.key].filter((given) => given !== undefined).map(nameOf);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new OvsdbError('tls-config', `${remote}: ${files.join(', ')} cannot be used for TLS: ${why}`, { cause });
  }
}

/** A path, or a word for text that must not be in a log. */
function nameOf(given: string): string {
  return given.includes('-----BEGIN ') ? 'the PEM text given' : given;
}

/** RFC 6066 section 3: no address in the server name. */
function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}
