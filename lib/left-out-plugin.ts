import type { Plugin } from 'esbuild';

/** What a library or a task brings and no function uses. */
interface LeftOut {
  /** The files that ask for it. */
  readonly importer: RegExp;
  /** What they ask for. */
  readonly path: RegExp;
  /** What the error tells whoever needs it nevertheless. */
  readonly instead: string;
}

const NAMESPACE = 'left-out';
const LEFT_OUT: readonly LeftOut[] = [
  // Its HTTP library alone is 0.7 MB; calls go over Node's own HTTPS instead. The others serve ways to log in that a
  // kubeconfig for Fettle may not have, proxies, and the copying of files.
  {
    importer: /@kubernetes[/\\]client-node[/\\]dist/,
    path: /^(undici|openid-client|jsonpath-plus|socks|socks-proxy-agent|tar-stream)$/,
    instead: 'send through httpsTransport',
  },
  // A target is one server; each node of a cluster is a target of its own.
  {
    importer: /@redis[/\\]client[/\\]dist[/\\]index\.js$/,
    path: /^\.\/lib\/(cluster|sentinel|client\/pool)$/,
    instead: 'connect to each server by itself',
  },
  // Commands are sent by their names; the client's own functions for those of streams, sorted sets and places are not used.
  {
    importer: /@redis[/\\]client[/\\]dist[/\\]lib[/\\]commands[/\\]index\.js$/,
    path: /^\.\/(X|Z|GEO)[A-Z0-9_]+$/,
    instead: 'send the command with sendCommand',
  },
  // Only `fettle doctor` asks what a task needs, and it runs where the sources are.
  {
    importer: /lambdas[/\\]tasks[/\\][^/\\]+[/\\][^_/\\][^/\\]*([/\\]index)?\.ts$/,
    path: /^\.{1,2}\/(_([a-z-]+-)?)?needs(-[a-z-]+)?\.ts$/,
    instead: 'a function never asks what its task needs; use it in `needs` alone',
  },
];

/** Leaves out of the bundles what no function uses; whatever needs it gets an error that says so. */
export const leftOutPlugin: Plugin = {
  name: NAMESPACE,
  setup({ onResolve, onLoad }) {
    for (const { importer: asking, path: filter, instead } of LEFT_OUT) {
      onResolve({ filter }, ({ path, importer }) =>
        asking.test(importer) ? { path, namespace: NAMESPACE, pluginData: instead } : undefined,
      );
    }
    // Whatever is imported comes from the prototype, for esbuild copies the module's own properties alone.
    onLoad(
      { filter: /.*/, namespace: NAMESPACE },
      ({ path, pluginData: instead }: { path: string; pluginData: string }) => ({
        contents: `
        function missing() { throw new Error(${JSON.stringify(`${path} is not in this bundle: ${instead}`)}); }
        module.exports = Object.create(new Proxy({}, { get: () => missing }));
      `,
      }),
    );
  },
};
