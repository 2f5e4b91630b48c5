import manifest from '../package.json' with { type: 'json' };

/** What `npm run release` puts in while it bundles; a checkout has none. */
declare const SHUNT_RELEASE: { readonly version: string; readonly date: string } | undefined;

const release = typeof SHUNT_RELEASE === 'undefined' ? undefined : SHUNT_RELEASE;

/** The release that this program is part of. */
export const version: string = release?.version ?? manifest.version;

/** What `--version` prints: with the day of the last commit, once it is a release. */
export const versionText: string = release === undefined ? version : `${version} (${release.date})`;
