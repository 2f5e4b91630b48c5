import * as z from 'zod';
import { foreignPolicies } from '../domain/rewire/foreign-changes.ts';
import { type LoadedConfig, loadConfig } from '../platform/config.ts';
import { ovsdbTlsProblem, ovsdbTlsSchema } from '../platform/ovsdb-tls-config.ts';

export const defaultConfigFile = '/etc/shunt/agent.yaml';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Every key of agent.yaml. */
export const agentConfigSchema = z
  .strictObject({
    site: z
      .string()
      .regex(/^[A-Za-z0-9_.-]+$/)
      .default('default')
      .describe('Name of the site: in subjects, logs and metrics.'),
    mode: z
      .enum(['passive', 'active'])
      .default('passive')
      .describe('passive: discovers and reports, refuses every order that changes something; active: obeys.'),
    stateDir: z
      .string()
      .min(1)
      .default('/var/lib/shunt/agent')
      .describe('Directory of journal and report spool; must survive reboots.'),
    socket: z
      .string()
      .default('/run/shunt/agent/agent.sock')
      .describe('Local socket (0600, HTTP): shunt-agent status. Empty: none.'),
    coordinator: z
      .string()
      .default('')
      .describe("Coordinator: 'host:port' or 'unix:/path'. Empty: none, only what is typed here."),
    ovs: z.strictObject({
      db: z
        .string()
        .regex(/^(unix:\/|tcp:|ssl:)/)
        .default('unix:/run/openvswitch/db.sock')
        .describe("Open vSwitch's database: unix:/path, tcp:host:port or ssl:host:port."),
      tls: ovsdbTlsSchema.describe('TLS to the database, for ssl:. The files are read anew at every connect.'),
      runDir: z
        .string()
        .min(1)
        .default('/run/openvswitch')
        .describe('Directory of the bridges’ OpenFlow sockets (<bridge>.mgmt).'),
      integrationBridge: z
        .string()
        .default('')
        .describe('Integration bridge. Empty: external_ids:ovn-bridge, else br-int.'),
    }),
    nats: z.strictObject({
      servers: z
        .array(z.string().min(1))
        .default([])
        .describe('NATS servers for reports, nats://host:port. Empty: no reports.'),
    }),
    http: z.strictObject({
      listen: z.string().default('127.0.0.1:9476').describe('host:port of /metrics, /healthz, /readyz. Empty: none.'),
    }),
    log: z.strictObject({
      level: z.enum(logLevels).default('info').describe('Least level that is logged; read again at SIGHUP.'),
    }),
    midonet: z.strictObject({
      mmCtl: z.string().min(1).default('mm-ctl').describe("MidoNet's command line: a name on PATH, or a path."),
      datapath: z
        .string()
        .regex(/^[^/\s]{1,15}$/)
        .default('midonet')
        .describe("Name of MidoNet's datapath: the kernel device whose slaves its taps are."),
    }),
    guard: z.strictObject({
      foreignWriters: z
        .enum(foreignPolicies)
        .default('put-back')
        .describe(
          'Where somebody else changes rows or links of taps that were moved: put-back: they are put back; hold: left alone, told, and the hypervisor is held; revert: the attempt that moved them goes back.',
        ),
    }),
    deadman: z
      .enum(['auto', 'process', 'systemd'])
      .default('auto')
      .describe(
        'What goes back when the agent cannot: a detached process, or a transient systemd timer. auto: systemd where it runs.',
      ),
  })
  .superRefine(({ ovs }, context) => {
    const problem = ovsdbTlsProblem([ovs.db], ovs.tls);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['ovs', 'tls'], message: problem });
  });

export type AgentConfig = z.output<typeof agentConfigSchema>;

/** Flags of the command line by the dotted path of the key they set. */
export const flagPaths = {
  mode: 'mode',
  site: 'site',
  stateDir: 'stateDir',
  socket: 'socket',
  coordinator: 'coordinator',
  ovsDb: 'ovs.db',
  ovsRunDir: 'ovs.runDir',
  integrationBridge: 'ovs.integrationBridge',
  nats: 'nats.servers',
  http: 'http.listen',
  logLevel: 'log.level',
  deadman: 'deadman',
} as const;

export type AgentFlags = Partial<Record<keyof typeof flagPaths, string>> & { readonly config?: string };

/** Flags over environment over file over defaults; throws `config-invalid` with all problems at once. */
export function loadAgentConfig(
  flags: AgentFlags,
  env: Readonly<Record<string, string | undefined>>,
): LoadedConfig<AgentConfig> {
  const given = Object.entries(flagPaths).flatMap(([flag, path]) => {
    const value = flags[flag as keyof typeof flagPaths]; // Object.entries widens the key
    if (value === undefined) return [];
    return [[path, flag === 'nats' ? value.split(',').filter((server) => server !== '') : value] as const];
  });
  return loadConfig(agentConfigSchema, {
    file: flags.config ?? defaultConfigFile,
    fileRequired: flags.config !== undefined,
    env,
    flags: Object.fromEntries(given),
  });
}

/** A line a key, with its value and where it comes from. */
export function renderEffective(loaded: LoadedConfig<AgentConfig>): string {
  const lines = [...loaded.origins].map(([path, origin]) => {
    const value = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], loaded.value); // paths are the schema's
    const from = origin.kind === 'default' ? 'default' : `${origin.kind} ${origin.name}`;
    return `${path}: ${JSON.stringify(value)}  # ${from}`;
  });
  const unknown = loaded.unknownEnv.map((name) => `# unknown variable: ${name}`);
  return `${[...lines, ...unknown].join('\n')}\n`;
}
