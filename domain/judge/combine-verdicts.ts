import type { ErrorCode } from '../errors.ts';
import type { Finding } from '../findings.ts';
import type { TapVerdict, Verdict } from '../probes.ts';

/**
 * Joins the verdicts of two vantages (the agent's local one, the coordinator's remote one). A tap that one of them saw
 * fail has failed; one of them seeing it alive is enough when the other has no evidence (a security group may forbid
 * ICMP, never ARP).
 */
export function combineVerdicts(local: Verdict, remote: Verdict): Verdict {
  const taps: Record<string, TapVerdict> = {};
  for (const tap of new Set([...Object.keys(local.taps), ...Object.keys(remote.taps)].toSorted())) {
    taps[tap] = combineTap(local.taps[tap] ?? noEvidence, remote.taps[tap] ?? noEvidence);
  }
  return verdictOf(taps);
}

/** One verdict for a hypervisor: the worst of its taps, except that a silent tap beside a proven one does not count. */
export function verdictOf(taps: Readonly<Record<string, TapVerdict>>): Verdict {
  const kinds = new Set(Object.values(taps).map((tap) => tap.kind));
  for (const kind of ['fail', 'inconclusive', 'pass'] as const) if (kinds.has(kind)) return { kind, taps };
  return { kind: 'no-evidence', taps };
}

/** May a cutover be committed on this verdict? No evidence is not success, unless the plan says that it will do. */
export function mayCommit(verdict: Verdict, acceptNoEvidence: boolean): boolean {
  return verdict.kind === 'pass' || (verdict.kind === 'no-evidence' && acceptNoEvidence);
}

/** Says of every silent tap that nothing proves it alive. */
export function noAnswerFindings(host: string, taps: readonly string[]): readonly Finding[] {
  return taps.map((tap) => ({
    kind: 'no-answer',
    severity: 'warning',
    host,
    tap,
    message: `${tap} answered to no probe before the cut, so nothing can prove it alive after it; is the guest up, and has it an IPv4 address?`,
  }));
}

/** The sentence a person reads when a verdict is not a pass. */
export function describeVerdict(verdict: Verdict): string {
  const said = Object.entries(verdict.taps).flatMap(([tap, one]) =>
    one.kind === 'fail' || one.kind === 'inconclusive' ? [`${tap} (${one.message})`] : [],
  );
  switch (verdict.kind) {
    case 'pass':
      return 'every guest that answered before answers';
    case 'fail':
      return `silent after the cut: ${said.join(', ')}`;
    case 'inconclusive':
      return `inconclusive: ${said.join(', ')}`;
    case 'no-evidence':
      return 'no guest answered to any probe before the cut, so nothing proves that it worked';
  }
}

/** The code of an attempt that goes back for its verdict. */
export function codeOfVerdict({ kind }: Verdict): ErrorCode {
  return kind === 'fail' ? 'verdict-failed' : 'verdict-inconclusive';
}

function combineTap(a: TapVerdict, b: TapVerdict): TapVerdict {
  if (a.kind === 'fail' && b.kind === 'fail') {
    return {
      kind: 'fail',
      vantages: [...new Set([...a.vantages, ...b.vantages])],
      message: `${a.message}; ${b.message}`,
    };
  }
  for (const kind of ['fail', 'inconclusive', 'pass'] as const) {
    if (a.kind === kind) return a;
    if (b.kind === kind) return b;
  }
  return noEvidence;
}

const noEvidence: TapVerdict = { kind: 'no-evidence' };
