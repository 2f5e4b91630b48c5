import * as z from 'zod';

/** Files for `ssl:` remotes of an OVSDB server, as both programs' configurations have them; empty: none. */
export const ovsdbTlsSchema = z.strictObject({
  ca: z.string().default('').describe('File with the CA of the servers; ssl: remotes need it.'),
  cert: z.string().default('').describe('File with our certificate; servers ask for one unless they were told not to.'),
  key: z.string().default('').describe('File with the private key of our certificate.'),
  verifyName: z
    .boolean()
    .default(false)
    .describe(
      "true: the host of the remote must be a name in the server's certificate; false: the CA alone counts, as in OVS.",
    ),
});

export type OvsdbTlsConfig = z.output<typeof ovsdbTlsSchema>;

/** What the client takes; undefined when no file is named. */
export interface OvsdbTlsFiles {
  readonly ca: string;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly verifyName: boolean;
}

export function ovsdbTlsFiles(config: OvsdbTlsConfig): OvsdbTlsFiles | undefined {
  const { ca, cert, key, verifyName } = config;
  return ca === '' ? undefined : { ca, cert: cert || undefined, key: key || undefined, verifyName };
}

/** What is wrong with these files for these remotes; undefined when nothing is. */
export function ovsdbTlsProblem(remotes: readonly string[], config: OvsdbTlsConfig): string | undefined {
  if ((config.cert === '') !== (config.key === '')) return 'cert and key are given together or not at all';
  const [ssl] = remotes.filter((remote) => remote.startsWith('ssl:'));
  return ssl !== undefined && config.ca === '' ? `ca is needed for the remote ${ssl}` : undefined;
}
