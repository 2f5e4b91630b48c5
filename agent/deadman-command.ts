import { resolve } from 'node:path';
import type { AgentConfig } from './config.ts';

/** This very program, told to undo one attempt: all it needs is on its command line, no file of settings may change it meanwhile. */
export function revertCommand(config: AgentConfig, epoch: number): readonly string[] {
  const [node = process.execPath, script = ''] = process.argv;
  return [
    node,
    ...process.execArgv,
    resolve(script),
    'revert',
    '--attempt',
    String(epoch),
    '--if-expired',
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
