import { builtinModules } from 'node:module';
import type { Plugin } from 'esbuild';

/**
 * koffi looks for its binary in node_modules; a bundle has it beside itself. koffi keeps the list of packages to look in in a
 * file of its own, which is replaced by one look.
 */
export const koffiBeside: Plugin = {
  name: 'koffi-beside',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]koffi[\\/]src[\\/]koffi[\\/]src[\\/]static\.js$/ }, () => ({
      contents: [
        "import { createRequire } from 'node:module';",
        "export const loadStatic = () => createRequire(import.meta.url)('./koffi.node');",
      ].join('\n'),
      loader: 'js',
    }));
  },
};

/**
 * Node's own modules are asked for at run time, not imported: an ES import of a builtin reads every export of it, and that of `node:http`
 * loads all of undici (fetch, WebSocket) into programs that never use it.
 */
export const builtinsAsked: Plugin = {
  name: 'builtins-asked',
  setup(builder) {
    builder.onResolve({ filter: /^[a-z0-9:_/]+$/ }, ({ path, kind }) => {
      const name = path.replace(/^node:/, '');
      if (!builtinModules.includes(name) && !builtinModules.includes(path)) return undefined;
      return kind === 'require-call' ? { path, external: true } : { path: name, namespace: 'builtin' };
    });
    builder.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('node:${path}');`,
      loader: 'js',
    }));
  },
};

/** The entrance of a package that loads much more than we use. */
interface Entrance {
  readonly file: RegExp;
  /** Done at once. */
  readonly now: readonly string[];
  /** What is exported, each evaluated when it is first asked for. */
  readonly exported: Readonly<Record<string, string>>;
}

const entrances: readonly Entrance[] = [
  {
    // Its own one has a push gateway, Node's cluster module and default metrics that measure by a timer.
    file: /[\\/]prom-client[\\/]index\.js$/,
    now: [],
    exported: {
      Registry: "require('./lib/registry')",
      Counter: "require('./lib/counter')",
      Gauge: "require('./lib/gauge')",
      Histogram: "require('./lib/histogram')",
    },
  },
  {
    // A client loads the server too, and balancers for service meshes. Each of ours has one address.
    file: /[\\/]@grpc[\\/]grpc-js[\\/]build[\\/]src[\\/]index\.js$/,
    now: [
      // Its files import each other in circles: in its own order they meet complete.
      "require('./call-credentials');",
      "require('./channel');",
      "require('./resolver-dns').setup();",
      "require('./resolver-uds').setup();",
      "require('./resolver-ip').setup();",
      "require('./load-balancer-pick-first').setup();",
    ],
    exported: {
      Client: "require('./client').Client",
      Metadata: "require('./metadata').Metadata",
      Server: "require('./server').Server",
      ServerCredentials: "require('./server-credentials').ServerCredentials",
      credentials: "require('./channel-credentials').ChannelCredentials",
      status: "require('./constants').Status",
    },
  },
];

/** Replaces entrances of packages by ones that hold what we use. Something else of them is undefined: a test asks for all of it. */
export const narrowEntrances: Plugin = {
  name: 'narrow-entrances',
  setup(builder) {
    for (const { file, now, exported } of entrances) {
      const getters = Object.entries(exported).map(
        ([name, value]) => `Object.defineProperty(exports, '${name}', { enumerable: true, get: () => ${value} });`,
      );
      builder.onLoad({ filter: file }, () => ({ contents: [...now, ...getters].join('\n'), loader: 'js' }));
    }
  },
};

/**
 * V8 holds a source of ASCII in one byte a character, any other in two. esbuild escapes what is not ASCII everywhere but in regular
 * expressions, where the same escape means the same.
 */
export function inAscii(text: string): string {
  return text.replaceAll(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
