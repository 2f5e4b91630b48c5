import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { LoadedConfig } from '../../platform/config.ts';
import { version } from '../../platform/release.ts';
import { bundleText, SupportBundle, writeBundle } from '../../platform/support-bundle.ts';
import { logOf, page } from '../../platform/support-commands.ts';
import { type CoordinatorConfig, defaultConfigFile, renderEffective } from '../config.ts';
import { ledgerPath } from '../ledger/ledger.ts';
import { type Print, showLedger, verifyLedger } from '../ledger/ledger-commands.ts';

export interface SupportRequest {
  /** Where the archive goes; it must not exist. */
  readonly output: string;
  readonly hideAddresses: boolean;
  /** Instead of the unit's journal. */
  readonly log?: string;
  readonly configFile?: string;
  readonly salt?: string;
  /** Throws `config-invalid`. */
  readonly load: () => LoadedConfig<CoordinatorConfig>;
  readonly at: string;
  readonly signal: AbortSignal;
}

/** The newest entries of the ledger that a bundle holds. */
const entriesMax = 100_000;

/**
 * What this machine knows of its coordinator, whether that runs or not: configuration, ledger, log; metrics when it answers. Prints what could
 * not be had.
 */
export async function supportBundle(request: SupportRequest, print: Print): Promise<void> {
  const { output, hideAddresses, at, salt, signal } = request;
  const about = { program: 'shunt-coordinator', version, at, host: hostname(), hideAddresses };
  const bundle = new SupportBundle({ ...about, ...(salt === undefined ? {} : { salt }) });
  const config = await addConfig(bundle, request);
  await addLedger(bundle, config?.stateDir ?? '/var/lib/shunt/coordinator');
  await bundle.add('coordinator/log.txt', () => logOf('shunt-coordinator', request.log, signal));
  for (const path of ['metrics', 'readyz'])
    await bundle.add(`coordinator/${path}.txt`, () => page(config?.http.listen ?? '', `/${path}`, signal));
  writeBundle(output, bundle.finish('coordinator/manifest.json'));
  print(bundleText(output, bundle.parts));
}

async function addConfig(bundle: SupportBundle, request: SupportRequest): Promise<CoordinatorConfig | undefined> {
  const file = request.configFile ?? defaultConfigFile;
  if (existsSync(file)) bundle.redactor.learn(readFileSync(file, 'utf8'));
  await bundle.add('coordinator/coordinator.yaml', () => readFileSync(file, 'utf8'));
  let config: CoordinatorConfig | undefined;
  await bundle.add('coordinator/config.txt', () => {
    const loaded = request.load();
    config = loaded.value;
    return renderEffective(loaded);
  });
  return config;
}

async function addLedger(bundle: SupportBundle, stateDir: string): Promise<void> {
  await bundle.add('coordinator/ledger-verify.txt', () => printed((print) => verifyLedger(stateDir, print)));
  await bundle.add('coordinator/ledger.jsonl', () =>
    printed((print) =>
      showLedger(stateDir, { fromSeq: 1, limit: 1_000_000_000, json: true, newest: entriesMax }, print),
    ),
  );
  await bundle.add('coordinator/state-dir.txt', () => {
    const { bavail, bsize } = statfsSync(stateDir);
    const files = readdirSync(stateDir).map((name) => {
      const { size, mtime } = statSync(join(stateDir, name));
      return `${mtime.toISOString()} ${String(size).padStart(12)} ${name}`;
    });
    return `${ledgerPath(stateDir)}\n${bavail * bsize} bytes free\n${files.join('\n')}\n`;
  });
}

function printed(work: (print: Print) => void): string {
  const lines: string[] = [];
  work((line) => lines.push(line));
  return `${lines.join('\n')}\n`;
}
