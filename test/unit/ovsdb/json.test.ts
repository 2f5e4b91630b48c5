import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, compareText } from '../../../ovsdb/canonical-json.ts';
import { isOvsdbError } from '../../../ovsdb/errors.ts';
import { parseJson, parseJsonBytes, stringifyJson } from '../../../ovsdb/json.ts';
import { formatReal } from '../../../ovsdb/json-number.ts';
import { depthMax, readJsonPrefix, readJsonText } from '../../../ovsdb/json-reader.ts';

function faultOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isOvsdbError(error, 'protocol', 'invalid-value')) return error.message;
    throw error;
  }
  return 'none';
}

describe('JSON, read strictly', () => {
  it.each([
    ['', 'line 0, column 0, byte 0: empty input stream'],
    ['7', 'syntax error at beginning of input'],
    ['"text"', 'syntax error at beginning of input'],
    ['true', 'syntax error at beginning of input'],
    ['[7] null', 'line 0, column 8, byte 8: trailing garbage at end of input'],
    ['[7]]', 'trailing garbage at end of input'],
    ['[7', 'unexpected end of input'],
    ['[7,]', 'syntax error expecting value'],
    ['[7 8]', "syntax error expecting ']' or ','"],
    ['[maybe]', "invalid keyword 'maybe'"],
    ['[7 maybe]', "invalid keyword 'maybe'"],
    ['[Null]', "invalid character 'N'"],
    ['[\u000b]', 'invalid character U+000b'],
    ['[é]', 'invalid character U+00c3'],
    ['{"a":1 "b":2}', "syntax error expecting '}' or ','"],
    ['{"a" 1}', "syntax error parsing object expecting ':'"],
    ['{"a":1,}', 'syntax error parsing object expecting string'],
    ['{7:1}', 'syntax error parsing object expecting string'],
    ['["a', 'line 0, column 3, byte 3: unexpected end of input in quoted string'],
    ['["ä\n"]', 'line 0, column 4, byte 4: U+000A must be escaped in quoted string'],
    ['["\\q"]', 'bad escape \\q'],
    ['["\\u12"]', 'quoted string ends within \\u escape'],
    ['["\\u12xy"]', 'malformed \\u escape'],
    ['["\\u0000"]', 'null bytes not supported in quoted strings'],
    ['["\\ud83d!"]', 'malformed escaped surrogate pair'],
    ['["\\ud83d\\u0041"]', 'second half of escaped surrogate pair is not trailing surrogate'],
    ['["\\ude00"]', 'malformed escaped surrogate pair'],
    ['[-]', "'-' must be followed by digit"],
    ['[-007]', 'leading zeros not allowed'],
    ['[7.]', 'decimal point must be followed by digit'],
    ['[7.5e]', 'exponent must contain at least one digit'],
    ['[7.5.5]', 'syntax error in number'],
    ['[7e999]', 'number outside valid range'],
    ['[1e-320]', 'number outside valid range'],
    ['[7e99999999999]', 'exponent outside valid range'],
    ['\n\n [7,\n  x]', "line 3, column 3, byte 10: invalid keyword 'x'"],
    ['['.repeat(depthMax + 1), 'input exceeds maximum nesting depth 1000'],
  ])('refuses %j', (text, fault) => {
    expect(faultOf(() => readJsonText(text))).toContain(fault);
    if (!text.includes('1e-320')) {
      expect(faultOf(() => parseJsonBytes(Buffer.from(text)))).toContain(text.length > 100 ? '' : fault);
    }
  });

  it.each([
    ['[1.0, 1e3, 125e-3, -0, -0.0, 1e-9999]', [1, 1000, 0.125, 0, 0, 0]],
    [
      '[9007199254740991, 9007199254740992, -9007199254740993]',
      [9007199254740991, 9007199254740992n, -9007199254740993n],
    ],
    ['[9223372036854775807.000, -922337203685477580.8e1]', [9223372036854775807n, -9223372036854775808n]],
    ['[9223372036854775808, 1e18, 1e19]', [2 ** 63, 10n ** 18n, 1e19]],
    ['["\\u0041\\/\\ud83d\\ude00\\\\u0000"]', ['A/😀\\u0000']],
    ['{"a":1,"a":2}', { a: 2 }],
  ])('reads %s', (text, value) => {
    expect(readJsonText(text)).toEqual(value);
    expect(parseJsonBytes(Buffer.from(text))).toEqual(value);
  });

  it('keeps a member named __proto__ a member', () => {
    expect(Object.keys(readJsonText('{"__proto__":[]}') as object)).toEqual(['__proto__']);
  });

  it('reads the fast way what it reads the slow way', () => {
    const value = fc.array(fc.jsonValue({ stringUnit: 'binary' }), { maxLength: 5 });
    fc.assert(
      fc.property(value, (items) => {
        const text = JSON.stringify(items);
        fc.pre(!/e-3[0-2]\d|\\u0000/.test(text));
        const slow = readJsonText(text);
        expect(parseJsonBytes(Buffer.from(text))).toEqual(slow);
        expect(parseJson({ text, longDigits: true })).toEqual(slow);
      }),
      { numRuns: 30 },
    );
  });

  it('takes what the server sends and would refuse itself', () => {
    expect(parseJsonBytes(Buffer.from('[1e-320,1.79769313486232e+308,-1.79769313486232e+308]'))).toEqual([
      1e-320,
      Number.MAX_VALUE,
      -Number.MAX_VALUE,
    ]);
    expect(faultOf(() => parseJsonBytes(Buffer.from('[1e309]')))).toContain('number outside valid range');
  });

  it.each([
    [[0xc0], 'invalid UTF-8 sequence 0xc0'],
    [[0xed, 0xa0, 0x80], 'invalid UTF-8 sequence 0xed 0xa0'],
    [[0xe2, 0x82], 'invalid UTF-8 sequence 0xe2 0x82 0x22'],
    [[0xf4, 0x90, 0x80, 0x80], 'invalid UTF-8 sequence 0xf4 0x90'],
  ])('refuses bytes %j, which are not UTF-8', (bytes, fault) => {
    const message = Buffer.from([0x5b, 0x22, ...bytes, 0x22, 0x5d]);
    expect(faultOf(() => parseJsonBytes(message))).toBe(`constraint violation: not a valid UTF-8 string: ${fault}`);
  });

  it('reads one text after the other', () => {
    expect(readJsonPrefix('{} [1]')).toEqual({ value: {}, next: 2 });
    expect(readJsonPrefix('{} [1]', 2)).toEqual({ value: [1], next: 6 });
  });
});

describe('JSON, written strictly', () => {
  it.each([
    ['a NUL', 'a\0'],
    ['a lone surrogate', '\ud83d'],
    ['a member with a lone surrogate', { '\ude00': 1 }],
    ['no number', Number.NaN],
    ['infinity', Number.NEGATIVE_INFINITY],
    ['nearly zero', 5e-324],
    ['more than 64 bits', 2n ** 63n],
  ])('does not write %s', (_what, value) => {
    expect(faultOf(() => stringifyJson({ params: [[value]] }))).toContain('cannot be sent');
  });

  it('sends what only looks like it', () => {
    const value = {
      id: null,
      a: '\\u0000',
      b: '\\ud800',
      c: ':null',
      d: '1e-310',
      n: [2.5e-305, 2n ** 60n, null],
      '😀': '😀',
    };
    expect(stringifyJson(value)).toBe(
      JSON.stringify({ ...value, n: 0 }).replace(':0', ':[2.5e-305,1152921504606846976,null]'),
    );
  });

  it('writes reals as C does, half to even', () => {
    const shown = [100000000000000.5, 100000000000001.5, 0.0001, 0.00001, 1e14, 1e15, -1.25, 1e23, 0.1 + 0.2];
    expect(shown.map(formatReal)).toEqual([
      '100000000000000',
      '100000000000002',
      '0.0001',
      '1e-05',
      '100000000000000',
      '1e+15',
      '-1.25',
      '1e+23',
      '0.3',
    ]);
  });

  it('sorts members by their bytes', () => {
    expect(canonicalJson({ '😀': 1, '\uffee': 2, b: [1.5, 2n ** 62n, null], a: {} })).toBe(
      '{"a":{},"b":[1.5,4611686018427387904,null],"\uffee":2,"😀":1}',
    );
  });

  it('orders text as its UTF-8 is ordered', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});
