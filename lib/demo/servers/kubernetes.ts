import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { V1Pod } from '@kubernetes/client-node';
import { listedIn, namespaceObject, type KubernetesWorkloads, type Snapshot } from './_kubernetes-objects.ts';
import {
  ADMINISTRATOR,
  forbiddenText,
  isAllowed,
  reviewOf,
  rightFor,
  type KubernetesAccount,
} from './_kubernetes-rights.ts';
import { createAuthority, issue, type IssueOptions } from './tls.ts';

/** How the next answers go wrong. */
export type KubernetesFault =
  | { readonly kind: 'status'; readonly code: number; readonly message?: string; readonly retryAfterSeconds?: number }
  /** Accepts the request and never answers. */
  | { readonly kind: 'silence' }
  /** Ends the connection in the middle of the body. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'body'; readonly contentType: string; readonly body: string };

export interface FaultRule {
  readonly fault: KubernetesFault;
  /** So many requests; all until `clearFaults` by default. */
  readonly times?: number;
  /** Only requests that this is true for; all by default. */
  readonly when?: (url: URL) => boolean;
}

export interface KubernetesOptions {
  readonly pods?: readonly V1Pod[];
  /** Those of the pods and `default` by default. */
  readonly namespaces?: readonly string[];
  /** A free one by default. */
  readonly port?: number;
  /** Another certificate than the one for 127.0.0.1, for tests of verification. */
  readonly certificate?: Partial<IssueOptions>;
}

export interface KubernetesApi {
  readonly url: string;
  /** A kubeconfig with an embedded authority and token. */
  readonly kubeconfig: string;
  readonly token: string;
  /** PEM. */
  readonly authority: string;
  /** The requests that came, in order: method, path and query. */
  readonly requests: readonly string[];
  /** How many connections are open. */
  readonly connections: () => number;
  /** Replaces the pods; continue tokens of before expire. */
  setPods(pods: readonly V1Pod[]): void;
  /** Replaces what makes pods; nothing does at first. */
  setWorkloads(workloads: KubernetesWorkloads): void;
  setNamespaces(namespaces: readonly string[]): void;
  /** Changes whom it takes the bearer of its token for; at first that is somebody who may do everything. */
  setAccount(changes: Partial<KubernetesAccount>): void;
  addFault(rule: FaultRule): void;
  clearFaults(): void;
  close(): Promise<void>;
}

interface Query {
  readonly limit: number;
  readonly token: string | null;
}

/** An answer of the API: a status code and the JSON of its body. */
interface Answer {
  readonly code: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Starts a small Kubernetes API on the loopback: HTTPS with an authority of its own, a bearer token, lists in pages. */
export async function startKubernetesApi(options: KubernetesOptions = {}): Promise<KubernetesApi> {
  const authority = await createAuthority({ name: 'kubernetes' });
  const issued = await issue({
    authority,
    names: ['127.0.0.1', 'localhost', 'kubernetes.default.svc'],
    ...options.certificate,
  });
  const token = randomBytes(24).toString('base64url');
  let snapshot = snapshotOf(options.pods ?? [], options.namespaces, 1_000, ADMINISTRATOR);
  const rules: { rule: FaultRule; left: number }[] = [];
  const requests: string[] = [];
  const sockets = new Set<Socket>();

  const server = createServer({ cert: issued.certificate, key: issued.privateKey }, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://api');
    requests.push(`${request.method} ${url.pathname}${url.search}`);
    const active = rules.find(({ rule, left }) => left > 0 && (rule.when?.(url) ?? true));
    if (active) {
      active.left -= 1;
      goWrong(response, active.rule.fault);
      return;
    }
    void bodyOf(request).then((body) => send(response, answerTo({ request, url, body }, token, snapshot)));
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    token,
    authority: authority.certificate,
    kubeconfig: kubeconfigOf(url, authority.certificate, token),
    requests,
    connections: () => sockets.size,
    setPods: (pods) => {
      const { workloads, version, account } = snapshot;
      snapshot = { ...snapshotOf(pods, undefined, version + 1, account), workloads };
    },
    setWorkloads: (workloads) => {
      snapshot = { ...snapshot, workloads, version: snapshot.version + 1 };
    },
    setNamespaces: (namespaces) => {
      snapshot = { ...snapshot, namespaces, version: snapshot.version + 1 };
    },
    setAccount: (changes) => {
      snapshot = { ...snapshot, account: { ...snapshot.account, ...changes } };
    },
    addFault: (rule) => {
      rules.push({ rule, left: rule.times ?? Number.POSITIVE_INFINITY });
    },
    clearFaults: () => {
      rules.length = 0;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));
    },
  };
}

function snapshotOf(
  pods: readonly V1Pod[],
  namespaces: readonly string[] | undefined,
  version: number,
  account: KubernetesAccount,
): Snapshot {
  const named = pods.map(({ metadata }) => metadata?.namespace ?? 'default');
  return {
    account,
    version,
    pods,
    workloads: {},
    namespaces: namespaces ?? [...new Set(['default', ...named])].sort(),
  };
}

interface Asked {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: string;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

function answerTo({ request, url, body }: Asked, token: string, snapshot: Snapshot): Answer {
  // As the API server is set up by default: anybody may ask for its version and readiness.
  if (url.pathname === '/readyz') return { code: 200, body: 'ok' };
  if (url.pathname === '/version') return { code: 200, body: VERSION };
  if (!isAuthorized(request, token)) return status(401, 'Unauthorized', 'Unauthorized');
  const review = request.method === 'POST' ? reviewOf(url.pathname, snapshot.account, JSON.parse(body)) : undefined;
  if (review) return { code: 201, body: review };
  if (request.method !== 'GET') return status(405, 'MethodNotAllowed', 'the server does not allow this method');
  const right = rightFor(url.pathname);
  if (right === undefined) return status(404, 'NotFound', 'the server could not find the requested resource');
  if (!isAllowed(snapshot.account, right)) {
    return status(403, 'Forbidden', forbiddenText(snapshot.account, right));
  }
  const query = { limit: Number(url.searchParams.get('limit') ?? 0), token: url.searchParams.get('continue') };
  const { verb, resource, namespace = '' } = right;
  if (verb === 'list') {
    const { kind, items } = listedIn(snapshot, resource, namespace);
    return list(kind, items, query, snapshot.version);
  }
  if (snapshot.namespaces.includes(namespace)) return { code: 200, body: namespaceObject(namespace) };
  return status(404, 'NotFound', `namespaces "${namespace}" not found`);
}

const VERSION = { major: '1', minor: '36', gitVersion: 'v1.36.3', platform: 'linux/amd64' };

function list(kind: string, items: readonly unknown[], { limit, token }: Query, version: number): Answer {
  const [from, offset] = token === null ? [version, 0] : decode(token);
  if (from !== version) {
    const text = 'The provided continue parameter is too old to display a consistent list result.';
    return { ...status(410, 'Expired', text, { continue: encode(version, offset) }) };
  }
  const end = limit > 0 ? offset + limit : items.length;
  const rest = Math.max(0, items.length - end);
  const metadata = {
    resourceVersion: String(version),
    ...(rest > 0 && { continue: encode(version, end), remainingItemCount: rest }),
  };
  return { code: 200, body: { kind, apiVersion: 'v1', metadata, items: items.slice(offset, end) } };
}

function encode(version: number, offset: number): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: offset })).toString('base64url');
}

function decode(token: string): [version: number, offset: number] {
  const { rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { rv: number; start: number };
  return [rv, start];
}

function status(code: number, reason: string, message: string, metadata = {}): Answer {
  return { code, body: { kind: 'Status', apiVersion: 'v1', metadata, status: 'Failure', message, reason, code } };
}

function isAuthorized({ headers }: IncomingMessage, token: string): boolean {
  const given = Buffer.from(headers.authorization ?? '');
  const expected = Buffer.from(`Bearer ${token}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function goWrong(response: ServerResponse, fault: KubernetesFault): void {
  switch (fault.kind) {
    case 'silence':
      return;
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"kind":"PodList","items":[', () => response.destroy());
      return;
    case 'body':
      response.writeHead(200, { 'content-type': fault.contentType }).end(fault.body);
      return;
    case 'status': {
      const { code, message = `planned answer ${code}`, retryAfterSeconds } = fault;
      const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
      send(response, { ...status(code, REASONS[code] ?? 'InternalError', message), headers });
      return;
    }
  }
}

const REASONS: Readonly<Record<number, string>> = { 401: 'Unauthorized', 403: 'Forbidden', 429: 'TooManyRequests' };

function send(response: ServerResponse, { code, body, headers = {} }: Answer): void {
  const isText = typeof body === 'string';
  response.writeHead(code, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers });
  response.end(isText ? body : JSON.stringify(body));
}

function kubeconfigOf(server: string, authority: string, token: string): string {
  // JSON is YAML; a kubeconfig may be either.
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'demo',
    contexts: [{ name: 'demo', context: { cluster: 'demo', user: 'fettle' } }],
    clusters: [
      { name: 'demo', cluster: { server, 'certificate-authority-data': Buffer.from(authority).toString('base64') } },
    ],
    users: [{ name: 'fettle', user: { token } }],
  });
}
