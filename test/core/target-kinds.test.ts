import { expect, test } from '@jest/globals';
import { TARGET_KINDS } from '../../core/target-kinds.ts';

const { postgres, redis, endpoints } = TARGET_KINDS;

test.each([
  ['before the @', postgres, 'postgres://app:hunter22@db/main'],
  ['in the query', postgres, 'postgres://db/main?user=app&password=hunter22'],
  ['in the query, in capitals', postgres, 'postgres://db/main?PASSWORD=hunter22'],
  ['in the query, escaped', postgres, 'postgres://db/main?pass%77ord=hunter22'],
  ['of a client key in the query', postgres, 'postgres://db/main?sslpassword=hunter22'],
  ['without a name', redis, 'redis://:hunter22@cache'],
  ['that is a token before the @', endpoints, 'https://hunter22@shop.example/'],
  ['that is a token in the query', endpoints, 'https://shop.example/health?access_token=hunter22'],
  ['that is a key in the query', endpoints, 'https://shop.example/health?api-key=hunter22'],
])('an address with a password %s is refused, and the password is not repeated', (_, { schema }, url) => {
  const { success, error } = schema.safeParse({ url });
  expect(success).toBe(false);
  expect(error?.issues[0]?.message).toMatch(/has a password in (it|its query)/);
  expect(JSON.stringify(error?.issues)).not.toContain('hunter22');
});

test.each([
  [postgres, 'postgres://app@db.example/main?sslmode=verify-full&application_name=x'],
  [postgres, 'postgres://db/main?user=app&passfile=x'],
  [redis, 'rediss://reader@cache:6380/0'],
  [endpoints, 'https://shop.example/health?page=1&tokens=5'],
  [endpoints, 'https://shop.example/?password='],
  [endpoints, 'secret:shop/health'],
])('an address without one is taken: %#', ({ schema }, url) => {
  expect(schema.safeParse({ url }).error).toBeUndefined();
});

test.each([
  ['that is none', 'shop.example', 'not an address; allowed: '],
  ['of another kind of target', 'redis://cache', '"redis://" is not allowed; allowed: '],
])('an address %s is refused with what is allowed', (_, url, words) => {
  const message = endpoints.schema.safeParse({ url }).error?.issues[0]?.message;
  expect(message).toContain(words);
  expect(message).toContain('https:');
});

test.each([
  ['db.example', 'not an address; allowed: postgres://…, postgresql://…, secret:…, env:…, file:…'],
  ['redis://cache', '"redis://" is not allowed; allowed: postgres://…, postgresql://…, secret:…, env:…, file:…'],
  ['postgres://app:hunter22@db/main', 'has a password in it; put it into a secret and write secret:…, env:… or file:…'],
  [
    'postgres://db/main?password=hunter22',
    'has a password in its query; put it into a secret and write secret:…, env:… or file:…',
  ],
])('the address %s is refused with what to write instead', (url, words) => {
  expect(postgres.schema.safeParse({ url }).error?.issues[0]?.message).toBe(words);
});
