import type { OvsdbError } from './errors.ts';
import type { DatabaseSchema } from './schema.ts';
import type { Session } from './session.ts';

/** Something that lives across connections: a replica, a lock. The client tells it when one comes and goes. */
export interface Attachment {
  /** Id of its monitor, if it has one: tells whom `monitor_canceled` is for. */
  readonly monitorId?: string;
  /**
   * A connection is there. Comes again on the same session, with the schema read anew, after the server has cancelled the monitor
   * ({@link canceled} came before) because the database was converted or replaced: the monitor's id is free again.
   */
  attach(session: Session, schema: DatabaseSchema): void;
  /** Any method may come that concerns another attachment, or none. */
  notification(method: string, params: readonly unknown[]): void;
  /** The server has ended this attachment's monitor, the connection lives on; what was read is the last known, no longer current. */
  canceled?(error: OvsdbError): void;
  /** The connection is gone; `final` when there will be no other. */
  detach(error: OvsdbError, final: boolean): void;
}
