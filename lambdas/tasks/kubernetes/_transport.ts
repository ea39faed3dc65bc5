import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import {
  ResponseContext,
  type KubeConfig,
  type PromiseHttpLibrary,
  type RequestContext,
} from '@kubernetes/client-node';

// A page of 500 pods is 2 to 10 MB; no honest answer comes near this.
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;

export interface CallLimits {
  /** How long a call may take from its start to the last byte of its answer. */
  readonly timeoutMs: () => number;
  readonly signal: AbortSignal;
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
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      // Its agent is left unused: on verification it takes the environment's word.
      const { ca, cert, key, servername } = options;
      const signal = AbortSignal.any([limits.signal, AbortSignal.timeout(limits.timeoutMs())]);
      const answer = await send({
        url: new URL(request.getUrl()),
        options: {
          method: request.getHttpMethod().toString(),
          headers: { ...(options.headers as Record<string, string>), ...request.getHeaders() },
          ...(options.auth && { auth: options.auth }),
          ...(ca && { ca }),
          ...(cert && { cert }),
          ...(key && { key }),
          ...(servername && { servername }),
          rejectUnauthorized: true,
          agent: false,
          signal,
        },
        body: request.getBody(),
      });
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
