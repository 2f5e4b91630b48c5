import koffi from 'koffi';
import { ShuntError } from '../shunt-error.ts';

interface Library {
  readonly create: (flags: number) => unknown;
  readonly free: (context: unknown) => void;
  readonly run: (context: unknown, commands: string) => number;
  readonly bufferErrors: (context: unknown) => number;
  readonly bufferOutput: (context: unknown) => number;
  readonly errors: (context: unknown) => string | null;
  readonly output: (context: unknown) => string | null;
}

const fileName = 'libnftables.so.1';
const loaded = new Map<string, Library>();

/**
 * libnftables(3), which nft(8) itself is made of: 0.2 ms a transaction, where starting nft takes 5 ms and more. Works in the network
 * namespace of the thread that opened it.
 */
export class Nftables implements Disposable {
  readonly #library: Library;
  #context: unknown;

  private constructor(library: Library, context: unknown) {
    this.#library = library;
    this.#context = context;
  }

  /** Fails with `native-failed` where libnftables is not installed; `file`: another name of it. */
  static open(file = fileName): Nftables {
    const library = libraryOf(file);
    const context = library.create(0);
    if (context === null) throw new ShuntError('native-failed', 'opening nftables');
    library.bufferErrors(context);
    library.bufferOutput(context);
    return new Nftables(library, context);
  }

  /**
   * Commands in nft's language, all of them or none: one transaction. Gives what they print. Fails with `native-failed` and nft's own
   * words.
   */
  run(commands: string): string {
    const status = this.#library.run(this.#context, commands);
    const output = this.#library.output(this.#context) ?? '';
    if (status === 0) return output;
    const why = (this.#library.errors(this.#context) ?? '').trim();
    throw new ShuntError('native-failed', `changing nftables: ${why.split('\n')[0] ?? ''}`, {
      detail: { commands, why },
    });
  }

  [Symbol.dispose](): void {
    if (this.#context !== undefined) this.#library.free(this.#context);
    this.#context = undefined;
  }
}

function libraryOf(file: string): Library {
  const known = loaded.get(file);
  if (known !== undefined) return known;
  const library = load(file);
  loaded.set(file, library);
  return library;
}

function load(file: string): Library {
  try {
    const nftables = koffi.load(file);
    return {
      create: nftables.func('void *nft_ctx_new(uint32_t)'),
      free: nftables.func('void nft_ctx_free(void *)'),
      run: nftables.func('int nft_run_cmd_from_buffer(void *, const char *)'),
      bufferErrors: nftables.func('int nft_ctx_buffer_error(void *)'),
      bufferOutput: nftables.func('int nft_ctx_buffer_output(void *)'),
      errors: nftables.func('const char *nft_ctx_get_error_buffer(void *)'),
      output: nftables.func('const char *nft_ctx_get_output_buffer(void *)'),
    };
  } catch (cause) {
    throw new ShuntError('native-failed', `loading ${file}: shunts need the package libnftables1`, { cause });
  }
}
