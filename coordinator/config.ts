import * as z from 'zod';
import { type LoadedConfig, loadConfig } from '../platform/config.ts';
import { ovsdbTlsProblem, ovsdbTlsSchema } from '../platform/ovsdb-tls-config.ts';

export const defaultConfigFile = '/etc/shunt/coordinator.yaml';

const address = z.string().regex(/^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):\d{1,5}$/, 'expected host:port or [address]:port');
const remote = z
  .string()
  .regex(/^(unix:\/.+|(tcp|ssl):.+:\d{1,5})$/, 'expected unix:/path, tcp:host:port or ssl:host:port');

/** Every key of /etc/shunt/coordinator.yaml. Flags > environment (`SHUNT_…`) > file > defaults; an unknown key is an error. */
export const configSchema = z
  .strictObject({
    site: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,63}$/, 'letters, digits, dashes, underscores; 63 characters at most')
      .default('default')
      .describe('Name of this cloud or site; agents of another site are turned away.'),
    stateDir: z
      .string()
      .min(1)
      .default('/var/lib/shunt/coordinator')
      .describe('Where the ledger lies. One coordinator a directory.'),
    listen: z
      .union([z.literal(''), address])
      .default('0.0.0.0:7700')
      .describe('gRPC for agents and operators; empty: the unix socket only.'),
    socket: z
      .string()
      .default('/run/shunt/coordinator/coordinator.sock')
      .describe('gRPC on a unix socket of mode 0600; empty: none.'),
    nb: z
      .union([z.string(), z.array(z.string())])
      .default('unix:/run/ovn/ovnnb_db.sock')
      .transform((value) => (typeof value === 'string' ? value.split(',') : value).map((text) => text.trim()))
      .pipe(z.array(remote).min(1).max(16))
      .describe(
        'OVN Northbound: one OVSDB remote, or the servers of a cluster (a list, or separated by commas): its leader is found and followed.',
      ),
    nbTls: ovsdbTlsSchema.describe(
      'TLS to OVN Northbound, for ssl: remotes. The files are read anew at every connect.',
    ),
    nats: z.strictObject({
      servers: z
        .array(z.string().min(1))
        .max(16)
        .default(['nats://127.0.0.1:4222'])
        .describe('NATS servers for reports. While none is connected, no cutover is started.'),
      maxAgeHours: z.int().min(1).max(8_760).default(168).describe('How long the stream SHUNT keeps a report.'),
      maxBytes: z
        .int()
        .min(1_048_576)
        .max(1e12)
        .default(1_073_741_824)
        .describe('How large the stream SHUNT may become, in bytes.'),
    }),
    http: z.strictObject({
      listen: z
        .union([z.literal(''), address])
        .default('127.0.0.1:9475')
        .describe('/metrics, /healthz, /readyz; empty: no HTTP.'),
    }),
    log: z.strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
        .default('info')
        .describe('Read again on SIGHUP; every other key needs a restart.'),
    }),
    bridges: z
      .record(z.string().min(1).max(15), z.string().min(1))
      .default({})
      .describe('Legacy bridge name -> network id, where the name is not brq<network> (nova-network: br100).'),
  })
  .superRefine(({ nb, nbTls }, context) => {
    const problem = ovsdbTlsProblem(nb, nbTls);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['nbTls'], message: problem });
  });

export type CoordinatorConfig = z.output<typeof configSchema>;

/** Names and values of flags, as the command line gave them. */
export type ConfigFlags = Readonly<Record<string, unknown>>;

/** Reads the configuration. Throws `config-invalid` with every problem. A file that was named has to exist. */
export function readConfig(
  file: string | undefined,
  flags: ConfigFlags,
  env: NodeJS.ProcessEnv,
): LoadedConfig<CoordinatorConfig> {
  return loadConfig(configSchema, { file: file ?? defaultConfigFile, fileRequired: file !== undefined, env, flags });
}

/** The effective values with their origins, one a line; what `check-config` prints. */
export function renderEffective(loaded: LoadedConfig<CoordinatorConfig>): string {
  const rows = [...loaded.origins].map(([path, origin]) => {
    const value = path
      .split('.')
      .reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], loaded.value); // origins has leaves of value only
    const from = origin.kind === 'default' ? 'default' : `${origin.kind} ${origin.name}`;
    return `${path} = ${JSON.stringify(value)}  # ${from}`;
  });
  return `${rows.join('\n')}\n`;
}
