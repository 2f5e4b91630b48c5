import { resolve } from 'node:path';
import type { AgentConfig } from './config.ts';

/** This very program, told to undo one attempt: what it needs is on its command line and in the attempt's journal; no file of settings is read. */
export function revertCommand(config: AgentConfig, epoch: number): readonly string[] {
  return ownCommand(config, ['revert', '--attempt', String(epoch), '--if-expired']);
}

/** The same for an adoption of uplinks. */
export function adoptionExpiredCommand(config: AgentConfig, id: number): readonly string[] {
  return ownCommand(config, ['adopt', '--if-expired', String(id)]);
}

function ownCommand(config: AgentConfig, what: readonly string[]): readonly string[] {
  const [node = process.execPath, script = ''] = process.argv;
  return [
    node,
    ...process.execArgv,
    resolve(script),
    ...what,
    '--state-dir',
    resolve(config.stateDir),
    '--ovs-db',
    config.ovs.db,
    '--ovs-run-dir',
    config.ovs.runDir,
    '--integration-bridge',
    config.ovs.integrationBridge,
  ];
}
