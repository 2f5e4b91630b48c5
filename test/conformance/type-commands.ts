import { atomText, compareAtoms, defaultAtom, parseAtom, writeAtom } from '../../ovsdb/atom.ts';
import { parseAtomicType, parseBaseType, writeBaseType } from '../../ovsdb/base-type.ts';
import { canonicalJson } from '../../ovsdb/canonical-json.ts';
import { parseType, writeType } from '../../ovsdb/column-type.ts';
import { type Datum, datumText, defaultDatum, equalDatums, parseDatum, writeDatum } from '../../ovsdb/datum.ts';
import { applyDifference, difference } from '../../ovsdb/datum-algebra.ts';
import { readAtomText, readDatumText } from '../../ovsdb/datum-text.ts';
import { isOvsdbError } from '../../ovsdb/errors.ts';
import { type AtomicKind, type ColumnType, plainBase } from '../../ovsdb/type-model.ts';
import { asArray, type Printer, readArgument, unbox } from './outcome.ts';

const KINDS = ['integer', 'real', 'boolean', 'string', 'uuid'] as const satisfies readonly AtomicKind[];
/** RFC 7047 section 5.2.1, written a second time. */
const EXPECTED = {
  integer: 0,
  real: 0,
  boolean: false,
  string: '',
  uuid: '00000000-0000-0000-0000-000000000000',
} satisfies Record<AtomicKind, unknown>;

export function defaultAtoms(print: Printer): void {
  for (const kind of KINDS) print.line(`${kind}: ${defaultAtom(kind) === EXPECTED[kind] ? 'OK' : 'wrong'}`);
}

export function defaultData(print: Printer): void {
  for (const min of [0, 1]) {
    for (const key of KINDS) {
      for (const value of [undefined, ...KINDS]) {
        const type: ColumnType = {
          key: plainBase(key),
          ...(value === undefined ? {} : { value: plainBase(value) }),
          min,
          max: 1,
        };
        const keys = min === 0 ? [] : [EXPECTED[key]];
        const expected: Datum = value === undefined ? { keys } : { keys, values: min === 0 ? [] : [EXPECTED[value]] };
        const right = equalDatums(defaultDatum(type), expected);
        print.line(`key ${key}, value ${value ?? 'void'}, n_min ${min}: ${right ? 'OK' : 'wrong'}`);
      }
    }
  }
}

export function diffData(print: Printer, [typeJson, ...pairs]: readonly Uint8Array[]): void {
  const type = parseType(unbox(readArgument(typeJson)));
  for (let n = 0; n + 1 < pairs.length; n += 2) {
    const from = parseDatum(type, unbox(readArgument(pairs[n])));
    const to = parseDatum(type, unbox(readArgument(pairs[n + 1])), { anySize: true });
    const change = difference(type, from, to);
    const result = applyDifference(type, from, change);
    print.line(`diff: ${canonicalJson(writeDatum(type, change))}`);
    print.line(`apply diff: ${canonicalJson(writeDatum(type, result))}`);
    print.line(`apply diff in place: ${canonicalJson(writeDatum(type, applyDifference(type, from, change)))}`);
    print.line(equalDatums(result, to) ? 'OK' : 'failed to apply diff');
  }
}

export function parseAtomicTypes(print: Printer, [json]: readonly Uint8Array[]): void {
  print.line(canonicalJson(parseAtomicType(unbox(readArgument(json)))));
}

export function parseBaseTypes(print: Printer, [json]: readonly Uint8Array[]): void {
  print.line(canonicalJson(writeBaseType(parseBaseType(unbox(readArgument(json))))));
}

export function parseTypes(print: Printer, [json]: readonly Uint8Array[]): void {
  print.line(canonicalJson(writeType(parseType(unbox(readArgument(json))))));
}

/** Faults of atoms are results here. */
export function parseAtoms(print: Printer, [baseJson, ...atoms]: readonly Uint8Array[]): void {
  const base = parseBaseType(unbox(readArgument(baseJson)));
  for (const json of atoms) {
    try {
      print.line(canonicalJson(writeAtom(base.type, parseAtom(base, unbox(readArgument(json))))));
    } catch (error) {
      if (!isOvsdbError(error) || error.server === undefined) throw error;
      print.line(error.message);
    }
  }
}

export function parseAtomStrings(print: Printer, [baseJson, ...texts]: readonly Uint8Array[]): void {
  const base = parseBaseType(unbox(readArgument(baseJson)));
  for (const text of texts) {
    const { atom, end } = readAtomText(base, Buffer.from(text).toString('utf8'));
    print.line(atomText(base.type, atom) + (end === undefined ? '' : `-${end}`));
  }
}

export function parseData(print: Printer, [typeJson, ...data]: readonly Uint8Array[]): void {
  const type = parseType(unbox(readArgument(typeJson)));
  for (const json of data) print.line(canonicalJson(writeDatum(type, parseDatum(type, unbox(readArgument(json))))));
}

export function parseDataStrings(print: Printer, [typeJson, ...texts]: readonly Uint8Array[]): void {
  const type = parseType(unbox(readArgument(typeJson)));
  for (const text of texts) print.line(datumText(type, readDatumText(type, Buffer.from(text).toString('utf8'))));
}

export function sortAtoms(print: Printer, [baseJson, atomsJson]: readonly Uint8Array[]): void {
  const base = parseBaseType(unbox(readArgument(baseJson)));
  const atoms = asArray(unbox(readArgument(atomsJson)), 'second argument').map((json) => parseAtom(base, json));
  print.line(canonicalJson(atoms.sort(compareAtoms).map((atom) => writeAtom(base.type, atom))));
}
