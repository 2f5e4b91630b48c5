import { accessSync, constants, readFileSync } from 'node:fs';

/** How a processor is had: the machine's own, or an emulated one. */
export type Accelerator = 'kvm' | 'tcg';

export const accelerators = ['kvm', 'tcg'] as const;

export interface Chosen {
  /** To be tried in this order, until one boots. */
  readonly order: readonly Accelerator[];
  /** Why not the fast one. */
  readonly because?: string;
}

export interface ProcessorFacts {
  /** Text of `/proc/cpuinfo`. */
  readonly cpuinfo: string;
  /** Whether we can open `/dev/kvm` for reading and writing, and if not, why. */
  readonly kvm: 'usable' | 'absent' | 'forbidden';
}

/**
 * KVM wherever it can be expected to work, emulation behind it. A /dev/kvm alone says little: in some clouds it is there, on a
 * processor that cannot run another kernel.
 */
export function chooseAccelerators({ cpuinfo, kvm }: ProcessorFacts): Chosen {
  if (kvm === 'absent') return { order: ['tcg'], because: 'there is no /dev/kvm' };
  if (kvm === 'forbidden') return { order: ['tcg'], because: '/dev/kvm may not be opened' };
  if (!/^flags\s*:.*\b(vmx|svm)\b/m.test(cpuinfo))
    return { order: ['tcg'], because: '/dev/kvm is there, but this processor shows neither vmx nor svm' };
  return { order: ['kvm', 'tcg'] };
}

export function readProcessorFacts(): ProcessorFacts {
  return { cpuinfo: readFileSync('/proc/cpuinfo', 'utf8'), kvm: kvmState() };
}

function kvmState(): ProcessorFacts['kvm'] {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return 'usable';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'forbidden';
  }
}
