import { stringify } from 'yaml';
import * as z from 'zod';

/** One key of a configuration, as documentation needs it. */
export interface ConfigKey {
  /** Dotted path. */
  readonly path: string;
  readonly env: string;
  /** `string`, `number`, `boolean`, `list`, `a | b` for enums, `value` for the rest. */
  readonly type: string;
  readonly description: string;
  readonly default: unknown;
  /** It has no default and may not be left out. */
  readonly required: boolean;
}

/** The environment variable of a key: `log.levelName` is `SHUNT_LOG_LEVEL_NAME`. */
export function envNameOf(path: string, prefix = 'SHUNT_'): string {
  return (
    prefix +
    path
      .replaceAll('.', '_')
      .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
      .toUpperCase()
  );
}

/** Every leaf of the schema, in its order. Two leaves that share a variable's name are a bug of the schema: a TypeError. */
export function configKeys(schema: z.ZodObject, envPrefix = 'SHUNT_'): readonly ConfigKey[] {
  const keys = leavesOf(schema, '').map(({ path, leaf }) => keyOf(path, leaf, envPrefix));
  const names = new Set(keys.map((key) => key.env));
  if (names.size !== keys.length) throw new TypeError('two configuration keys have the same environment variable');
  return keys;
}

/** A section's keys; undefined when the schema is a leaf. Optional and defaulted sections are looked into. */
export function sectionShape(schema: z.core.$ZodType): Readonly<Record<string, z.ZodType>> | undefined {
  const inner = unwrap(schema).schema;
  return inner instanceof z.ZodObject ? (inner.shape as Record<string, z.ZodType>) : undefined; // zod's own type for shapes is wider
}

/** A YAML file that documents every key; what has a default is commented out, what is required stands for filling in. */
export function renderConfigSample(schema: z.ZodObject, header?: string): string {
  const lines = header === undefined ? [] : [...header.split('\n').map((line) => `# ${line}`.trimEnd()), ''];
  renderSection(schema, { lines, path: '', indent: '' });
  return `${lines.join('\n').trimEnd()}\n`;
}

function leavesOf(schema: z.core.$ZodType, path: string): readonly { path: string; leaf: z.ZodType }[] {
  const shape = sectionShape(schema) ?? {};
  return Object.entries(shape).flatMap(([name, child]) => {
    const childPath = path === '' ? name : `${path}.${name}`;
    return sectionShape(child) === undefined ? [{ path: childPath, leaf: child }] : leavesOf(child, childPath);
  });
}

function keyOf(path: string, leaf: z.ZodType, envPrefix: string): ConfigKey {
  const { schema, defaultValue, optional, description } = unwrap(leaf);
  return {
    path,
    env: envNameOf(path, envPrefix),
    type: typeName(schema),
    description: description ?? '',
    default: defaultValue,
    required: !optional,
  };
}

interface Unwrapped {
  readonly schema: z.core.$ZodType;
  readonly defaultValue: unknown;
  readonly optional: boolean;
  readonly description: string | undefined;
}

/** Takes off default, optional, nullable, readonly, prefault and pipes (by their input). */
function unwrap(schema: z.core.$ZodType): Unwrapped {
  let current = schema;
  let optional = false;
  let defaultValue: unknown;
  let description: string | undefined;
  for (;;) {
    if (current instanceof z.ZodType) description ??= current.description;
    if (current instanceof z.ZodDefault || current instanceof z.ZodPrefault) {
      optional = true;
      defaultValue ??= current.def.defaultValue;
      current = current.def.innerType;
    } else if (current instanceof z.ZodOptional || current instanceof z.ZodNullable) {
      optional = true;
      current = current.def.innerType;
    } else if (current instanceof z.ZodReadonly) current = current.def.innerType;
    else if (current instanceof z.ZodPipe) current = current.def.in;
    else return { schema: current, defaultValue, optional, description };
  }
}

function typeName(schema: z.core.$ZodType): string {
  if (schema instanceof z.ZodEnum) return schema.options.join(' | ');
  if (schema instanceof z.ZodArray) return 'list';
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean) return 'boolean';
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat) return 'string';
  return 'value';
}

interface Rendering {
  readonly lines: string[];
  readonly path: string;
  readonly indent: string;
}

function renderSection(schema: z.core.$ZodType, to: Rendering): void {
  for (const [name, child] of Object.entries(sectionShape(schema) ?? {})) {
    const path = to.path === '' ? name : `${to.path}.${name}`;
    const comment = (text: string): void => {
      for (const line of wrap(text, 110 - to.indent.length)) to.lines.push(`${to.indent}# ${line}`);
    };
    if (sectionShape(child) !== undefined) {
      const { description } = unwrap(child);
      if (description !== undefined) comment(description);
      to.lines.push(`${to.indent}${name}:`);
      renderSection(child, { ...to, path, indent: `${to.indent}  ` });
      continue;
    }
    const key = keyOf(path, child, 'SHUNT_');
    comment(`${key.description} [${key.type}; ${key.env}]`.trim());
    to.lines.push(`${to.indent}${sampleValue(name, key)}`, '');
  }
}

function sampleValue(name: string, key: ConfigKey): string {
  if (key.required) return `${name}: # required`;
  if (key.default === undefined) return `# ${name}:`;
  return `# ${stringify({ [name]: key.default }, { collectionStyle: 'flow', lineWidth: 0 })
    .trim()
    .replace(/^\{ (.*) \}$/, '$1')}`;
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
