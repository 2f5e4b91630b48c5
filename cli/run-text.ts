import { restOf } from '../domain/attempt/operation-phases.ts';
import type { AttemptRecord, RunView, WaveHostView, WaveView } from '../domain/run-state.ts';
import { blackoutSpread, blackoutTable, formatMs } from './blackout-text.ts';
import { indent } from './error-text.ts';
import { type Style, styledOutcome, styledState } from './style.ts';
import { renderTable } from './table.ts';

const columns = [
  { head: 'WAVE', align: 'right' },
  { head: 'HOST' },
  { head: 'ATTEMPT', align: 'right' },
  { head: 'STATE' },
  { head: 'GUESTS', align: 'right' },
  { head: 'MEDIAN', align: 'right' },
  { head: 'WORST', align: 'right' },
] as const;

/** First line of a run: where it stands. */
export function runHeadline(view: RunView, style: Style): string {
  const through = view.throughWave === undefined ? '' : `, through wave ${view.throughWave} of ${view.waves.length}`;
  const errors = `${view.errors} of ${view.errorBudget} errors`;
  const head = `run ${view.id} of plan ${view.planId} (${view.planName}): ${styledState(style, view.state)}${through}, ${errors}`;
  return view.pausedWhy === undefined ? head : `${head}\n${indent(`paused: ${view.pausedWhy}`)}`;
}

/** All hypervisors of a run; `only` narrows it to those that matter on a small screen. */
export function runTable(view: RunView, style: Style, only?: (host: WaveHostView) => boolean): string {
  const rows = view.waves.flatMap((wave) =>
    wave.hosts.filter((host) => !only || only(host)).map((host) => hostRow(wave, host, style)),
  );
  return renderTable(columns, rows, style);
}

function hostRow(wave: WaveView, host: WaveHostView, style: Style): string[] {
  const { attempt } = host;
  const spread = attempt && blackoutSpread([attempt]);
  return [
    String(wave.number),
    host.hostname,
    attempt ? String(attempt.epoch) : '-',
    attempt ? attemptState(attempt, style) : styledState(style, wave.state === 'running' ? 'pending' : wave.state),
    spread ? String(spread.count) : '-',
    spread ? formatMs(spread.median) : '-',
    spread ? formatMs(spread.worst) : '-',
  ];
}

/** Phase while it is open, outcome when it is over. */
export function attemptState(attempt: AttemptRecord, style: Style): string {
  const operation = attempt.operation === undefined ? '' : `${attempt.operation} `;
  const direction = attempt.direction === 'back' ? ' (back)' : '';
  return operation + (attempt.outcome ? styledOutcome(style, attempt.outcome) : attempt.phase) + direction;
}

/** What went wrong, one block a hypervisor; empty when nothing did. */
export function troubleText(attempts: readonly AttemptRecord[], style: Style): string {
  return attempts.flatMap((attempt) => troubleOf(attempt, style)).join('\n');
}

function troubleOf(attempt: AttemptRecord, style: Style): string[] {
  const { outcome } = attempt;
  if (outcome === undefined || (outcome === 'committed' && attempt.why === undefined)) return [];
  const why = attempt.why ?? 'no reason was told';
  const head = `${attempt.hostname} attempt ${attempt.epoch} ${styledOutcome(style, outcome)}: ${why}`;
  return [head, ...nextStep(attempt).map(indent)];
}

/** What is left untouched, and what to do now. */
function nextStep(attempt: AttemptRecord): string[] {
  const again = `shunt why ${attempt.hostname}, then shunt retry ${attempt.hostname}`;
  switch (attempt.outcome) {
    case 'reverted': {
      const rest = restOf('reverted', attempt);
      return [`every guest is on its ${rest ?? 'former'} plug again; now: ${again}`];
    }
    case 'blocked':
      return [`nothing was touched; now: ${again}`];
    case 'stuck':
      return [
        'nothing goes forward anywhere until it is repaired; on that hypervisor:',
        ...attempt.repair.map(indent),
        `then:  shunt host resolve ${attempt.hostname} --why '…'`,
      ];
    default:
      return [];
  }
}

export function attemptsOf(view: RunView): AttemptRecord[] {
  return view.waves.flatMap((wave) => wave.hosts.flatMap((host) => host.attempt ?? []));
}

/** Everything about a run: headline, hypervisors, troubles, blackouts. */
export function runReport(view: RunView, style: Style): string {
  const attempts = attemptsOf(view);
  const parts = [
    runHeadline(view, style),
    runTable(view, style),
    troubleText(attempts, style),
    blackoutTable(attempts, style),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}
