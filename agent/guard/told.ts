import type { Finding } from '../../domain/findings.ts';

/** What the guard has to say of a claim; whom it is about is the claim's to say. */
export type Told = Pick<Finding, 'kind' | 'severity' | 'message'>;

export function tapGone(tap: string): Told {
  return {
    kind: 'tap-gone',
    severity: 'info',
    message: `${tap} is gone: its claim is released until its guest is started anew`,
  };
}

export function replugged(tap: string): Told {
  const message = `${tap} is another guest's now, or was plugged anew with another iface-id: its claim is released`;
  return { kind: 'foreign-iface-id', severity: 'warning', message };
}

export function notOurs(why: string): Told {
  return { kind: 'foreign-iface-id', severity: 'warning', message: `${why}: its claim is released` };
}

export function otherGuest(tap: string): Told {
  const message = `there is another guest's tap under the name of ${tap}: it is left alone`;
  return { kind: 'foreign-iface-id', severity: 'warning', message };
}
