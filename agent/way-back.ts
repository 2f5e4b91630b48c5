import { looseConfigValue } from '../platform/config.ts';
import { envNameOf } from '../platform/config-keys.ts';
import { ovsdbTlsProblem } from '../platform/ovsdb-tls-config.ts';
import { describeError, isShuntError, type ShuntError } from '../platform/shunt-error.ts';
import { type AgentFlags, agentConfigSchema, defaultConfigFile, loadAgentConfig } from './config.ts';
import type { WayBackSettings } from './journal/kept-settings.ts';

/** By which settings somebody goes back who is not the agent. */
export interface WayBack {
  readonly stateDir: string;
  /**
   * `kept`: those that the journal holds, if it holds any; `isDone`: what goes back was done, and the host may have been set up otherwise since. Fails with
   * `config-invalid` where nothing says how to reach what was changed.
   */
  readonly settings: (kept: WayBackSettings | undefined, isDone: boolean) => WayBackSettings;
  /** Why the configuration cannot be read. */
  readonly fault?: ShuntError;
}

type Env = Readonly<Record<string, string | undefined>>;

/** The dead man: what was kept when he was armed, under the flags that he was given. No file of settings is looked at, unless nothing was kept. */
export function wayOfDeadMan(flags: AgentFlags, env: Env): WayBack {
  const { stateDir } = flags;
  if (stateDir === undefined) return wayByHand(flags, env, () => undefined); // armed by nobody of ours
  const settings = (kept: WayBackSettings | undefined) => {
    const under = kept === undefined ? undefined : underFlags(kept, flags);
    const isWhole = under !== undefined && ovsdbTlsProblem([under.ovs.db], under.ovs.tls) === undefined;
    return isWhole ? under : loadAgentConfig(flags, env).value;
  };
  return { stateDir, settings };
}

/**
 * An operator, or the boot: flags, variables and the file, and under them what was kept of what is open; what is done goes back by the file and its defaults,
 * where there is one. A configuration that cannot be read keeps nobody from going back: then it is by what was kept alone, and told.
 */
export function wayByHand(flags: AgentFlags, env: Env, warn: (line: string) => void): WayBack {
  try {
    const { value, origins, file } = loadAgentConfig(flags, env);
    const given = (path: string) => origins.get(path)?.kind !== 'default';
    const settings = (kept: WayBackSettings | undefined, isDone: boolean) => {
      if (kept === undefined || (isDone && file !== undefined)) return value;
      const counts = over(value, kept, given);
      for (const line of differences(value, counts)) warn(line);
      return counts;
    };
    return { stateDir: value.stateDir, settings };
  } catch (fault) {
    if (!isShuntError(fault, 'config-invalid')) throw fault;
    const stateDir = stateDirOf(flags, env);
    warn(`${describeError(fault)}; going back by the settings that were kept in the journals in ${stateDir}`);
    const settings = (kept: WayBackSettings | undefined) => {
      if (kept === undefined) throw fault;
      return underFlags(kept, flags);
    };
    return { stateDir, settings, fault };
  }
}

function underFlags(kept: WayBackSettings, { ovsDb, ovsRunDir, integrationBridge }: AgentFlags): WayBackSettings {
  const { ovs, midonet } = kept;
  return {
    ovs: {
      db: ovsDb ?? ovs.db,
      tls: ovs.tls,
      runDir: ovsRunDir ?? ovs.runDir,
      integrationBridge: integrationBridge ?? ovs.integrationBridge,
    },
    midonet,
  };
}

/** What is given now counts; of what is a default only, what was kept. */
function over(now: WayBackSettings, kept: WayBackSettings, given: (path: string) => boolean): WayBackSettings {
  const { ovs, midonet } = now;
  // Files of TLS belong together.
  const tls = (['ca', 'cert', 'key', 'verifyName'] as const).some((key) => given(`ovs.tls.${key}`));
  return {
    ovs: {
      db: given('ovs.db') ? ovs.db : kept.ovs.db,
      tls: tls ? ovs.tls : kept.ovs.tls,
      runDir: given('ovs.runDir') ? ovs.runDir : kept.ovs.runDir,
      integrationBridge: given('ovs.integrationBridge') ? ovs.integrationBridge : kept.ovs.integrationBridge,
    },
    midonet: {
      mmCtl: given('midonet.mmCtl') ? midonet.mmCtl : kept.midonet.mmCtl,
      datapath: given('midonet.datapath') ? midonet.datapath : kept.midonet.datapath,
    },
  };
}

/** Where what was kept counts, and is not the default. */
function differences(now: WayBackSettings, counts: WayBackSettings): readonly string[] {
  const before = new Map(leaves(now));
  return leaves(counts).flatMap(([key, value]) => {
    const unless = before.get(key);
    if (value === unless) return [];
    return [`${key} is ${JSON.stringify(value)}, as the journal kept it, not ${JSON.stringify(unless)} (default)`];
  });
}

function leaves({ ovs, midonet }: WayBackSettings): readonly (readonly [string, string | boolean])[] {
  const under = (path: string, of: object) =>
    Object.entries(of).map(([key, value]) => [`${path}.${key}`, value] as const);
  const { tls, ...rest } = ovs;
  return [...under('ovs', rest), ...under('ovs.tls', tls), ...under('midonet', midonet)];
}

/** Of a configuration that cannot be read as a whole. */
function stateDirOf(flags: AgentFlags, env: Env): string {
  const inFile = looseConfigValue(flags.config ?? defaultConfigFile, 'stateDir');
  const given = flags.stateDir ?? env[envNameOf('stateDir')] ?? inFile;
  return typeof given === 'string' && given !== '' ? given : agentConfigSchema.shape.stateDir.parse(undefined);
}
