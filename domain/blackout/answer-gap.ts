/** What one guest was asked and when it answered; times in milliseconds of one monotonic clock, both ascending. */
export interface AnswerTrace {
  readonly sentAtMs: readonly number[];
  readonly answeredAtMs: readonly number[];
}

export interface AnswerGap {
  /** From the first unanswered question of the longest run to the next answered one; 0 when none is missing. */
  readonly blackoutMs: number;
  readonly lost: number;
  readonly sent: number;
}

/**
 * Finds the longest run of unanswered questions. ARP carries no sequence number, so an answer belongs to the newest
 * question that is still open and at most `answerWithinMs` old; what was asked in the last `answerWithinMs` of the trace
 * is not judged, its answer may be on the way. A run that lasts until the end counts up to the last question.
 */
export function longestGap(trace: AnswerTrace, answerWithinMs: number): AnswerGap {
  const answered = matchAnswers(trace, answerWithinMs);
  const last = trace.sentAtMs.at(-1) ?? 0;
  let blackoutMs = 0;
  let lost = 0;
  let lostSince: number | undefined;
  let sent = 0;
  for (const [index, at] of trace.sentAtMs.entries()) {
    const isAnswered = answered[index] ?? false;
    if (!isAnswered && at > last - answerWithinMs) continue;
    sent += 1;
    if (!isAnswered) {
      lost += 1;
      lostSince ??= at;
    } else if (lostSince !== undefined) {
      blackoutMs = Math.max(blackoutMs, at - lostSince);
      lostSince = undefined;
    }
  }
  if (lostSince !== undefined) blackoutMs = Math.max(blackoutMs, last - lostSince);
  return { blackoutMs, lost, sent };
}

function matchAnswers(trace: AnswerTrace, answerWithinMs: number): boolean[] {
  const answered = trace.sentAtMs.map(() => false);
  let upTo = -1;
  for (const at of trace.answeredAtMs) {
    while (upTo + 1 < trace.sentAtMs.length && (trace.sentAtMs[upTo + 1] ?? Number.POSITIVE_INFINITY) <= at) upTo += 1;
    for (let index = upTo; index >= 0; index -= 1) {
      if (at - (trace.sentAtMs[index] ?? 0) > answerWithinMs) break;
      if (answered[index]) continue;
      answered[index] = true;
      break;
    }
  }
  return answered;
}
