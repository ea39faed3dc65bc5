import { KubeConfig } from '@kubernetes/client-node';
import { parseDocument } from 'yaml';
import * as z from 'zod';
import { Unavailable } from '../../../core/errors.ts';

const Named = z.object({ name: z.string() });
const Cluster = z.looseObject({ server: z.string() });
const User = z.looseObject({});
const Context = z.looseObject({ cluster: z.string(), user: z.string() });
const File = z.object({
  'current-context': z.string().nullish(),
  clusters: z.array(Named.extend({ cluster: z.unknown() })),
  contexts: z.array(Named.extend({ context: z.unknown() })),
  users: z.array(Named.extend({ user: z.unknown() })),
});
type File = z.output<typeof File>;

const EMBED = 'embed it: `kubectl config view --flatten --minify`';

// What a kubeconfig may hold and Fettle does not follow: it would read files of another machine or run its programs,
// or it changes who asks without the client knowing of it.
const REFUSED_OF_CLUSTER: Readonly<Record<string, string>> = {
  'certificate-authority': `names a file; ${EMBED}`,
  'proxy-url': 'is not supported; let the functions reach the API server directly',
};
const REFUSED_OF_USER: Readonly<Record<string, string>> = {
  'client-certificate': `names a file; ${EMBED}`,
  'client-key': `names a file; ${EMBED}`,
  tokenFile: 'names a file; write the token of a service account as `token`',
  'token-file': 'names a file; write the token of a service account as `token`',
  exec: 'runs a program, which Fettle does not; for EKS write `eks: <name>` as the target, else use a `token`',
  'auth-provider': 'is not supported; use a `token` or an embedded client certificate',
  'as-groups': 'is not supported by the client; use an account of its own',
  'as-uid': 'is not supported by the client; use an account of its own',
  'as-user-extra': 'is not supported by the client; use an account of its own',
};

/**
 * Reads one context of a kubeconfig; no other context, file or program is touched.
 *
 * Throws `Unavailable` where the text is none, the context is missing, or it needs what Fettle does not follow. Its
 * texts never quote the kubeconfig's values but names of contexts, clusters and users.
 */
export function readKubeconfig(text: string, contextName?: string): KubeConfig {
  const file = parsed(text);
  const wanted = contextName ?? file['current-context'] ?? '';
  const known = file.contexts.map(({ name }) => name).join(', ') || 'none';
  if (wanted === '') throw new Unavailable(`the kubeconfig has no current context; its contexts: ${known}`);
  const named = file.contexts.find(({ name }) => name === wanted);
  if (!named) throw new Unavailable(`the kubeconfig has no context ${wanted}; its contexts: ${known}`);
  const context = checked(Context, named.context, `context ${wanted}`);
  const cluster = checked(
    Cluster,
    found(file.clusters, context.cluster, 'cluster').cluster,
    `cluster ${context.cluster}`,
  );
  const user = checked(User, found(file.users, context.user, 'user').user ?? {}, `user ${context.user}`);
  refuse(cluster, REFUSED_OF_CLUSTER, `cluster ${context.cluster}`);
  refuse(user, REFUSED_OF_USER, `user ${context.user}`);
  checkServer(cluster, context.cluster);
  const config = new KubeConfig();
  // Only this context is handed on: the client reads token files of every user while it loads.
  config.loadFromString(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': wanted,
      contexts: [{ name: wanted, context: { cluster: context.cluster, user: context.user } }],
      clusters: [{ name: context.cluster, cluster }],
      users: [{ name: context.user, user }],
    }),
  );
  return config;
}

function parsed(text: string): File {
  // Without pretty errors and without warnings: they quote the text, and the text may hold a token.
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
  const [error] = document.errors;
  if (error) throw new Unavailable(`the kubeconfig is not YAML: ${error.code} at character ${error.pos[0]}`);
  return checked(File, plain(document), 'file');
}

function plain(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch {
    // The error would name the alias, and a password that begins with a star and has no quotes reads as one.
    throw new Unavailable('the kubeconfig is not YAML that can be read: an alias is unknown, or there are too many');
  }
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const path = issue?.path.join('.') || 'its top';
  throw new Unavailable(`the kubeconfig cannot be used: ${what}: ${issue?.message ?? 'invalid'} at ${path}`);
}

function found<Entry extends { readonly name: string }>(entries: readonly Entry[], name: string, what: string): Entry {
  const entry = entries.find((one) => one.name === name);
  if (!entry) throw new Unavailable(`the kubeconfig has no ${what} ${name}, which its context names`);
  return entry;
}

function refuse(settings: Readonly<Record<string, unknown>>, refused: Readonly<Record<string, string>>, what: string) {
  for (const [key, reason] of Object.entries(refused)) {
    const value = settings[key];
    if (value !== undefined && value !== null && value !== '') {
      throw new Unavailable(`the kubeconfig cannot be used: ${key} of ${what} ${reason}`);
    }
  }
}

// A token is only sent to a server that has proved who it is.
function checkServer(cluster: z.output<typeof Cluster>, name: string): void {
  if (!URL.canParse(cluster.server) || new URL(cluster.server).protocol !== 'https:') {
    throw new Unavailable(`the kubeconfig cannot be used: server of cluster ${name} is not an https:// address`);
  }
  if (cluster['insecure-skip-tls-verify'] === true) {
    throw new Unavailable(
      `the kubeconfig cannot be used: cluster ${name} has insecure-skip-tls-verify; ` +
        'remove it and embed certificate-authority-data',
    );
  }
}
