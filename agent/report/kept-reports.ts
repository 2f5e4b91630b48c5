import type { Logger } from '../../platform/log.ts';
import type { NatsLink, PublishResult } from '../../platform/nats.ts';
import { describeError, isShuntError } from '../../platform/shunt-error.ts';
import type { KeptResult, SpooledReport } from '../../platform/spool.ts';

/** The stream that the coordinator makes. */
const streamName = 'SHUNT';
/** Acknowledgements remembered, to find the last report that a server still has. */
const acksMax = 4_096;

/** A server that is up before its JetStream is, or slow: asked so often; then what it acknowledged counts as there. */
const asksMax = 5;

interface Ack {
  readonly seq: number;
  readonly msgId: string;
  /** Its number in the stream. */
  readonly streamSeq: number;
}

export interface KeptReportsOptions {
  readonly link: Pick<NatsLink, 'messageId'>;
  /** `shunt.v1.<site>.<host>.>` */
  readonly subjects: string;
  readonly logger: Logger;
}

/**
 * Knows which of our reports JetStream has. It acknowledges before it syncs: a server that was killed, or restored, lacks the newest ones, and
 * keeps a beginning of what it had. After a restart of ours the last one on our subjects tells the same.
 */
export class KeptReports {
  readonly #options: KeptReportsOptions;
  #acks: Ack[] = [];
  #asksFailed = 0;

  constructor(options: KeptReportsOptions) {
    this.#options = options;
  }

  /** To be told of each publication. */
  published({ msgId }: SpooledReport, result: PublishResult): void {
    if (result.kind !== 'acked') return;
    this.#acks.push({ seq: seqOf(msgId) ?? 0, msgId, streamSeq: result.seq });
    if (this.#acks.length > acksMax) this.#acks = this.#acks.slice(acksMax / 2);
  }

  /** Up to which of our numbers the stream has our reports. */
  async kept(): Promise<KeptResult> {
    try {
      const seq = this.#acks.length === 0 ? await this.#lastInStream() : await this.#lastAckThatHolds();
      this.#asksFailed = 0;
      return seq === undefined ? { kind: 'unknown' } : { kind: 'kept', seq };
    } catch (error) {
      const isAway = isShuntError(error, 'nats-unavailable') && error.detail['away'] === true;
      if (!isAway) this.#asksFailed += 1;
      if (this.#asksFailed < asksMax) return { kind: 'unavailable', reason: describeError(error) };
      this.#asksFailed = 0;
      this.#options.logger.warn(
        { why: describeError(error) },
        'NATS does not say which reports it has: what it loses without a word stays lost',
      );
      return { kind: 'unknown' };
    }
  }

  /** Of one that was never there, 0: a new stream, or an emptied one. */
  async #lastInStream(): Promise<number | undefined> {
    const { link, subjects } = this.#options;
    const msgId = await link.messageId(streamName, { lastOn: subjects });
    return msgId === undefined ? 0 : seqOf(msgId);
  }

  /** What is lost is an end of what there was: halved until the last one that holds is found. */
  async #lastAckThatHolds(): Promise<number> {
    let holds = -1;
    let lost = this.#acks.length;
    for (let at = lost - 1; lost - holds > 1; at = (holds + lost) >> 1) {
      if (await this.#isThere(this.#acks[at])) holds = at;
      else lost = at;
    }
    const wasTrimmed = (this.#acks[0]?.seq ?? 1) > 1;
    this.#acks = this.#acks.slice(0, holds + 1);
    const last = this.#acks.at(-1);
    if (last !== undefined) return last.seq;
    return wasTrimmed ? ((await this.#lastInStream()) ?? 0) : 0; // all that is remembered is lost, and what was before it is there perhaps
  }

  async #isThere(ack: Ack | undefined): Promise<boolean> {
    return ack !== undefined && (await this.#options.link.messageId(streamName, { seq: ack.streamSeq })) === ack.msgId;
  }
}

/** Our own number in a message id `<host>/<epoch>/<seq>`. */
function seqOf(msgId: string): number | undefined {
  const seq = Number(/\/(\d+)$/.exec(msgId)?.[1] ?? Number.NaN);
  return Number.isSafeInteger(seq) ? seq : undefined;
}
