import type { Attempt, AttemptEvent } from '../../domain/attempt/attempt-machine.ts';
import type { Finding } from '../../domain/findings.ts';
import type { AttemptState, CutGrant } from '../../domain/orders.ts';
import type { Blackout, ProbeResult } from '../../domain/probes.ts';
import type { TapMove } from '../../domain/rewire/moves.ts';
import type { Clock, Deadline } from '../../platform/clock.ts';
import type { Logger } from '../../platform/log.ts';
import type { WriteFaults } from '../../platform/record-writer.ts';
import type { Host } from '../host/host.ts';
import type { AttemptJournal } from '../journal/attempt-journal.ts';
import type { DeadMan } from '../journal/journal-records.ts';
import type { WayBackSettings } from '../journal/kept-settings.ts';
import type { Stage } from './execution.ts';
import type { BlackoutRecorder, PreparedNetwork, Prober, Reporter, ToldConnections } from './ports.ts';
import type { ProbePorts } from './probe-ports.ts';

/** What every attempt of this agent shares. */
export interface AttemptContext {
  readonly host: Host;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stateDir: string;
  /** What stands in the way of writing the journal, in tests. */
  readonly faults?: WriteFaults | undefined;
  readonly deadMan: 'auto' | 'process' | 'systemd';
  /** What a way back needs of this agent's settings, kept in the journal. */
  readonly settings: WayBackSettings;
  /** The command by which a dead man undoes an attempt. */
  readonly revertCommand: (epoch: number) => readonly string[];
  readonly prober: Prober;
  readonly probePorts: ProbePorts;
  readonly reporter: Reporter;
  readonly onState: (work: AttemptWork) => void;
  /** A tap of it went away: told at once, whatever the phase. */
  readonly onGone: (work: AttemptWork) => void;
  readonly onFinding: (finding: Finding, epoch?: number) => void;
  /** Its taps are to be kept in their place from now on (or, going `back`, no longer). */
  readonly onGuard: (work: AttemptWork) => void;
  /** Its taps are moved by us: the guard must look away. */
  readonly onUnguard: (work: AttemptWork) => Promise<void>;
  /** What somebody else did to one of these taps, and was not put right. */
  readonly wrongWith: (taps: readonly string[]) => Finding | undefined;
  readonly onStage: (stage: Stage, epoch: number) => void;
  readonly onConnections: (told: ToldConnections, epoch: number) => void;
  /** Something begins that must not wait for memory or a disk. Never fails. */
  readonly onBegin: () => Promise<void>;
}

/** The attempt as its effects see it. */
export interface AttemptWork {
  readonly context: AttemptContext;
  readonly attempt: Attempt;
  /** As the coordinator is told of it. */
  readonly state: AttemptState;
  readonly grant: CutGrant;
  readonly nonce: string;
  readonly gone: Set<string>;
  prepared: readonly PreparedNetwork[];
  baseline: readonly ProbeResult[];
  moves: readonly TapMove[];
  blackouts: readonly Blackout[];
  findings: readonly Finding[];
  recorder: BlackoutRecorder | undefined;
  journal: AttemptJournal | undefined;
  deadMan: DeadMan | undefined;
  deadline: Deadline | undefined;
  /** When its guests were last judged, on the monotonic clock. */
  judgedAtMs: number | undefined;
  post(event: AttemptEvent): void;
  watchDeadline(): void;
  stopDeadline(): void;
}
