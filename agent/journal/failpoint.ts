import type { WriteFaults, WriteMoment } from '../../platform/record-writer.ts';
import type { JsonRecord } from '../../platform/records.ts';
import { ShuntError } from '../../platform/shunt-error.ts';

/** Where one failure strikes: the `nth` time that this process comes to that moment of writing such a record. */
export interface Failpoint {
  readonly step: string;
  readonly nth: number;
  readonly moment: WriteMoment;
  readonly action: 'kill' | 'stop' | 'eio' | 'enospc';
}

/** What the failpoint does to this process. */
export interface FailpointMeans {
  readonly signal: (name: 'SIGKILL' | 'SIGSTOP') => void;
}

const variable = 'SHUNT_FAILPOINT';
const form =
  /^journal:(?<step>[a-z-]+(?:\/[a-z-]+)?)(?::(?<nth>[1-9]\d{0,3}))?(?::(?<moment>before|middle|after))?=(?<action>kill|stop|eio|enospc)$/;

/**
 * Reads `SHUNT_FAILPOINT=journal:STEP[:N][:before|middle|after]=kill|stop|eio|enospc`, the means of tests to strike at one record of the
 * journal; absent in production. STEP is a name of {@link stepOf}, or `sync`; N counts from 1, which is the default, and
 * syncs from the first journal that this process begins; `after` is the default,
 * and of eio and enospc `before`. Fails with `config-invalid`.
 */
export function failpointOf(env: Readonly<Record<string, string | undefined>>): Failpoint | undefined {
  const text = env[variable];
  if (text === undefined || text === '') return undefined;
  const groups = form.exec(text)?.groups;
  if (groups === undefined)
    throw new ShuntError('config-invalid', `${variable}=${text}: expected journal:STEP[:N][:MOMENT]=ACTION`);
  const {
    step = '',
    nth = '1',
    moment,
    action,
  } = groups as { step?: string; nth?: string } & Partial<Pick<Failpoint, 'moment' | 'action'>>; // the pattern lets nothing else through
  const usual = action === 'eio' || action === 'enospc' ? 'before' : 'after';
  return { step, nth: Number(nth), moment: moment ?? usual, action: action ?? 'kill' };
}

/** The same environment for a child that the failpoint is not meant for. */
export function withoutFailpoint(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [variable]: _failpoint, ...rest } = env;
  return rest;
}

/** For people. */
export function failpointText({ step, nth, moment, action }: Failpoint): string {
  return `${variable} is set: ${action} ${moment} the journal's ${step}, time ${nth}; this is for tests`;
}

/** The step that a record of the journal is: its type, and an event's own behind it. */
export function stepOf(record: JsonRecord): string {
  const { type, event } = record;
  if (type !== 'event' || typeof event !== 'object' || event === null || !('type' in event)) return String(type);
  return `event/${String(event.type)}`;
}

/** Strikes where the failpoint says, and nowhere else. Undefined where there is none: then writing costs nothing more. */
export function faultsOf(
  failpoint: Failpoint | undefined,
  means: FailpointMeans = { signal: (name) => process.kill(process.pid, name) },
): WriteFaults | undefined {
  if (failpoint === undefined) return undefined;
  let seen = 0;
  let begun = failpoint.step !== 'sync';
  return {
    at(moment, what) {
      // Syncs count from the first line of a journal that this process begins: what it still has to write of an older one is not meant.
      if (what !== 'sync' && stepOf(what) === 'attempt') begun = true;
      if (!begun) return;
      if (moment !== failpoint.moment || (what === 'sync' ? what : stepOf(what)) !== failpoint.step) return;
      seen += 1;
      if (seen === failpoint.nth) strike(failpoint.action, means);
    },
  };
}

function strike(action: Failpoint['action'], { signal }: FailpointMeans): void {
  switch (action) {
    case 'kill':
      signal('SIGKILL');
      return;
    case 'stop':
      signal('SIGSTOP');
      return;
    case 'eio':
      throw Object.assign(new Error('EIO: i/o error, by a failpoint'), { code: 'EIO' });
    case 'enospc':
      throw Object.assign(new Error('ENOSPC: no space left on device, by a failpoint'), { code: 'ENOSPC' });
  }
}
