/** A stream of text that may be a terminal. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** All that the commands have of the world around them. */
export interface CliIo {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Who runs the command, and on which machine: who did it, unless told otherwise. */
  readonly user: string;
  readonly hostname: string;
  /** `-` is the standard input. */
  readFile(path: string): Promise<string>;
  /** A new file that only its owner reads; one that is there is refused (`already-exists`). */
  writeNewFile(path: string, data: Uint8Array): void;
  /**
   * The support bundle that the coordinator's own program makes on this machine, whether a coordinator runs or not, and what it said. Throws
   * `not-found` where that program is not.
   */
  localBundle(
    args: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly archive: Uint8Array; readonly said: string }>;
  /** ISO 8601. */
  now(): string;
  nowMs(): number;
  /** Ctrl-C and a polite kill; while a listener is there, they do not end the process. */
  onInterrupt(listener: () => void): Disposable;
}
