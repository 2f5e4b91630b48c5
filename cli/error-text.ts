import { errorTable } from '../domain/errors.ts';
import { describeError, isShuntError, type ShuntError } from '../platform/shunt-error.ts';
import { adviceOf } from './advice.ts';
import type { Style } from './style.ts';
import { renderFacts } from './table.ts';

/** What happened, to which hypervisor and tap, what was left untouched, what to do now. */
export function errorText(error: unknown, style: Style): string {
  if (!isShuntError(error)) return `${style.red('shunt:')} ${describeError(error)}`;
  const { untouched, now } = adviceOf[error.code];
  const host = textOf(error, 'host');
  const tap = textOf(error, 'tap');
  const facts: [string, string][] = [
    ...(host === undefined ? [] : [['host', host] as [string, string]]),
    ...(tap === undefined ? [] : [['tap', tap] as [string, string]]),
    ['untouched', untouched],
    ['now', host === undefined ? now : now.replaceAll('HOST', host)],
    ['more', `${error.code}, docs/failure-modes.md${errorTable[error.code].docs}`],
  ];
  const lines = [`${style.red('shunt:')} ${describeError(error)}`, indent(renderFacts(facts)), ...repairOf(error)];
  return lines.join('\n');
}

export function errorJson(error: unknown): string {
  const code = isShuntError(error) ? error.code : 'internal';
  const detail = isShuntError(error) ? error.detail : {};
  return JSON.stringify({ error: { code, message: describeError(error), detail, ...adviceOf[code] } });
}

function textOf(error: ShuntError, fact: string): string | undefined {
  const value = error.detail[fact];
  return typeof value === 'string' ? value : undefined;
}

/** Commands to be run on that hypervisor. */
function repairOf({ detail }: ShuntError): readonly string[] {
  const { repair } = detail;
  if (!Array.isArray(repair) || repair.length === 0) return [];
  return [indent('on that hypervisor:'), ...repair.map((line) => indent(indent(String(line))))];
}

export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
