import { createHash } from 'node:crypto';
import type { Arch } from './arch.ts';
import type { LockedPackage } from './lock-file.ts';
import type { NativeCode } from './native-code.ts';
import type { ReleaseVersion } from './release-version.ts';

export interface SbomFacts {
  readonly release: ReleaseVersion;
  readonly arch: Arch;
  /** What is in the bundles. */
  readonly packages: readonly LockedPackage[];
  readonly native: NativeCode;
  /** Parts of Node (`process.versions`), without Node itself. */
  readonly nodeParts: Readonly<Record<string, string>>;
}

/** The bill of materials of one CPU's release: CycloneDX 1.6, JSON. The same facts, the same bytes. */
export function renderSbom(facts: SbomFacts): string {
  const { release, arch } = facts;
  const components = [nodeComponent(facts), ...libraries(facts)];
  const product = {
    'type': 'application',
    'bom-ref': `shunt@${release.version}`,
    'name': 'shunt',
    'version': release.version,
    'description': 'Moves a running cloud from one virtual network to another, hypervisor by hypervisor.',
    'licenses': licencesOf('Apache-2.0'),
    'purl': `pkg:generic/shunt@${encodeURIComponent(release.version)}?arch=${arch}`,
  };
  const content = {
    metadata: { timestamp: new Date(release.epoch * 1_000).toISOString(), component: product },
    components,
    dependencies: [
      { ref: product['bom-ref'], dependsOn: components.map((component) => component['bom-ref']) },
      ...components.map((component) => ({ ref: component['bom-ref'], dependsOn: [] })),
    ],
  };
  const head = { bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: serialOf(content), version: 1 };
  return `${JSON.stringify({ $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json', ...head, ...content }, undefined, 1)}\n`;
}

/** A UUID of the content itself: a random one would differ from build to build. */
function serialOf(content: unknown): string {
  const hex = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  const version8 = `8${hex.slice(13, 16)}`;
  const variant = `a${hex.slice(17, 20)}`;
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version8}-${variant}-${hex.slice(20, 32)}`;
}

function libraries({ packages, native }: SbomFacts) {
  return [...packages, native.koffi.locked].map((locked) => component('library', locked));
}

function nodeComponent({ native, nodeParts }: SbomFacts) {
  const { locked } = native.node;
  const parts = Object.entries(nodeParts)
    .filter(([name]) => name !== 'node' && name !== 'modules' && name !== 'napi')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, version]) => ({ 'type': 'library', 'bom-ref': `node/${name}`, name, version }));
  return {
    ...component('platform', locked),
    description: 'The Node.js binary /usr/lib/shunt/node',
    cpe: `cpe:2.3:a:nodejs:node.js:${locked.version}:*:*:*:*:*:*:*`,
    components: parts,
  };
}

function component(type: 'library' | 'platform', { name, version, license, integrity }: LockedPackage) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return {
    type,
    'bom-ref': purl,
    ...groupAndName(name),
    version,
    'scope': 'required',
    'hashes': [{ alg: 'SHA-512', content: hexOf(integrity) }],
    'licenses': licencesOf(license),
    purl,
  };
}

function groupAndName(name: string) {
  const [group = '', rest] = name.split('/');
  return rest === undefined ? { name } : { group, name: rest };
}

function licencesOf(licence: string) {
  return /[ ()]/.test(licence) ? [{ expression: licence }] : [{ license: { id: licence } }];
}

/** The lock file has SHA-512 in base64, a bill of materials in hexadecimal. */
function hexOf(integrity: string): string {
  const [algorithm, hash = ''] = integrity.split('-');
  if (algorithm !== 'sha512') throw new Error(`a hash of package-lock.json is not SHA-512: ${integrity}`);
  return Buffer.from(hash, 'base64').toString('hex');
}
