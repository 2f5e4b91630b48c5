import type { Finding } from '../../domain/findings.ts';
import type { Host } from '../host/host.ts';
import type { Claim } from '../journal/claims.ts';
import type { ClaimJudge } from './claim-judge.ts';
import type { KeptClaims } from './kept-claims.ts';
import { type GuardExecutor, perform, releaseRow } from './put-back.ts';
import { isShuntClaim, type ShuntClaim } from './shunt-claims.ts';
import { notOurs, replugged, type Told, tapGone } from './told.ts';

export interface LettingGo {
  readonly host: Host;
  readonly judge: ClaimJudge;
  readonly kept: KeptClaims;
  readonly executor: GuardExecutor;
  readonly tell: (claim: Claim, what: Told) => Finding;
}

/** At once: what claims a port and leads to no guest takes all its frames. A guest that is only gone may come again, and is known by its tap's address. */
export async function letGo(
  claim: Claim,
  kind: 'gone' | 'foreign',
  { host, judge, kept, executor, tell }: LettingGo,
  signal: AbortSignal,
): Promise<void> {
  if (isShuntClaim(claim)) return letShuntGo(claim, { host, judge, kept, executor, tell }, signal);
  const { tap } = claim.move;
  if (kind === 'gone') kept.depart(claim);
  else kept.forget(tap);
  await releaseRow(claim, host, signal);
  tell(claim, kind === 'gone' ? tapGone(tap) : replugged(tap));
}

async function letShuntGo(
  claim: ShuntClaim,
  { judge, kept, executor, tell }: LettingGo,
  signal: AbortSignal,
): Promise<void> {
  const { tap } = claim.move;
  const judged = judge.judgeShunt(claim);
  if (judged.kind !== 'gone' && judged.kind !== 'foreign') return;
  if (judged.kind === 'gone') kept.depart(claim);
  else kept.forget(tap);
  await perform(judged.steps, signal, executor);
  tell(claim, judged.kind === 'gone' ? tapGone(tap) : notOurs(judged.why));
}
