/** `npm run config-samples`: writes the documented sample configurations, a line of explanation for every key. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { agentConfigSchema } from '../agent/config.ts';
import { configSchema } from '../coordinator/config.ts';
import { renderConfigSample } from '../platform/config-keys.ts';

const folder = join(import.meta.dirname, '..', 'systemd');

/** File name and content of each sample. */
export function configSamples(): ReadonlyMap<string, string> {
  const header = (program: string) =>
    `Configuration of ${program}: copy to /etc/shunt/. Flags win over environment (SHUNT_...), that over this file, this over defaults.\nEvery key is here, with its default.`;
  return new Map([
    ['agent.yaml', renderConfigSample(agentConfigSchema, header('shunt-agent'))],
    ['coordinator.yaml', renderConfigSample(configSchema, header('shunt-coordinator'))],
  ]);
}

if (import.meta.main) {
  for (const [name, content] of configSamples()) writeFileSync(join(folder, name), content);
}
