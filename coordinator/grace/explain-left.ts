import type { Finding } from '../../domain/findings.ts';
import type { UnmetCondition } from '../../domain/run-state.ts';

/** For `why`: open connections of a hypervisor's guests that its newest attempt could not copy. */
export function explainLeft(findings: readonly Finding[] = []): readonly UnmetCondition[] {
  return findings.flatMap(({ kind, message }) =>
    kind === 'connections-left' ? [{ kind, message, evidence: 'as its agent counted', ageMs: 0 }] : [],
  );
}
