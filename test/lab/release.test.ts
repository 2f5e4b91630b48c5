import { afterAll, beforeAll } from 'vitest';
import { buildTests } from './release/build-tests.ts';
import { installTests } from './release/install-tests.ts';
import { Versions } from './release/made-release.ts';
import { tarballTests } from './release/tarball-tests.ts';

// One file, because a release takes long to make: all of them look at the same two.
let made: Versions | undefined;

beforeAll(async () => {
  made = await Versions.make();
});

afterAll(() => made?.[Symbol.dispose]());

function releases(): Versions {
  if (made === undefined) throw new Error('the releases were not made');
  return made;
}

buildTests(releases);
tarballTests(releases);
installTests(releases);
