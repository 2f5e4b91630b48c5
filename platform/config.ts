import { readFileSync } from 'node:fs';
import { parseDocument, parse as parseYaml } from 'yaml';
import type * as z from 'zod';
import { type ConfigKey, configKeys, sectionShape } from './config-keys.ts';
import { ShuntError } from './shunt-error.ts';

/** Where a value came from; `name` is the flag's path, the variable, the file, or `default`. */
export interface ConfigOrigin {
  readonly kind: 'flag' | 'env' | 'file' | 'default';
  readonly name: string;
}

export interface LoadedConfig<T> {
  readonly value: T;
  /** By dotted path of each leaf. */
  readonly origins: ReadonlyMap<string, ConfigOrigin>;
  /** The file that was read, if there was one. */
  readonly file: string | undefined;
  /** Variables with our prefix that no key has: to be warned about, they may belong to another of our programs. */
  readonly unknownEnv: readonly string[];
}

export interface ConfigSources {
  readonly file?: string | undefined;
  /** An absent file is an error (somebody named it) instead of an empty one. */
  readonly fileRequired?: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default `SHUNT_`. */
  readonly envPrefix?: string;
  /** By dotted path; undefined = not given. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/**
 * Flags over environment over file over the schema's defaults, decoded strictly. Fails with `config-invalid`, which lists every problem
 * with its path and where the value came from; an unknown key of the file is a problem.
 */
export function loadConfig<S extends z.ZodObject>(schema: S, sources: ConfigSources): LoadedConfig<z.output<S>> {
  const keys = configKeys(schema, sources.envPrefix);
  const problems: string[] = [];
  const tree = emptySections(schema);
  const origins = new Map<string, ConfigOrigin>(keys.map((key) => [key.path, { kind: 'default', name: 'default' }]));
  const put = (path: string, value: unknown, origin: ConfigOrigin): void => {
    setPath(tree, path, value);
    origins.set(path, origin);
  };
  const file = readConfigFile(sources);
  if (file !== undefined) {
    const walk = { schema, path: '', file: file.path, problems, put };
    putFile(file.content, walk);
  }
  putEnv(keys, sources.env ?? {}, put);
  putFlags(keys, sources.flags ?? {}, { put, problems });
  const result = schema.safeParse(tree);
  if (!result.success) problems.push(...result.error.issues.map((issue) => issueText(issue, origins)));
  if (problems.length > 0 || !result.success) {
    throw new ShuntError('config-invalid', `reading the configuration: ${problems.join('; ')}`, {
      detail: { problems, file: file?.path },
    });
  }
  return { value: result.data, origins, file: file?.path, unknownEnv: unknownEnv(keys, sources) };
}

type Tree = { [key: string]: unknown };
type Put = (path: string, value: unknown, origin: ConfigOrigin) => void;

interface ConfigFile {
  readonly path: string;
  readonly content: unknown;
}

function readConfigFile(sources: ConfigSources): ConfigFile | undefined {
  const path = sources.file;
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const absent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    if (absent && !sources.fileRequired) return undefined;
    throw new ShuntError('config-invalid', `reading the configuration file ${path}`, { cause, detail: { file: path } });
  }
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new ShuntError('config-invalid', `reading the configuration file ${path}: ${error.message}`, {
      detail: { file: path },
    });
  }
  return { path, content: plainContent(document, path) };
}

/** One value at the top of a file that need not be right otherwise; undefined: it cannot be told. Never fails. */
export function looseConfigValue(path: string, key: string): unknown {
  try {
    return parseDocument(readFileSync(path, 'utf8')).get(key);
  } catch {
    return undefined; // no such file, or no section with keys
  }
}

/** An alias that leads nowhere, or to very much, shows only here. */
function plainContent(document: ReturnType<typeof parseDocument>, path: string): unknown {
  try {
    return document.toJS() ?? {};
  } catch (cause) {
    throw new ShuntError('config-invalid', `reading the configuration file ${path}`, { cause, detail: { file: path } });
  }
}

interface FileWalk {
  readonly schema: z.ZodType;
  readonly path: string;
  readonly file: string;
  readonly problems: string[];
  readonly put: Put;
}

function putFile(content: unknown, walk: FileWalk): void {
  const shape = sectionShape(walk.schema);
  const where = walk.path === '' ? walk.file : `${walk.path} in ${walk.file}`;
  if (shape === undefined) {
    walk.put(walk.path, content, { kind: 'file', name: walk.file });
    return;
  }
  if (content === null || content === undefined) return; // `section:` with nothing below it
  if (typeof content !== 'object' || Array.isArray(content)) {
    walk.problems.push(`${where}: expected a section with keys`);
    return;
  }
  for (const [name, value] of Object.entries(content)) {
    const path = walk.path === '' ? name : `${walk.path}.${name}`;
    const schema = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (schema === undefined) {
      walk.problems.push(`${path} in ${walk.file}: unknown key (known here: ${Object.keys(shape).join(', ')})`);
    } else putFile(value, { ...walk, schema, path });
  }
}

function putEnv(keys: readonly ConfigKey[], env: Readonly<Record<string, string | undefined>>, put: Put): void {
  for (const key of keys) {
    const text = env[key.env];
    if (text !== undefined) put(key.path, envValue(key, text), { kind: 'env', name: key.env });
  }
}

function envValue(key: ConfigKey, text: string): unknown {
  if (key.type === 'string') return text; // '0123' and 'yes' stay what they are
  if (key.type === 'list' && !text.trimStart().startsWith('[')) {
    return text.split(',').flatMap((item) => (item.trim() === '' ? [] : [item.trim()]));
  }
  try {
    return parseYaml(text);
  } catch {
    return text; // the schema says what is wrong with it
  }
}

function putFlags(
  keys: readonly ConfigKey[],
  flags: Readonly<Record<string, unknown>>,
  sink: { readonly put: Put; readonly problems: string[] },
): void {
  const known = new Set(keys.map((key) => key.path));
  for (const [path, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    if (known.has(path)) sink.put(path, value, { kind: 'flag', name: path });
    else sink.problems.push(`${path} from the command line: unknown key`);
  }
}

/** Sections may be left out whole: their keys' defaults apply, and a required key is missed by its name. */
function emptySections(schema: z.core.$ZodType): Tree {
  const tree: Tree = {};
  for (const [name, child] of Object.entries(sectionShape(schema) ?? {})) {
    if (sectionShape(child) !== undefined && !child.safeParse(undefined).success) tree[name] = emptySections(child);
  }
  return tree;
}

function setPath(tree: Tree, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? path;
  let section = tree;
  for (const name of names) {
    if (typeof section[name] !== 'object' || section[name] === null) section[name] = {};
    section = section[name] as Tree; // an object since the line above; only we put objects there
  }
  section[last] = value;
}

function issueText(issue: z.core.$ZodIssue, origins: ReadonlyMap<string, ConfigOrigin>): string {
  const path = issue.path.join('.');
  const leaf = [...origins.keys()].find((key) => path === key || path.startsWith(`${key}.`));
  const origin = leaf === undefined ? undefined : origins.get(leaf);
  const from = origin === undefined || origin.kind === 'default' ? '' : ` (from ${origin.name})`;
  return `${path === '' ? 'configuration' : path}${from}: ${issue.message}`;
}

function unknownEnv(keys: readonly ConfigKey[], sources: ConfigSources): readonly string[] {
  const prefix = sources.envPrefix ?? 'SHUNT_';
  const known = new Set(keys.map((key) => key.env));
  return Object.keys(sources.env ?? {}).filter((name) => name.startsWith(prefix) && !known.has(name));
}
