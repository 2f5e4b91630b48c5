import manifest from '../package.json' with { type: 'json' };

/** The release this program is part of. */
export const { version } = manifest;
