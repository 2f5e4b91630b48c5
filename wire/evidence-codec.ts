import type { Finding } from '../domain/findings.ts';
import type { Blackout, ProbeResult, TapVerdict, Verdict } from '../domain/probes.ts';
import { count, flag, list, message, optional, real, record, tagged, text, word } from './codec.ts';
import type { Blackout as PbBlackout } from './gen/shunt/v1/Blackout.ts';
import type { Failed as PbFailed } from './gen/shunt/v1/Failed.ts';
import type { Finding as PbFinding } from './gen/shunt/v1/Finding.ts';
import type { Inconclusive as PbInconclusive } from './gen/shunt/v1/Inconclusive.ts';
import type { ProbeResult as PbProbeResult } from './gen/shunt/v1/ProbeResult.ts';
import type { TapVerdict as PbTapVerdict } from './gen/shunt/v1/TapVerdict.ts';
import type { Verdict as PbVerdict } from './gen/shunt/v1/Verdict.ts';
import { findingKind, severity, vantage } from './words.ts';

export const findingCodec = message<Finding, PbFinding>({
  kind: findingKind,
  severity,
  host: optional(text),
  tap: optional(text),
  portId: optional(text),
  networkId: optional(text),
  message: text,
});

export const probeResultCodec = message<ProbeResult, PbProbeResult>({
  vantage,
  tap: text,
  portId: text,
  from: optional(text),
  byIp: optional(flag),
  sent: count,
  answered: count,
  rttMs: optional(real),
  largeAnswered: optional(count),
  largeSent: optional(count),
});

export const blackoutCodec = message<Blackout, PbBlackout>({
  tap: text,
  portId: text,
  blackoutMs: real,
  resolutionMs: real,
  lost: count,
  sent: count,
});

type VerdictOf<K extends TapVerdict['kind']> = Omit<Extract<TapVerdict, { readonly kind: K }>, 'kind'>;

const tapVerdictCodec = tagged<TapVerdict, 'kind', never, PbTapVerdict>(
  { tag: 'kind', oneof: 'verdict', common: {} },
  {
    'pass': message<VerdictOf<'pass'>, object>({}),
    'fail': message<VerdictOf<'fail'>, PbFailed>({ vantages: list(vantage), message: text }),
    'no-evidence': message<VerdictOf<'no-evidence'>, object>({}),
    'inconclusive': message<VerdictOf<'inconclusive'>, PbInconclusive>({ message: text }),
  },
);

export const verdictCodec = message<Verdict, PbVerdict>({
  kind: word<Verdict['kind']>('verdict', { 'pass': 1, 'fail': 1, 'inconclusive': 1, 'no-evidence': 1 }),
  taps: record(tapVerdictCodec),
});
