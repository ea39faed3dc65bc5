import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Unavailable } from '../../core/errors.ts';
import { Secret } from '../../core/secret.ts';
import { judgeAnswer } from '../../lambdas/tasks/endpoints/_answer.ts';
import { cacheStateOf } from '../../lambdas/tasks/endpoints/_cache-state.ts';
import { curlCommand, destinationOf, samePlace } from '../../lambdas/tasks/endpoints/_destination.ts';
import { isExpected, Path, ShortTime, Status } from '../../lambdas/tasks/endpoints/_expectation.ts';
import { readHealthDocument } from '../../lambdas/tasks/endpoints/_health-document.ts';
import { healthOf } from '../../lambdas/tasks/endpoints/_health-words.ts';
import { redirectionOf } from '../../lambdas/tasks/endpoints/_probe.ts';
import { errorPageIn, readHealthText, titleOf } from '../../lambdas/tasks/endpoints/_text-answer.ts';
import { retryAfter } from '../../lambdas/tasks/endpoints/_warm-path.ts';
import { looksChanging } from '../../lambdas/tasks/endpoints/warm-cache.ts';
import { anyText, holds, INHERITED } from './property.ts';

const NOW = new Date('2026-11-21T12:00:00Z');

const EXPECTATION = {
  ...{
    expectStatus: ['2xx' as const],
    expect: 'any' as const,
    expectText: undefined,
    rejectText: [],
    healthyWords: [],
  },
  ...{ ignoreDependencies: [], maxAgeSeconds: 600, slowAboveSeconds: 5 },
};

const headers = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'age',
    'location',
    'cache-control',
    'x-cache',
    'cf-cache-status',
    'vary',
    'retry-after',
    'set-cookie',
  ),
  fc.oneof(
    anyText,
    fc.constantFrom(
      'text/html',
      'application/json',
      'HIT',
      'MISS',
      '0',
      '1e9',
      'Infinity',
      'no-store',
      '*',
      'max-age=0',
    ),
  ),
);

const health = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(fc.constantFrom('UP', 'DOWN', 'ok', 'degraded', true, false, 200, 503, null), anyText, fc.double()),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(
        fc.constantFrom('status', 'components', 'details', 'checks', 'db', 'error', 'timestamp', 'name', ...INHERITED),
        anyText,
      ),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value;

test('whatever a service answers is judged in known words on one line each', () => {
  const body = fc.oneof(
    health.map((value) => JSON.stringify(value)),
    anyText,
    fc.constantFrom('<html><title>502 Bad Gateway</title>', '[-]etcd failed'),
  );
  const seen = fc.record({
    status: fc.integer({ min: 100, max: 599 }),
    headers,
    text: body,
    cut: fc.boolean(),
    path: fc.constantFrom('/health', '/orders'),
    seconds: fc.double({ min: 0, max: 9, noNaN: true }),
  });
  holds(
    fc.property(seen, (given) => {
      const observations = judgeAnswer(given, EXPECTATION, NOW);
      for (const { kind, text } of observations) {
        expect(kind).toMatch(/^[a-z-]+$/);
        expect(text).not.toMatch(/[\p{Cc}\p{Cf}]|undefined|native code|for 0s|\[object/u);
      }
      if (!isExpected(given.status, EXPECTATION.expectStatus)) expect(observations.length).toBeGreaterThan(0);
      if (given.seconds > 5 && isExpected(given.status, ['2xx']))
        expect(observations.map(({ kind }) => kind)).toContain('slow');
    }),
    400,
  );
});

test('a health answer that says somewhere that a part is down is never read as one in which all is well', () => {
  const path = fc.array(fc.constantFrom('db', 'cache', 'queue', 'disk'), { minLength: 1, maxLength: 3 });
  const word = fc.constantFrom(
    'DOWN',
    'down',
    'FAIL',
    'unhealthy',
    'Critical',
    'OUT_OF_SERVICE',
    false,
    'error: no route',
  );
  const container = fc.constantFrom('components', 'details', 'checks', 'dependencies', 'entries');
  holds(
    fc.property(path, word, container, fc.boolean(), (names, said, holder, isWholeFine) => {
      const nested = names.reduceRight<unknown>(
        (inner, name) => ({ [holder]: { [name]: { status: 'UP', ...(inner as object) } } }),
        {},
      );
      const leaf = JSON.parse(JSON.stringify(nested), (key, value: unknown) =>
        key === names.at(-1) && typeof value === 'object' && value !== null && Object.keys(value).length === 1
          ? { status: said }
          : value,
      ) as object;
      const document = readHealthDocument({ status: isWholeFine ? 'UP' : 'DOWN', ...leaf });
      expect(document.dependencies.some(({ health: of }) => of === 'unhealthy')).toBe(true);
      const observations = judgeAnswer(
        {
          status: 200,
          headers: {},
          cut: false,
          path: '/health',
          seconds: 0,
          text: JSON.stringify({ status: 'UP', ...leaf }),
        },
        EXPECTATION,
        NOW,
      );
      expect(observations.map(({ kind }) => kind)).toContain('dependency-down');
    }),
    150,
  );
});

test('words of health are read alike however they are written, and others stay unknown', () => {
  const writing = fc.constantFrom(
    (word: string) => word,
    (word: string) => word.toUpperCase(),
    (word: string) => ` ${word} `,
    (word: string) => `${word}: because`,
    (word: string) => word.replaceAll(' ', '_'),
  );
  holds(
    fc.property(
      fc.constantFrom('ok', 'not ready', 'out of service', 'degraded', 'starting'),
      writing,
      anyText,
      (word, written, other) => {
        expect(healthOf(written(word))).toBe(healthOf(word));
        expect(['healthy', 'degraded', 'unhealthy', 'unknown', undefined]).toContain(healthOf(other));
        expect(healthOf(other, [other.split(':')[0] ?? ''])).toBe('healthy');
        for (const line of [errorPageIn(other), titleOf(`<title>${other}</title>`)])
          expect(line ?? '').not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(readHealthText(`[-]etcd failed\n${other}`).dependencies[0]).toMatchObject({
          name: 'etcd',
          health: 'unhealthy',
        });
      },
    ),
    200,
  );
});

test('headers of a cache never make an answer a hit that says that it is none, and waiting is bounded', () => {
  holds(
    fc.property(headers, (given) => {
      const cache = cacheStateOf(given);
      if ('because' in cache) expect(cache.because).not.toBe('');
      const seconds = retryAfter({ headers: given }, NOW);
      if (seconds !== undefined) expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 3_600).toBe(true);
      if (
        !given['x-cache']?.match(/hit|stale|revalid|prerender/i) &&
        !given['cf-cache-status']?.match(/hit|stale|revalid|prerender/i) &&
        !(Number(given['age'] ?? 0) > 0)
      )
        expect(cache.state).not.toBe('hit');
    }),
    300,
  );
});

test('a redirection is followed to where it leads or nowhere, whatever its address looks like', () => {
  const location = fc.oneof(
    anyText,
    fc.webUrl(),
    fc.constantFrom('//other.example', '/x', '?y', `http://${'a"'.repeat(9_000)}`, 'javascript:1'),
  );
  holds(
    fc.property(location, fc.constantFrom(200, 301, 302, 304, 307, 308), (text, status) => {
      const next = redirectionOf({ status, headers: { location: text } }, new URL('https://shop.example/health'));
      if ([200, 304].includes(status)) expect(next).toBeUndefined();
      if (next) expect(next.hash).toBe('');
    }),
    200,
    { examples: [[`http://${'a"'.repeat(9_000)}`, 302]] },
  );
});

test('a path of the profile never leads away from the server of its target', () => {
  const path = fc.oneof(
    anyText.map((text) => `/${text}`),
    fc.constantFrom('//evil.example/', '/\\evil.example', '/a/../../b', '/%2f%2fevil', '/\t/evil.example'),
  );
  holds(
    fc.property(path, (text) => {
      if (!Path.safeParse(text).success) return;
      const base = new URL('https://user:pw@shop.example:8443/base');
      const url = samePlace(base, text);
      expect(url.origin).toBe(base.origin);
      expect([url.username, url.password]).toEqual(['user', 'pw']);
      expect(typeof looksChanging(text)).toBe('boolean');
    }),
    300,
  );
});

test('a command for a shell asks the very address, and is not offered where it would hold a secret', () => {
  const part = fc.oneof(fc.stringMatching(/^[a-z0-9'$();&|`*!~-]{0,12}$/), anyText);
  holds(
    fc.property(part, part, (path, query) => {
      const address = `https://shop.example/${path}${query && `?${query}`}`;
      fc.pre(URL.canParse(address));
      const destination = destinationOf({ name: 'shop', url: new Secret(address) });
      const command = curlCommand(destination, '127.0.0.1', 5);
      if (destination.url.search || destination.url.username) expect(command).toBeUndefined();
      if (command === undefined) return;
      const words = execFileSync('/bin/sh', ['-c', `curl() { printf '%s\\0' "$@"; }\n${command}`], {
        encoding: 'utf8',
        timeout: 10_000,
      }).split('\0');
      expect(words.at(-2)).toBe(destination.url.href.replaceAll("'", '%27'));
    }),
    30,
  );
  holds(
    fc.property(anyText, (text) => {
      try {
        expect(destinationOf({ name: 'shop', url: new Secret(text) }).label).not.toMatch(/\p{Cc}/u);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(Unavailable);
      }
    }),
    150,
  );
});

test('times and statuses of a profile mean what they say', () => {
  holds(
    fc.property(fc.integer({ min: 100, max: 60_000 }), fc.integer({ min: 100, max: 599 }), (ms, status) => {
      expect(ShortTime.parse(`${ms}ms`)).toBeCloseTo(ms / 1_000, 9);
      expect(ShortTime.parse(`${(ms / 1_000).toFixed(3)}s`)).toBeCloseTo(ms / 1_000, 9);
      expect(isExpected(status, [Status.parse(status)])).toBe(true);
      expect(isExpected(status, [Status.parse(`${Math.floor(status / 100)}xx`)])).toBe(true);
      expect(isExpected(status, [])).toBe(false);
    }),
    60,
  );
});
