import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Adoption } from '../../domain/adopt/facts.ts';
import type { Deadline } from '../../platform/clock.ts';
import { RecordWriter } from '../../platform/record-writer.ts';
import { decodeRecords, readRecords } from '../../platform/records.ts';
import { describeError, isShuntError, ShuntError } from '../../platform/shunt-error.ts';
import type { DeadMan } from '../journal/journal-records.ts';
import { keptSettingsSchema, type WayBackSettings } from '../journal/kept-settings.ts';

/** Where an adoption is. `armed`: under way; `adopted`: proved, goes back at its deadline unless it is confirmed. */
export type AdoptionPhase = 'prepared' | 'armed' | 'adopted' | 'confirmed' | 'back' | 'stuck';

/** Begun, and neither kept nor back. */
export function isOpenAdoption(phase: AdoptionPhase): boolean {
  return phase === 'armed' || phase === 'adopted' || phase === 'stuck';
}

/** First line: all that a way back needs, synced before anything is made. */
export interface AdoptionHeader {
  readonly format: 1;
  readonly type: 'adoption';
  readonly id: number;
  readonly adoption: Adoption;
  readonly deadline: Deadline;
  /** How to reach what is to be taken back, whatever becomes of agent.yaml. Journals of older agents have none. */
  readonly settings?: WayBackSettings | undefined;
  /** Whom OVN had on this host before, by `iface-id`. Journals of older agents have none: then whoever is there counts as having come since. */
  readonly guests?: readonly string[] | undefined;
}

export type AdoptionRecord =
  | { readonly type: 'armed'; readonly deadMan: DeadMan }
  | {
      readonly type: 'adopted';
      readonly gaps: readonly { readonly bridge: string; readonly blackoutMs: number; readonly resolutionMs: number }[];
    }
  | { readonly type: 'confirmed'; readonly by: string }
  /** Written by older agents, before the way back. */
  | { readonly type: 'back-began'; readonly by: string }
  | { readonly type: 'back'; readonly why: string }
  | { readonly type: 'stuck'; readonly why: string; readonly repair: readonly string[] };

export interface AdoptionState {
  readonly header: AdoptionHeader;
  readonly phase: AdoptionPhase;
  readonly deadMan?: DeadMan;
  readonly records: readonly AdoptionRecord[];
}

const uplinkBase = { name: z.string(), mac: z.string(), mtu: z.number() };
const headerSchema = z.object({
  format: z.literal(1),
  type: z.literal('adoption'),
  id: z.number(),
  deadline: z.object({ bootId: z.string(), monotonicMs: z.number(), wallMs: z.number() }),
  adoption: z.object({
    nic: z.string(),
    provider: z.string(),
    datapath: z.string(),
    makesBridge: z.boolean(),
    joins: z.enum(['there', 'first', 'with-flat']),
    moves: z.array(
      z.object({
        bridge: z.string(),
        uplink: z.discriminatedUnion('kind', [
          z.object({ kind: z.literal('vlan'), vlan: z.number(), ...uplinkBase }),
          z.object({ kind: z.literal('flat'), ...uplinkBase }),
        ]),
        leg: z.object({ legacy: z.string(), provider: z.string(), providerMac: z.string() }),
      }),
    ),
  }),
  settings: keptSettingsSchema,
  guests: z.array(z.string()).optional(),
});
const recordSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('armed'),
    deadMan: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('process'), pid: z.number(), startTicks: z.string() }),
      z.object({ kind: z.literal('systemd'), unit: z.string() }),
    ]),
  }),
  z.object({
    type: z.literal('adopted'),
    gaps: z.array(z.object({ bridge: z.string(), blackoutMs: z.number(), resolutionMs: z.number() })),
  }),
  z.object({ type: z.literal('confirmed'), by: z.string() }),
  z.object({ type: z.literal('back-began'), by: z.string() }),
  z.object({ type: z.literal('back'), why: z.string() }),
  z.object({ type: z.literal('stuck'), why: z.string(), repair: z.array(z.string()) }),
]);

const fileName = /^(\d{6})\.journal$/;

function pathOf(stateDir: string, id: number): string {
  return join(stateDir, 'adoptions', `${String(id).padStart(6, '0')}.journal`);
}

/** One whose journal cannot be read. */
export interface UnreadableAdoption {
  readonly id: number;
  readonly why: string;
  /** What its last line says of it, where that can be read, or that a later one began, which none does before this one is at rest. */
  readonly phase: 'back' | 'confirmed' | 'at rest' | 'unknown';
}

/** Every adoption that this host ever began, oldest first; none stands in the way of reading the others. */
export function readAdoptions(stateDir: string): {
  readonly adoptions: readonly AdoptionState[];
  readonly unreadable: readonly UnreadableAdoption[];
} {
  const ids = adoptionIds(stateDir);
  const adoptions: AdoptionState[] = [];
  const unreadable: UnreadableAdoption[] = [];
  for (const id of ids) {
    try {
      const state = readAdoption(stateDir, id);
      if (state !== undefined) adoptions.push(state);
    } catch (error) {
      if (!isShuntError(error)) throw error;
      const phase = lastWord(pathOf(stateDir, id)) ?? (id === ids.at(-1) ? 'unknown' : 'at rest');
      unreadable.push({ id, why: describeError(error), phase });
    }
  }
  return { adoptions, unreadable };
}

function adoptionIds(stateDir: string): readonly number[] {
  let names: readonly string[];
  try {
    names = readdirSync(join(stateDir, 'adoptions'));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new ShuntError('journal-failed', `reading the adoptions in ${stateDir}`, { cause });
  }
  return names
    .flatMap((name) => fileName.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

function lastWord(path: string): 'back' | 'confirmed' | undefined {
  try {
    const lines = readFileSync(path, 'utf8').trimEnd();
    const [record] = decodeRecords(Buffer.from(`${lines.slice(lines.lastIndexOf('\n') + 1)}\n`), path).records;
    const type = recordSchema.safeParse(record).data?.type;
    return type === 'back' || type === 'confirmed' ? type : undefined;
  } catch {
    return undefined; // it is told already why it cannot be read
  }
}

/** For people: what is the matter with it, and what to do. */
export function unreadableText(stateDir: string, { id, why, phase }: UnreadableAdoption): string {
  const path = pathOf(stateDir, id);
  const standing = phase === 'unknown' ? 'nobody can tell where it stands' : `it is ${phase}`;
  return `adoption ${id} cannot be read, ${standing}: ${why}. When the uplinks of this host are in their places, rename ${path} to ${path}.bad`;
}

/** On `stderr`: what a command prints is about the others. */
export function tellUnreadable(stateDir: string, unreadable: readonly UnreadableAdoption[]): void {
  for (const one of unreadable) console.error(`shunt-agent: ${unreadableText(stateDir, one)}`);
}

/**
 * Undefined: its first line was never written whole, so nothing was touched. One whose first line is damaged while good ones follow is `records-corrupt`:
 * something was.
 */
export function readAdoption(stateDir: string, id: number): AdoptionState | undefined {
  const path = pathOf(stateDir, id);
  const { records: all, corruptAt } = readRecords(path, { onCorruption: 'stop' });
  const [first, ...rest] = all;
  if (first === undefined) {
    if (corruptAt === undefined) return undefined;
    throw new ShuntError('records-corrupt', `reading ${path}: its first line is damaged, good ones follow`);
  }
  const header = headerSchema.safeParse(first);
  if (!header.success) throw new ShuntError('records-corrupt', `reading ${path}`, { cause: header.error });
  const records = rest.flatMap((record) => recordSchema.safeParse(record).data ?? []);
  const armed = records.findLast((record) => record.type === 'armed');
  const phase = records.reduce<AdoptionPhase>(phaseAfter, 'prepared');
  return { header: header.data, phase, records, ...(armed === undefined ? {} : { deadMan: armed.deadMan }) };
}

function phaseAfter(phase: AdoptionPhase, { type }: AdoptionRecord): AdoptionPhase {
  return type === 'back-began' ? phase : type;
}

/** The number of the next one: none that any file here has had, whatever it was renamed to. Rows that are still there may bear it. */
export function nextAdoption(stateDir: string): number {
  const names = readdirSync(makeDir(stateDir));
  return Math.max(0, ...names.map((name) => Number(/^(\d{6})\.journal/.exec(name)?.[1] ?? 0))) + 1;
}

function makeDir(stateDir: string): string {
  const dir = join(stateDir, 'adoptions');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** Write-ahead: each line is on disk when its call returns. */
export class AdoptionJournal implements Disposable {
  readonly #writer: RecordWriter;

  private constructor(writer: RecordWriter) {
    this.#writer = writer;
  }

  static create(stateDir: string, header: AdoptionHeader): AdoptionJournal {
    makeDir(stateDir);
    const writer = RecordWriter.create(pathOf(stateDir, header.id));
    writer.append({ ...header });
    writer.sync();
    return new AdoptionJournal(writer);
  }

  static reopen(stateDir: string, id: number): AdoptionJournal {
    return new AdoptionJournal(RecordWriter.reopen(pathOf(stateDir, id)).writer);
  }

  note(record: AdoptionRecord): void {
    this.#writer.append({ ...record });
    this.#writer.sync();
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
  }
}
