import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { loadFlags } from '../wire/load-options.ts';

/** Makes wire/gen from proto/: the types, and the contract as data so that a bundle needs no .proto file. */

const root = join(import.meta.dirname, '..');
const files = ['shunt/v1/agents.proto', 'shunt/v1/operators.proto'];

/** What of protobufjs is used here; it comes with proto-loader, and only with it. */
interface ProtobufRoot {
  resolvePath(origin: string, target: string): string | null;
  loadSync(files: readonly string[], options: { readonly keepCase: boolean }): ProtobufRoot;
  resolveAll(): ProtobufRoot;
  toJSON(): unknown;
}

export function generateWire(outDir: string): void {
  rmSync(outDir, { recursive: true, force: true });
  generateTypes(outDir);
  writeFileSync(join(outDir, 'descriptor.ts'), renderDescriptor());
}

function generateTypes(outDir: string): void {
  const tool = join(root, 'node_modules/.bin/proto-loader-gen-types');
  const flags = [...loadFlags, '--importFileExtension=.ts', '--grpcLib=@grpc/grpc-js', '-I', 'proto', '-O', outDir];
  // The tool must run on this Node, whatever `node` is on the PATH.
  execFileSync(process.execPath, [tool, ...flags, ...files], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}

function renderDescriptor(): string {
  const json = JSON.stringify(loadDescriptor(), undefined, 1);
  return [
    '// Made from proto/ by scripts/generate-wire.ts; do not edit.',
    '',
    `export const descriptor: unknown = ${json};`,
    '',
  ].join('\n');
}

function loadDescriptor(): unknown {
  const ours = createRequire(import.meta.url);
  const theirs = createRequire(ours.resolve('@grpc/proto-loader'));
  const protobuf = theirs('protobufjs') as { Root: new () => ProtobufRoot }; // its own types are not reachable from here
  const loaded = new protobuf.Root();
  loaded.resolvePath = (_origin, target) => (target.startsWith('/') ? target : join(root, 'proto', target));
  return loaded.loadSync(files, { keepCase: false }).resolveAll().toJSON();
}

if (import.meta.main) generateWire(process.argv[2] ?? join(root, 'wire/gen'));
