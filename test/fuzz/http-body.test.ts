import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync, brotliCompressSync, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HttpFailure } from '../../lambdas/runtime/http-failure.ts';
import { httpRequest } from '../../lambdas/runtime/http-request.ts';
import { holdsAsync, INHERITED } from './property.ts';

// What each of our server's answers is, set before each question.
let answer: { readonly status: number; readonly headers: Record<string, string>; readonly body: Buffer };

const server = createServer((_request, response) => {
  response.writeHead(answer.status, answer.headers);
  response.end(answer.body);
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));

afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())));

function ask(maxBodyBytes = 1_000) {
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}/health`);
  return httpRequest({
    url,
    allowAddresses: ['127.0.0.0/8'],
    timeoutSeconds: 5,
    maxBodyBytes,
    signal: AbortSignal.timeout(5_000),
  });
}

test('a body comes as it was sent, decoded and cut at the limit, or the exchange has failed in words', async () => {
  const ENCODERS = { identity: (body: Buffer) => body, gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync };
  const encoding = fc.oneof(
    fc.constantFrom<string>('identity', 'gzip', 'br', 'deflate'),
    fc.constantFrom<string>(...INHERITED, 'gzip, gzip', 'x'),
  );
  await holdsAsync(
    fc.asyncProperty(
      encoding,
      fc.uint8Array({ maxLength: 2_000 }),
      fc.nat(1_500),
      fc.boolean(),
      async (name, bytes, most, damage) => {
        const plain = Buffer.from(bytes);
        const encode = Object.hasOwn(ENCODERS, name) ? ENCODERS[name as keyof typeof ENCODERS] : undefined;
        const body = encode?.(plain) ?? plain;
        const sent = damage ? body.subarray(0, Math.max(0, body.length - 5)) : body;
        answer = { status: 200, headers: { 'content-encoding': name }, body: sent };
        const got = await ask(most).catch((thrown: unknown) => thrown);
        if (got instanceof Error) {
          expect(got).toBeInstanceOf(HttpFailure);
          expect(encode === undefined || damage).toBe(true);
          if (encode === undefined) expect(got.message).toContain('which was not asked for');
          return;
        }
        const { body: read, cut } = got as Awaited<ReturnType<typeof httpRequest>>;
        const whole = name === 'identity' ? sent : plain;
        expect(read).toEqual(whole.subarray(0, read.length));
        if (!damage) expect(cut).toBe(whole.length > most);
        if (!damage) expect(read.length).toBe(Math.min(most, whole.length));
      },
    ),
    80,
    {
      examples: INHERITED.map((name): [string, Uint8Array<ArrayBuffer>, number, boolean] => [
        name,
        new Uint8Array(9),
        100,
        false,
      ]),
    },
  );
});
