import koffi from 'koffi';

/** Gives free memory of malloc back to the kernel: malloc_trim(3). Does nothing where the C library has none (musl). */
export function trimHeap(): void {
  trim ??= load();
  trim(0);
}

let trim: ((pad: number) => number) | undefined;

function load(): (pad: number) => number {
  try {
    return koffi.load('libc.so.6').func('int malloc_trim(size_t)') as unknown as (pad: number) => number; // koffi's type knows no prototypes
  } catch {
    return () => 0;
  }
}
