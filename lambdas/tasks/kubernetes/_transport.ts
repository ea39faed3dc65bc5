import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import {
  ResponseContext,
  type KubeConfig,
  type PromiseHttpLibrary,
  type RequestContext,
} from '@kubernetes/client-node';
import { callableAddresses, pinnedLookup } from '../../runtime/address-guard.ts';
import { hostOf } from '../../runtime/http-request.ts';

// A page of 500 pods is 2 to 10 MB; no honest answer comes near this.
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

export interface CallLimits {
  /** How long a call may take from its start to the last byte of its answer. */
  readonly timeoutMs: () => number;
  readonly signal: AbortSignal;
  /** Makes the config's credentials anew, where they may have ended; a call that they are refused for is made once more. */
  readonly signAgain?: () => Promise<void>;
}

/**
 * Sends the official client's requests over Node's own HTTPS.
 *
 * The client's default has no time-out, makes a connection pool per request that nobody can close, and lets
 * NODE_TLS_REJECT_UNAUTHORIZED switch the verification off. Here every call ends in time, certificates are always
 * verified, and no socket outlives its answer.
 */
export function httpsTransport(config: KubeConfig, limits: CallLimits): PromiseHttpLibrary {
  return {
    send: async (request: RequestContext): Promise<ResponseContext> => {
      let answer = await send(await callOf(request, config, limits));
      if (answer.status === 401 && limits.signAgain) {
        await limits.signAgain();
        answer = await send(await callOf(request, config, limits));
      }
      const headers = Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(', ') : (value ?? ''),
        ]),
      );
      const text = answer.body.toString('utf8');
      return new ResponseContext(answer.status, headers, {
        text: () => Promise.resolve(text),
        binary: () => Promise.resolve(answer.body),
        stream: () => null,
      });
    },
  };
}

// A kubeconfig says where its cluster is, and clusters are in private networks; but no cluster is where a cloud keeps
// its metadata, which whoever could change that file would have our token brought to.
const WHEREVER = ['0.0.0.0/0', '::/0'];

async function callOf(request: RequestContext, config: KubeConfig, { signal, timeoutMs }: CallLimits): Promise<Call> {
  const url = new URL(request.getUrl());
  const timeoutSeconds = timeoutMs() / 1_000;
  const addresses = await callableAddresses(hostOf(url), { allowAddresses: WHEREVER, timeoutSeconds, signal });
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  // Its agent is left unused: on verification it takes the environment's word.
  const { ca, cert, key, servername } = options;
  return {
    url,
    options: {
      // Nothing is looked up again: a second answer of the name may be an address that nobody checked.
      lookup: pinnedLookup(addresses),
      method: request.getHttpMethod().toString(),
      headers: { ...(options.headers as Record<string, string>), ...request.getHeaders() },
      ...(options.auth && { auth: options.auth }),
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(servername && { servername }),
      rejectUnauthorized: true,
      agent: false,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs())]),
    },
    body: request.getBody(),
  };
}

interface Call {
  readonly url: URL;
  readonly options: RequestOptions;
  readonly body: ReturnType<RequestContext['getBody']>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

function send({ url, options, body }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, options, (response) => {
      const chunks: Buffer[] = [];
      let sizeBytes = 0;
      response.on('data', (chunk: Buffer) => {
        sizeBytes += chunk.length;
        chunks.push(chunk);
        if (sizeBytes > LARGEST_ANSWER_BYTES)
          request.destroy(new Error(`the answer is larger than ${LARGEST_ANSWER_BYTES} bytes`));
      });
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    request.on('error', reject);
    request.end(typeof body === 'string' ? body : undefined);
  });
}
