/**
 * Reads a JSON number as ovsdb-server does: what is integral and fits into 64 bits is an integer however it is written, all else is a
 * real, negative zero is zero. A string is the fault, in ovsdb-server's words.
 */
export function readNumber(token: string, options: { readonly asSent?: boolean } = {}): number | bigint | string {
  if (SHORT.test(token)) return Number(token) + 0; // exact; the sum turns -0 into 0
  const parts = NUMBER.exec(token)?.groups;
  if (parts === undefined) return numberFault(token);
  const scaled = scale(parts.whole ?? '', parts.fraction ?? '', parts.exponent ?? '0');
  if (scaled === undefined) return 'exponent outside valid range';
  if (scaled.significand === 0n) return 0;
  const integer = toInteger(scaled, token.startsWith('-'));
  if (integer !== undefined) return integer;
  const real = Number(token);
  if (options.asSent === true) {
    if (GREATEST_AS_SENT.test(token)) return Math.sign(real) * Number.MAX_VALUE;
    if (Number.isFinite(real)) return real + 0;
  }
  // The C library calls both overflow and a result that has lost digits near zero out of range; zero itself is none.
  if (!Number.isFinite(real) || (real !== 0 && Math.abs(real) < SMALLEST_NORMAL)) return 'number outside valid range';
  return real + 0;
}

/** Below it a double has fewer digits; the C library calls that out of range when it reads one. */
export const SMALLEST_NORMAL = 2.2250738585072014e-308;

/** A real as ovsdb-server writes it: C's `%.15g`. */
export function formatReal(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const sign = value < 0 ? '-' : '';
  const [mantissa = '', power = '0'] = Math.abs(value).toExponential(60).split('e');
  const { digits, carry } = roundHalfEven(mantissa.replace('.', ''));
  const exponent = Number(power) + carry;
  const significant = digits.replace(/0+$/, '');
  if (exponent < -4 || exponent >= REAL_DIGITS) {
    const rest = significant.slice(1);
    const shown = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${significant[0]}${rest && `.${rest}`}e${exponent < 0 ? '-' : '+'}${shown}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${significant}`;
  const whole = significant.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = significant.slice(exponent + 1);
  return `${sign}${whole}${fraction && `.${fraction}`}`;
}

/** Value is `significand` times ten to the `power`; `imprecise` when digits had to be dropped. */
interface Scaled {
  readonly significand: bigint;
  readonly power: number;
  readonly imprecise: boolean;
}

/** ovsdb-server's C `double` shows 15 digits. */
const REAL_DIGITS = 15;
const SHORT = /^-?(?:0|[1-9]\d{0,14})(?:\.0{1,15})?$/;
const NUMBER = /^-?(?<whole>0|[1-9]\d*)(?:\.(?<fraction>\d+))?(?:[eE](?<exponent>[-+]?\d+))?$/;
/** The greatest double with 15 digits, which is more than it. */
const GREATEST_AS_SENT = /^-?1\.79769313486232e\+308$/;
const UINT64_MAX_TENTH = (2n ** 64n - 1n) / 10n;
const INT_MAX = 2 ** 31 - 1;
const EXPONENT_DIGITS_MAX = Math.floor(INT_MAX / 10);

/** The significand is taken into 64 bits; what does not fit is dropped, and nothing is lost when only zeros are. */
function scale(whole: string, fraction: string, exponent: string): Scaled | undefined {
  let significand = 0n;
  let power = 0;
  let imprecise = false;
  for (const digit of whole) {
    if (significand <= UINT64_MAX_TENTH) significand = significand * 10n + BigInt(digit);
    else {
      power++;
      imprecise ||= digit !== '0';
    }
  }
  for (const digit of fraction) {
    if (significand <= UINT64_MAX_TENTH) {
      significand = significand * 10n + BigInt(digit);
      power--;
    } else imprecise ||= digit !== '0';
  }
  const magnitude = exponent.replace(/^[-+]/, '');
  if (exponentTooLong(magnitude)) return undefined;
  power += exponent.startsWith('-') ? -Number(magnitude) : Number(magnitude);
  return power > INT_MAX || power < -INT_MAX - 1 ? undefined : { significand, power, imprecise };
}

/** One more digit is taken only while the exponent so far is well under 2^31. */
function exponentTooLong(digits: string): boolean {
  let exponent = 0;
  for (const digit of digits) {
    if (exponent >= EXPONENT_DIGITS_MAX) return true;
    exponent = exponent * 10 + Number(digit);
  }
  return false;
}

function toInteger({ significand, power, imprecise }: Scaled, negative: boolean): number | bigint | undefined {
  if (imprecise) return undefined;
  let value = significand;
  let left = power;
  for (; left > 0 && value < UINT64_MAX_TENTH; left--) value *= 10n;
  for (; left < 0 && value % 10n === 0n; left++) value /= 10n;
  if (left !== 0 || value > (negative ? 2n ** 63n : 2n ** 63n - 1n)) return undefined;
  const signed = negative ? -value : value;
  const small = Number(signed);
  return Number.isSafeInteger(small) ? small : signed;
}

function numberFault(token: string): string {
  const unsigned = token.startsWith('-') ? token.slice(1) : token;
  if (!/^\d/.test(unsigned)) return "'-' must be followed by digit";
  if (/^0\d/.test(unsigned)) return 'leading zeros not allowed';
  if (/^\d+\.(?!\d)/.test(unsigned)) return 'decimal point must be followed by digit';
  if (/^\d+(?:\.\d+)?[eE][-+]?(?!\d)/.test(unsigned)) {
    // The last sign of two is no digit either.
    return 'exponent must contain at least one digit';
  }
  return 'syntax error in number';
}

/** The first 15 of the digits; half goes to even, as C has it, since the digits are the exact value. */
function roundHalfEven(digits: string): { readonly digits: string; readonly carry: number } {
  const head = digits.slice(0, REAL_DIGITS);
  const rest = digits.slice(REAL_DIGITS);
  const half = '5'.padEnd(rest.length, '0');
  const odd = Number(head.at(-1)) % 2 === 1;
  if (rest < half || (rest === half && !odd)) return { digits: head, carry: 0 };
  const rounded = String(BigInt(head) + 1n);
  return rounded.length > REAL_DIGITS
    ? { digits: rounded.slice(0, REAL_DIGITS), carry: 1 }
    : { digits: rounded, carry: 0 };
}
