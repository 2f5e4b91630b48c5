import type { Command, Option } from 'commander';
import type * as z from 'zod';
import { type ConfigKey, configKeys } from '../../platform/config-keys.ts';
import { ManPage, type PageHead } from './roff.ts';

export interface ProgramPage {
  readonly head: PageHead;
  readonly program: Command;
  readonly exitStatus: readonly (readonly [status: string, meaning: string])[];
  readonly files: readonly (readonly [path: string, meaning: string])[];
  readonly environment: readonly (readonly [name: string, meaning: string])[];
  readonly seeAlso: readonly string[];
}

/** A program's manual page: every command, option and example that its help has. */
export function programPage({ head, program, exitStatus, files, environment, seeAlso }: ProgramPage): string {
  const page = new ManPage(head);
  page.section('SYNOPSIS').block([`${program.name()} [options] command`]);
  page.section('DESCRIPTION').text(program.description());
  page.help(afterHelp(program));
  if (program.options.length > 0) page.section('OPTIONS');
  addOptions(page, program.options);
  page.section('COMMANDS');
  for (const command of leaves(program)) addCommand(page, command);
  for (const group of groups(program)) {
    const said = afterHelp(group);
    if (said !== '') page.subsection(pathOf(group)).text(group.description()).help(said);
  }
  for (const [title, rows] of [
    ['EXIT STATUS', exitStatus],
    ['ENVIRONMENT', environment],
    ['FILES', files],
  ] as const) {
    if (rows.length > 0) page.section(title);
    for (const [term, meaning] of rows) page.term(term, meaning);
  }
  return page.seeAlso(seeAlso).toString();
}

export interface ConfigPage {
  readonly head: PageHead;
  readonly schema: z.ZodObject;
  readonly path: string;
  readonly description: string;
  /** Keys can be set by environment variables, too. */
  readonly environment: boolean;
  readonly seeAlso: readonly string[];
}

/** The manual page of a YAML file: every key that its schema has. */
export function configPage({ head, schema, path, description, environment, seeAlso }: ConfigPage): string {
  const page = new ManPage(head);
  page.section('SYNOPSIS').block([path]);
  page.section('DESCRIPTION').text(description);
  page.section('KEYS').text('A dot separates a section from the key in it. Unknown keys are refused.');
  for (const key of configKeys(schema)) page.term(key.path, keyText(key, environment));
  return page.seeAlso(seeAlso).toString();
}

function keyText(key: ConfigKey, environment: boolean): string {
  const standard = key.required
    ? 'Required.'
    : key.default === undefined
      ? 'No default.'
      : `Default: ${JSON.stringify(key.default)}.`;
  const description =
    /[.!?]$/.test(key.description) || key.description === '' ? key.description : `${key.description}.`;
  return `${description} Type: ${key.type}. ${standard}${environment ? ` Variable: ${key.env}.` : ''}`;
}

function leaves(command: Command): readonly Command[] {
  return children(command).flatMap((child) => (children(child).length === 0 ? [child] : leaves(child)));
}

function groups(command: Command): readonly Command[] {
  return children(command).flatMap((child) => (children(child).length === 0 ? [] : [child, ...groups(child)]));
}

function children(command: Command): readonly Command[] {
  return command.commands.filter((child) => child.name() !== 'help');
}

function addCommand(page: ManPage, command: Command): void {
  const args = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  page.subsection([pathOf(command), ...args].join(' ')).text(`${sentence(command.description())}`);
  for (const argument of command.registeredArguments) {
    if (argument.description) page.term(`<${argument.name()}>`, argument.description);
  }
  addOptions(page, command.options);
  page.help(afterHelp(command));
}

function addOptions(page: ManPage, options: readonly Option[]): void {
  for (const option of options) page.term(option.flags, optionText(option));
}

function optionText({ description, argChoices, defaultValue, mandatory, long }: Option): string {
  const choices =
    argChoices && !argChoices.every((choice) => description.includes(choice)) ? argChoices.join(', ') : '';
  // Who and where it is asked from is no default of the program.
  const standard =
    defaultValue === undefined || long === '--by' || defaultValue === 0 ? '' : `Default: ${String(defaultValue)}.`;
  return [sentence(description), choices && `One of: ${choices}.`, standard, mandatory ? 'Required.' : '']
    .filter(Boolean)
    .join(' ');
}

/** Help begins in lower case and has no full stop; a value that it begins with stays as it is. */
function sentence(text: string): string {
  const begun = /^[a-z]+[ ,;]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** What help says after its lists. */
function afterHelp(command: Command): string {
  const said: string[] = [];
  command.configureOutput({ writeOut: (text) => said.push(text) });
  command.outputHelp();
  const all = said.join('');
  const lists = command.helpInformation();
  return all.startsWith(lists) ? (all.slice(lists.length).trim() === '' ? '' : all.slice(lists.length)) : all;
}
