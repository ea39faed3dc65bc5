import { describe, expect, test } from '@jest/globals';
import { ResolvedPlatform } from '../../../core/platform.ts';
import { secretPermissions } from '../../../lambdas/runtime/secret-permissions.ts';

function platform(targets: ResolvedPlatform['targets'], settings: Partial<ResolvedPlatform> = {}): ResolvedPlatform {
  return ResolvedPlatform.parse({
    ...{ schemaVersion: 1, platform: 'eventchain', environment: 'prod', allowAddresses: [], procedures: {} },
    ...{ account: '111122223333', region: 'eu-west-1', targets, ...settings },
  });
}

const secrets = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret';

test('every secret of the kind is named once, and those of other kinds are not', () => {
  const targets = {
    endpoints: {
      shop: { url: 'secret:prod/shop', ca: 'secret:prod/ca' },
      api: { url: 'https://api.example.com', ca: 'secret:prod/ca' },
    },
    postgres: { main: { url: 'secret:prod/db' } },
  };
  expect(secretPermissions(platform(targets), 'endpoints')).toEqual([
    {
      actions: ['secretsmanager:GetSecretValue'],
      resources: [`${secrets}:prod/ca-??????`, `${secrets}:prod/shop-??????`],
    },
  ]);
});

test.each([
  ['no target', {}],
  [
    'addresses and references that are kept elsewhere',
    { endpoints: { shop: { url: 'https://shop.example.com', ca: 'file:ca.pem' }, api: { url: 'env:API' } } },
  ],
  [
    'a field that is no address',
    { endpoints: { shop: { url: 'https://shop.example.com', serverName: 'secret:not-one' } } },
  ],
])('%s needs no permission', (_title, targets) => {
  expect(secretPermissions(platform(targets), 'endpoints')).toEqual([]);
});

describe('a reference becomes the ARN of its secret', () => {
  test.each([
    ['one key of a secret is the whole secret', 'secret:prod/db#password', `${secrets}:prod/db-??????`, {}],
    ['an ARN stays', `secret:${secrets}:prod/db-AbCdEf`, `${secrets}:prod/db-AbCdEf`, {}],
    [
      'China has a partition of its own',
      'secret:db',
      'arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:db-??????',
      { region: 'cn-north-1' },
    ],
    [
      'without account and region any',
      'secret:db',
      'arn:aws:secretsmanager:*:*:secret:db-??????',
      { account: undefined, region: undefined },
    ],
  ])('%s', (_title, url, resource, settings) => {
    const given = { ...platform({ postgres: { main: { url } } }), ...settings } as ResolvedPlatform;
    expect(secretPermissions(given, 'postgres')[0]?.resources).toEqual([resource]);
  });
});
