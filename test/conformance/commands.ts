import { canonicalJson } from '../../ovsdb/canonical-json.ts';
import { isOvsdbError } from '../../ovsdb/errors.ts';
import { readJsonPrefix, readJsonText } from '../../ovsdb/json-reader.ts';
import { type Outcome, Printer } from './outcome.ts';
import * as tables from './table-commands.ts';
import * as types from './type-commands.ts';

type Command = (print: Printer, args: readonly Uint8Array[]) => void;

/** Subcommands of OVS's `test-ovsdb` that need no server, with the same arguments and the same output. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  'default-atoms': types.defaultAtoms,
  'default-data': types.defaultData,
  'diff-data': types.diffData,
  'parse-atomic-type': types.parseAtomicTypes,
  'parse-base-type': types.parseBaseTypes,
  'parse-type': types.parseTypes,
  'parse-atoms': types.parseAtoms,
  'parse-atom-strings': types.parseAtomStrings,
  'parse-data': types.parseData,
  'parse-data-strings': types.parseDataStrings,
  'sort-atoms': types.sortAtoms,
  'parse-column': tables.parseColumns,
  'parse-table': tables.parseTables,
  'parse-schema': tables.parseSchemas,
  'parse-rows': tables.parseRows,
  'compare-rows': tables.compareRows,
  'parse-conditions': tables.parseConditions,
  'evaluate-conditions': tables.evaluateConditions,
  'evaluate-conditions-any': tables.evaluateConditionsAny,
  'compare-conditions': tables.compareConditionPairs,
  'parse-mutations': tables.parseMutationLists,
  'execute-mutations': tables.executeMutationLists,
  'query': tables.query,
  'query-distinct': tables.queryDistinct,
};

/** Runs `test-ovsdb NAME ARGUMENT…`; undefined when there is no such subcommand. */
export function runTestOvsdb([name, ...rest]: readonly Uint8Array[]): Outcome | undefined {
  const command = COMMANDS[Buffer.from(name ?? []).toString('utf8')];
  if (command === undefined) return undefined;
  const args = rest.filter((arg) => Buffer.from(arg).toString('utf8') !== '--');
  const print = new Printer('test-ovsdb');
  return print.run(() => command(print, args));
}

/** Runs `test-json [--multiple] FILE` on what the file holds. */
export function runTestJson(input: Uint8Array, options: { readonly multiple: boolean }): Outcome {
  const print = new Printer('test-json');
  const text = Buffer.from(input).toString('utf8');
  return print.run(() => {
    if (options.multiple) readMultiple(print, text);
    else attempt(print, () => canonicalJson(readJsonText(text)));
  });
}

function readMultiple(print: Printer, text: string): void {
  for (let at = 0; text.slice(at).trim() !== ''; ) {
    const rest = text.slice(at).trimStart();
    const from = text.length - rest.length;
    at = text.length;
    const fault = attempt(print, () => {
      const { value, next } = readJsonPrefix(rest);
      at = from + next;
      return canonicalJson(value);
    });
    if (fault !== undefined) at = from + Number(/byte (\d+)/.exec(fault)?.[1]); // goes on behind the fault
  }
}

function attempt(print: Printer, act: () => string): string | undefined {
  try {
    print.line(act());
    return undefined;
  } catch (error) {
    if (!isOvsdbError(error)) throw error;
    print.line(`error: ${error.message}`);
    print.fail();
    return error.message;
  }
}
