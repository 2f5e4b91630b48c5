import type { Finding } from '../../domain/findings.ts';
import type { AttemptState, HostInventory } from '../../domain/orders.ts';

/** What `shunt-agent status` tells: GET /status of the agent's socket. */
export interface AgentStatus {
  readonly format: 1;
  readonly version: string;
  readonly site: string;
  readonly systemId: string;
  readonly hostname: string;
  readonly mode: 'passive' | 'active';
  readonly pid: number;
  readonly uptimeMs: number;
  readonly bootId: string;
  readonly coordinator: { readonly address: string; readonly connected: boolean };
  readonly ovsdb: { readonly connected: boolean; readonly lockHeld: boolean };
  readonly reports: { readonly connected: boolean; readonly pending: number; readonly dropped: number };
  readonly highestEpoch: number;
  readonly attempt?: AttemptState;
  /** Taps that the guard keeps in their place. */
  readonly guarded: readonly string[];
  /** The newest ones, oldest first. */
  readonly findings: readonly Finding[];
  readonly inventory: HostInventory;
}

/** The same for people. */
export function statusText(status: AgentStatus): string {
  const { attempt, inventory } = status;
  const plugged = (kind: string) => inventory.taps.filter((tap) => tap.plug.kind === kind).length;
  const lines = [
    `shunt-agent ${status.version} on ${status.hostname} (${status.systemId}), site ${status.site}, ${status.mode}`,
    `coordinator  ${status.coordinator.address === '' ? 'none configured' : `${status.coordinator.address}, ${status.coordinator.connected ? 'connected' : 'not connected'}`}`,
    `open vswitch ${status.ovsdb.connected ? inventory.ovsVersion : 'not connected'}, lock ${status.ovsdb.lockHeld ? 'held' : 'not held'}, chassis ${inventory.chassisReady ? 'ready' : 'not ready'}`,
    `taps         ${plugged('legacy')} legacy, ${plugged('target')} target, ${plugged('none')} nowhere; ${status.guarded.length} guarded`,
    attempt === undefined
      ? 'attempt      none'
      : `attempt      ${attempt.epoch} ${attempt.direction} ${attempt.phase}${attempt.why === undefined ? '' : `: ${attempt.why}`}`,
    ...(attempt?.repair ?? []).map((command) => `  repair: ${command}`),
    ...[...status.findings, ...inventory.findings]
      .slice(-10)
      .map((finding) => `${finding.severity}: ${finding.message}`),
  ];
  return lines.join('\n');
}
