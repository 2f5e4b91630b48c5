/** A fault that stands until it is removed, by hand or with its scope (`await using`). Removing twice is as good as once. */
export interface Fault extends AsyncDisposable {
  readonly what: string;
  remove(): Promise<void>;
}

/** A fault by the words that tell of it and the way to end it. */
export function standingFault(what: string, end: () => Promise<unknown>): Fault {
  let ended: Promise<void> | undefined;
  const remove = () => {
    ended ??= end().then(() => undefined);
    return ended;
  };
  return { what, remove, [Symbol.asyncDispose]: remove };
}
