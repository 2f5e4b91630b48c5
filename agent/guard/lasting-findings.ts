import type { Finding } from '../../domain/findings.ts';

/** Findings that stand for a time: while they do, they are part of what the host shows, and those of severity `error` hold it. */
export class LastingFindings implements Disposable {
  readonly #standing = new Map<string, { readonly finding: Finding; readonly timer: NodeJS.Timeout }>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get all(): readonly Finding[] {
    return [...this.#standing.values()].map(({ finding }) => finding);
  }

  /** It stands for so long from now on, and then `after` is called. */
  put(key: string, finding: Finding, { forMs, after }: { readonly forMs: number; readonly after?: () => void }): void {
    clearTimeout(this.#standing.get(key)?.timer);
    const timer = setTimeout(() => {
      this.drop(key);
      after?.();
    }, forMs).unref();
    this.#standing.set(key, { finding, timer });
    this.#onChange();
  }

  drop(key: string): void {
    clearTimeout(this.#standing.get(key)?.timer);
    if (this.#standing.delete(key)) this.#onChange();
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#standing.values()) clearTimeout(timer);
    this.#standing.clear();
  }
}
