/** Questions asked of one guest from one place, and how many were answered. */
export interface Tally {
  readonly sent: number;
  readonly answered: number;
}

/** Questions of one series that count; of more, as many in proportion. */
const askedMax = 1_000;

/**
 * The chance that no more than `after.answered` of all the answers would have come in the second series if nothing had changed between the
 * two: Fisher's exact test, one-sided. It takes the first series for a sample as well, so a path that lost frames before may lose them
 * after, and a handful of questions proves little. 1 when nothing was answered at all; NaN for what cannot be (more answers than questions).
 */
export function chanceOfSoFew(before: Tally, after: Tally): number {
  const [one, two] = [bounded(before), bounded(after)];
  const answers = one.answered + two.answered;
  const fewest = Math.max(0, answers - one.sent);
  let log =
    logChoose(two.sent, fewest) + logChoose(one.sent, answers - fewest) - logChoose(one.sent + two.sent, answers);
  let chance = Math.exp(log);
  for (let count = fewest; count < two.answered; count += 1) {
    log += Math.log((two.sent - count) * (answers - count)) - Math.log((count + 1) * (one.sent - answers + count + 1));
    chance += Math.exp(log);
  }
  return Math.min(1, chance);
}

function bounded({ sent, answered }: Tally): Tally {
  if (sent <= askedMax) return { sent, answered };
  return { sent: askedMax, answered: Math.round((answered * askedMax) / sent) };
}

/** Logarithm of the number of ways to choose `k` of `n`; NaN where there is none. */
function logChoose(n: number, k: number): number {
  if (k < 0 || k > n) return Number.NaN;
  let sum = 0;
  for (let i = 1; i <= k; i += 1) sum += Math.log(n - k + i) - Math.log(i);
  return sum;
}
