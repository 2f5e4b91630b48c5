import type { AttemptState } from '../domain/orders.ts';
import { version } from '../platform/release.ts';
import type { AgentConfig } from './config.ts';
import type { Reporter } from './cutover/ports.ts';

export interface HeartbeatOptions {
  readonly mode: AgentConfig['mode'];
  readonly reporter: Reporter;
  readonly attempt: () => Pick<AttemptState, 'epoch' | 'phase'> | undefined;
}

const heartbeatMs = 10_000;

/** Tells those who hear reports that this agent lives and what it is at: at once, and every 10 s until it is disposed. */
export function startHeartbeat({ mode, reporter, attempt }: HeartbeatOptions): Disposable {
  const beat = (): void => {
    const current = attempt();
    const about = current === undefined ? {} : { epoch: current.epoch, phase: current.phase };
    reporter.report('heartbeat', { mode, version, ...about });
  };
  const timer = setInterval(beat, heartbeatMs);
  beat();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
