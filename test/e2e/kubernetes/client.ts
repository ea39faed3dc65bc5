import { request as httpsRequest } from 'node:https';

/** An answer of the API server that is no success. */
export class ApiError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What tests do to a cluster, in paths and JSON of its API. Everything but a success is an `ApiError`. */
export interface Client {
  get<Body = Record<string, unknown>>(path: string): Promise<Body>;
  create<Body = Record<string, unknown>>(path: string, object: object): Promise<Body>;
  /** A strategic merge patch. */
  patch<Body = Record<string, unknown>>(path: string, changes: object): Promise<Body>;
  remove(path: string, options?: { readonly gracePeriodSeconds?: number }): Promise<void>;
}

export interface Access {
  readonly server: string;
  /** PEM. */
  readonly authority: string;
  /** Nobody's where it is empty. */
  readonly token: string;
}

const CALL_MILLISECONDS = 30_000;

/** A client that trusts one authority and shows one token. */
export function clientOf(access: Access): Client {
  const json = async <Body>(method: string, path: string, body?: object, contentType?: string): Promise<Body> => {
    const { code, text } = await call(access, { method, path, contentType, body: body && JSON.stringify(body) });
    if (code < 200 || code > 299) throw new ApiError(code, `${method} ${path}: ${code} ${messageOf(text)}`);
    return JSON.parse(text) as Body;
  };
  return {
    get: (path) => json('GET', path),
    create: (path, object) => json('POST', path, object),
    patch: (path, changes) => json('PATCH', path, changes, 'application/strategic-merge-patch+json'),
    remove: async (path, options = {}) => {
      await json('DELETE', path, { kind: 'DeleteOptions', apiVersion: 'v1', ...options });
    },
  };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly contentType?: string | undefined;
  readonly body?: string | undefined;
}

/** Asks and gives code and text of the answer, whatever they are. */
export function call({ server, authority, token }: Access, { method, path, contentType, body }: Call) {
  return new Promise<{ code: number; text: string }>((resolve, reject) => {
    const request = httpsRequest(new URL(path, server), {
      method,
      ca: authority,
      agent: false,
      signal: AbortSignal.timeout(CALL_MILLISECONDS),
      headers: {
        ...(token !== '' && { authorization: `Bearer ${token}` }),
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': contentType ?? 'application/json' }),
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ code: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() });
      });
    });
    request.end(body);
  });
}

function messageOf(text: string): string {
  if (!text.startsWith('{')) return text;
  const { message } = JSON.parse(text) as { message?: string };
  return message ?? text;
}

/** Whether an object is there. */
export async function isThere(client: Client, path: string): Promise<boolean> {
  try {
    await client.get(path);
    return true;
  } catch (thrown) {
    if (thrown instanceof ApiError && thrown.code === 404) return false;
    throw thrown;
  }
}
