import {
  AckPolicy,
  type ConsumerConfig,
  type ConsumerMessages,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { Backoff } from './backoff.ts';
import { sleep } from './clock.ts';
import type { Logger } from './log.ts';
import { describeError } from './shunt-error.ts';

export interface ConsumeSpec {
  readonly stream: string;
  /** The consumer's name: it remembers where it is over restarts. */
  readonly durable: string;
  /** More than one needs nats-server 2.10. */
  readonly filterSubjects: readonly string[];
  readonly signal: AbortSignal;
}

export interface ReceivedReport {
  readonly subject: string;
  readonly payload: string;
  /** Empty when the sender set none. */
  readonly msgId: string;
  /** Position in the stream. */
  readonly seq: number;
  readonly redelivered: boolean;
}

export interface ConsumeContext {
  readonly connection: () => NatsConnection | undefined;
  readonly logger: Logger;
  readonly handle: (message: ReceivedReport) => Promise<void>;
}

const acknowledgeWithinMs = 30_000;
const redeliverAfterMs = 1_000;
const unacknowledgedMax = 1_000;
const messagesAhead = 100;

/** The loop behind NatsLink.consume. */
export async function consumeForEver(spec: ConsumeSpec, context: ConsumeContext): Promise<void> {
  const backoff = new Backoff({ firstMs: 250, maxMs: 10_000 });
  while (!spec.signal.aborted) {
    const connection = context.connection();
    try {
      if (connection !== undefined)
        await consumeOnce(connection, spec, { ...context, onMessage: () => backoff.reset() });
    } catch (error) {
      if (!spec.signal.aborted) {
        context.logger.warn({ stream: spec.stream, reason: describeError(error) }, 'consuming stopped, begins anew');
      }
    }
    await sleep(backoff.nextMs(), spec.signal).catch(() => undefined); // aborted: the loop ends above
  }
}

async function consumeOnce(
  connection: NatsConnection,
  spec: ConsumeSpec,
  context: ConsumeContext & { readonly onMessage: () => void },
): Promise<void> {
  const manager = await jetstreamManager(connection);
  await manager.consumers.add(spec.stream, consumerConfig(spec));
  const consumer = await jetstream(connection).consumers.get(spec.stream, spec.durable);
  const messages = await consumer.consume({ max_messages: messagesAhead, abort_on_missing_resource: true });
  const onAbort = (): void => messages.stop();
  spec.signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (spec.signal.aborted) return;
    await handleAll(messages, spec, context);
  } finally {
    spec.signal.removeEventListener('abort', onAbort);
    messages.stop();
  }
}

async function handleAll(
  messages: ConsumerMessages,
  spec: ConsumeSpec,
  context: ConsumeContext & { readonly onMessage: () => void },
): Promise<void> {
  for await (const message of messages) {
    if (spec.signal.aborted) return; // what was fetched ahead comes again
    try {
      await context.handle(reportOf(message));
      message.ack();
      context.onMessage();
    } catch (error) {
      context.logger.error({ err: error, subject: message.subject, seq: message.seq }, 'a report was not handled');
      message.nak(redeliverAfterMs);
    }
  }
}

function consumerConfig(spec: ConsumeSpec): Partial<ConsumerConfig> {
  const [only, ...others] = spec.filterSubjects;
  const filter = others.length === 0 ? { filter_subject: only ?? '>' } : { filter_subjects: [...spec.filterSubjects] };
  return {
    durable_name: spec.durable,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(acknowledgeWithinMs),
    max_ack_pending: unacknowledgedMax,
    ...filter,
  };
}

function reportOf(message: JsMsg): ReceivedReport {
  return {
    subject: message.subject,
    payload: message.string(),
    msgId: message.headers?.get('Nats-Msg-Id') ?? '',
    seq: message.seq,
    redelivered: message.redelivered,
  };
}
