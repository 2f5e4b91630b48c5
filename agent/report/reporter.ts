import { hostname } from 'node:os';
import type { Logger } from '../../platform/log.ts';
import { NatsLink } from '../../platform/nats.ts';
import { ReportSpool } from '../../platform/spool.ts';
import type { Reporter } from '../cutover/ports.ts';
import { KeptReports } from './kept-reports.ts';

export interface ReporterOptions {
  readonly site: string;
  readonly systemId: string;
  readonly servers: readonly string[];
  /** Directory of the spool: reports wait there while NATS is away. */
  readonly spoolDir: string;
  readonly spoolBytesMax: number;
  readonly logger: Logger;
  readonly onDropped?: (count: number) => void;
}

/**
 * Reports to NATS JetStream, at least once, never on the safety path: `report` neither waits nor throws.
 * Subjects `shunt.v1.<site>.<host>.<kind>`, `Nats-Msg-Id` `<host>/<epoch>/<seq>`; DESIGN.md, "Interfaces, fixed".
 */
export class NatsReporter implements Reporter, AsyncDisposable {
  readonly #options: ReporterOptions;
  readonly #link: NatsLink;
  readonly #spool: ReportSpool;

  constructor(options: ReporterOptions) {
    this.#options = options;
    const { logger } = options;
    this.#link = NatsLink.open({ servers: options.servers, name: `shunt-agent ${hostname()}`, logger });
    const onDropped = options.onDropped;
    const subjects = `shunt.v1.${subjectToken(options.site)}.${subjectToken(options.systemId)}.>`;
    const keeping = new KeptReports({ link: this.#link, subjects, logger });
    this.#spool = ReportSpool.open({
      dir: options.spoolDir,
      maxBytes: options.spoolBytesMax,
      logger,
      publish: async (report) => {
        const result = await this.#link.publish(report.subject, report.payload, { msgId: report.msgId });
        keeping.published(report, result);
        return result;
      },
      kept: () => keeping.kept(),
      ...(onDropped ? { onDropped } : {}),
    });
    this.#link.onState((state) => {
      if (state.kind === 'connected') this.#spool.wake();
    });
  }

  get connected(): boolean {
    return this.#link.connected;
  }

  get stats(): ReportSpool['stats'] {
    return this.#spool.stats;
  }

  report(kind: Parameters<Reporter['report']>[0], body: Parameters<Reporter['report']>[1]): void {
    const { site, systemId } = this.#options;
    const epoch = body.epoch ?? 0;
    this.#spool.append((seq) => ({
      subject: `shunt.v1.${subjectToken(site)}.${subjectToken(systemId)}.${kind}`,
      msgId: `${systemId}/${epoch}/${seq}`,
      payload: JSON.stringify({ v: 1, site, host: systemId, epoch, seq, at: new Date().toISOString(), kind, ...body }),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#spool[Symbol.asyncDispose]();
    await this.#link[Symbol.asyncDispose]();
  }
}

/** One token of a NATS subject: everything outside `[A-Za-z0-9_-]` becomes `_`. */
export function subjectToken(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_-]/g, '_');
}
