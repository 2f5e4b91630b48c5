import type { OvsdbError } from './errors.ts';
import type { DatabaseSchema } from './schema.ts';
import type { Session } from './session.ts';

/** Something that lives across connections: a replica, a lock. The client tells it when one comes and goes. */
export interface Attachment {
  attach(session: Session, schema: DatabaseSchema): void;
  /** Any method may come that concerns another attachment, or none. */
  notification(method: string, params: readonly unknown[]): void;
  /** The connection is gone; `final` when there will be no other. */
  detach(error: OvsdbError, final: boolean): void;
}
