import { pino } from 'pino';
import { describeError } from './shunt-error.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** The fields that every tool may count on, by these names. */
export interface LogFields {
  readonly site?: string;
  readonly host?: string;
  readonly epoch?: number;
  readonly phase?: string;
  readonly tap?: string;
  readonly port?: string;
  readonly plan?: string;
  readonly wave?: string;
  readonly code?: string;
}

export type Logger = pino.Logger;

const unwrittenBytesMax = 4 * 1024 * 1024;
const childrenByRoot = new WeakMap<Logger, Set<WeakRef<Logger>>>();

/**
 * A JSON logger to stdout. It never blocks the event loop: when nobody reads stdout, lines beyond 4 MiB are dropped. Nobody should
 * call it before main has read the configuration.
 */
export function createLogger(options: {
  readonly name: string;
  readonly level: LogLevel;
  readonly fields?: LogFields;
  /** For tests. */
  readonly destination?: pino.DestinationStream;
}): Logger {
  const children = new Set<WeakRef<Logger>>();
  const root = pino(
    {
      name: options.name,
      level: options.level,
      base: { ...options.fields },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError, cause: serializeError },
      onChild: (child) => remember(children, child),
    },
    options.destination ?? pino.destination({ dest: 1, sync: false, maxLength: unwrittenBytesMax }),
  );
  childrenByRoot.set(root, children);
  return root;
}

/** Sets the level of the logger from {@link createLogger} and of all its children: pino copies it into each child. */
export function setLogLevel(root: Logger, level: LogLevel): void {
  root.level = level;
  for (const reference of childrenByRoot.get(root) ?? []) {
    const child = reference.deref();
    if (child !== undefined) child.level = level;
  }
}

/** Re-reads the level at SIGHUP, and nothing else. When that fails the level stays and the reason is logged. */
export function onHangup(reread: () => LogLevel, root: Logger): Disposable {
  const handler = (): void => {
    try {
      const level = reread();
      setLogLevel(root, level);
      root.info({ level }, 'log level read again');
    } catch (error) {
      root.error({ err: error }, 'log level unchanged: the configuration cannot be read');
    }
  };
  process.on('SIGHUP', handler);
  return { [Symbol.dispose]: () => process.off('SIGHUP', handler) };
}

/** Resolves when everything logged so far is written, or cannot be. */
export function flushLog(root: Logger): Promise<void> {
  return new Promise((resolve) => root.flush(() => resolve()));
}

let sincePruned = 0;

function remember(children: Set<WeakRef<Logger>>, child: Logger): void {
  children.add(new WeakRef(child));
  sincePruned += 1;
  if (sincePruned < 1000) return;
  sincePruned = 0;
  for (const reference of children) if (reference.deref() === undefined) children.delete(reference);
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, detail } = error as Error & { code?: unknown; detail?: unknown }; // ShuntError's; others have none
  return { type: error.name, message: describeError(error), code, detail, stack: error.stack };
}
