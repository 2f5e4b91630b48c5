import type { RunView, WaveHostView } from '../domain/run-state.ts';
import type { Context } from './context.ts';
import { attemptState, runHeadline, runTable } from './run-text.ts';
import type { Style } from './style.ts';

/** Shows a run while it goes on. */
export interface Progress {
  show(view: RunView): void;
}

/** Lines that a redrawn table leaves free: headline, reason, heads, summary, prompt. */
const spareLines = 6;

export function progressFor(context: Context): Progress {
  if (context.json) return { show: () => undefined };
  return context.io.stdout.isTTY === true ? new RedrawnTable(context) : new ChangeLines(context);
}

/** One line a change, with the seconds since the watch began. */
class ChangeLines implements Progress {
  readonly #context: Context;
  readonly #startedMs: number;
  readonly #told = new Map<string, string>();

  constructor(context: Context) {
    this.#context = context;
    this.#startedMs = context.io.nowMs();
  }

  show(view: RunView): void {
    const { style } = this.#context;
    this.#tell('', `run ${view.id} ${view.state}${view.pausedWhy === undefined ? '' : `: ${view.pausedWhy}`}`);
    for (const wave of view.waves) {
      for (const host of wave.hosts) if (host.attempt) this.#tell(host.systemId, hostLine(host, style));
    }
  }

  #tell(about: string, line: string): void {
    if (this.#told.get(about) === line) return;
    this.#told.set(about, line);
    const { io } = this.#context;
    const seconds = ((io.nowMs() - this.#startedMs) / 1000).toFixed(1).padStart(6);
    io.stdout.write(`${seconds} s  ${line}\n`);
  }
}

function hostLine(host: WaveHostView, style: Style): string {
  const { attempt } = host;
  if (!attempt) return host.hostname;
  const why = attempt.why === undefined || attempt.outcome === 'committed' ? '' : `: ${attempt.why}`;
  return `${host.hostname} attempt ${attempt.epoch} ${attemptState(attempt, style)}${why}`;
}

/** The table of the run, drawn over itself. */
class RedrawnTable implements Progress {
  readonly #context: Context;
  #drawnLines = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  show(view: RunView): void {
    const { io } = this.#context;
    const lines = this.#draw(view)
      .split('\n')
      .map((line) => clip(line, io.stdout.columns ?? 80));
    const back = this.#drawnLines > 0 ? `\x1b[${this.#drawnLines}A\x1b[J` : '';
    io.stdout.write(`${back}${lines.join('\n')}\n`);
    this.#drawnLines = lines.length;
  }

  /** Where not all fit, those under way and those in trouble come first. */
  #draw(view: RunView): string {
    const { io, style } = this.#context;
    const room = Math.max(1, (io.stdout.rows ?? 24) - spareLines);
    const hosts = view.waves.flatMap((wave) => wave.hosts);
    const shown = new Set(hosts.toSorted((a, b) => rank(a) - rank(b)).slice(0, room));
    const hidden = hosts.length - shown.size;
    const table = runTable(view, style, (host) => shown.has(host));
    return [runHeadline(view, style), table, ...(hidden > 0 ? [style.dim(`… and ${hidden} more`)] : [])].join('\n');
  }
}

function rank({ attempt }: WaveHostView): number {
  if (!attempt) return 2;
  if (attempt.outcome === undefined) return 0;
  return attempt.outcome === 'committed' ? 3 : 1;
}

/** A line that wraps would be drawn over wrongly. Colours take no room. */
function clip(line: string, columns: number): string {
  let seen = 0;
  let end = 0;
  for (const [part] of line.matchAll(/\x1b\[\d+m|./gu)) {
    if (!part.startsWith('\x1b')) seen += 1;
    if (seen > columns) return `${line.slice(0, end)}\x1b[0m`;
    end += part.length;
  }
  return line;
}
