import { execFileSync } from 'node:child_process';

/** What a release is called and when it is from: all from the last commit, nothing from the clock. */
export interface ReleaseVersion {
  /** `0.1.0`, or `0.1.0-dev.12.g0123456789ab` before its tag and `0.1.0+12.g0123456789ab` after it. */
  readonly version: string;
  /** The same as dpkg orders it: `0.1.0~dev.12.g…` is older than `0.1.0`. */
  readonly debVersion: string;
  /** Seconds since 1970: the time of every file (SOURCE_DATE_EPOCH). */
  readonly epoch: number;
  /** `2026-11-21`, UTC. */
  readonly date: string;
}

/** What git knows of the checkout. */
export interface Checkout {
  readonly packageVersion: string;
  readonly commit: string;
  readonly commitEpoch: number;
  /** Commits up to this one. */
  readonly count: number;
  /** Commits since the tag `v<packageVersion>`; undefined without that tag. */
  readonly sinceTag: number | undefined;
  /** Files of the repository differ from the commit. */
  readonly changed: boolean;
}

/** The name of a release. `given` is one that was asked for. */
export function releaseVersion(checkout: Checkout, given?: string): ReleaseVersion {
  const version = given ?? versionOf(checkout);
  if (!/^\d+\.\d+\.\d+([-+][0-9A-Za-z.]+)?$/.test(version)) throw new Error(`not a version: '${version}'`);
  return {
    version,
    debVersion: version.replace('-', '~'),
    epoch: checkout.commitEpoch,
    date: new Date(checkout.commitEpoch * 1_000).toISOString().slice(0, 10),
  };
}

function versionOf({ packageVersion, commit, count, sinceTag, changed }: Checkout): string {
  const parts = [`g${commit.slice(0, 12)}`, ...(changed ? ['changed'] : [])];
  if (sinceTag === undefined) return `${packageVersion}-dev.${[count, ...parts].join('.')}`;
  return sinceTag === 0 && !changed ? packageVersion : `${packageVersion}+${[sinceTag, ...parts].join('.')}`;
}

/** Asks git; a tree without its history cannot be released. */
export function readCheckout(root: string, packageVersion: string): Checkout {
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', `safe.directory=${root}`, ...args], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  const tag = `v${packageVersion}`;
  const tagged = git('tag', '--list', tag, '--merged', 'HEAD') !== '';
  return {
    packageVersion,
    commit: git('rev-parse', 'HEAD'),
    commitEpoch: Number(git('log', '-1', '--format=%ct')),
    count: Number(git('rev-list', '--count', 'HEAD')),
    sinceTag: tagged ? Number(git('rev-list', '--count', `${tag}..HEAD`)) : undefined,
    changed: git('status', '--porcelain', '--untracked-files=no') !== '',
  };
}
