import type { Options } from '@grpc/proto-loader';

/**
 * What the loader and the generated types have in common: types made with other options would lie.
 * 64-bit integers are numbers: epochs and sequence numbers stay below 2^53.
 */
export const loadOptions = {
  keepCase: false,
  longs: Number,
  enums: String,
  bytes: Buffer,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
} as const satisfies Options;

/** The same for the command that generates the types. */
export const loadFlags = [
  '--longs=Number',
  '--enums=String',
  '--bytes=Buffer',
  '--defaults',
  '--arrays',
  '--objects',
  '--oneofs',
] as const;
