import { expect, test } from '@jest/globals';
import { InvalidInput } from '../../../core/errors.ts';
import { ResolvedPlatform } from '../../../core/platform.ts';
import { environmentNames, resolvePlatform } from '../../../lib/profiles/resolve.ts';
import { FAKE_CATALOGUE } from './catalogue.ts';
import { profileOf } from './written.ts';

const SMALL = 'platform: shop\ntargets:\n  postgres: { main: { url: env:DB }, replica: { url: env:REPLICA } }\n';

async function resolved(text: string, environment = 'local'): Promise<ResolvedPlatform> {
  const platform = resolvePlatform(await profileOf(text), environment, FAKE_CATALOGUE);
  expect(ResolvedPlatform.parse(platform)).toEqual(platform);
  return platform;
}

test('five lines are a platform: the implied environment, private addresses, and a daily that only plans', async () => {
  const platform = await resolved(SMALL);

  expect(platform).toMatchObject({ schemaVersion: 1, platform: 'shop', environment: 'local' });
  expect(platform.account).toBeUndefined();
  expect(platform.allowAddresses).toEqual([
    '127.0.0.0/8',
    '::1/128',
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    'fc00::/7',
  ]);
  expect(platform.procedures).toEqual({
    daily: {
      name: 'daily',
      timezone: 'UTC',
      budgetSeconds: 1_800,
      planOnly: true,
      steps: [
        {
          index: 1,
          task: 'postgres-vacuum',
          kind: 'postgres',
          effect: 'mutating',
          pauses: true,
          input: {},
          targets: ['main', 'replica'],
          required: false,
          timeoutSeconds: 300,
        },
      ],
    },
  });
});

test('of the default procedure a platform has the entries whose targets it has, numbered without gaps', async () => {
  const platform = await resolved(
    'platform: shop\ntargets:\n  kubernetes: { k: { eks: shop } }\n  backups: { b: { url: s3://shop/b/ } }\n',
  );

  expect(platform.procedures['daily']?.steps).toMatchObject([
    { parallel: [{ index: 1, task: 'kubernetes-check-pods' }] },
    { index: 2, task: 'backups-verify', input: { maxAge: '26h' } },
  ]);
});

test('a procedure as written is kept: its calendar, its inputs without defaults, its groups numbered through', async () => {
  const platform = await resolved(`${SMALL}  endpoints: { web: { url: https://example.com } }
procedures:
  daily:
    schedule: cron(0 2 * * ? *)
    timezone: Europe/Berlin
    window: 02:00-04:00
    budget: 1h30m
    tasks:
      - postgres-vacuum: { targets: [replica], deadRowsAbove: 30%, required: true, timeoutSeconds: 60 }
      - parallel: [certificates-check-endpoints, postgres-analyze]
      - parallel: [postgres-vacuum]
      - postgres-terminate-sessions: { targets: [main] }
`);

  expect(platform.procedures['daily']).toMatchObject({
    schedule: 'cron(0 2 * * ? *)',
    timezone: 'Europe/Berlin',
    window: '02:00-04:00',
    budgetSeconds: 5_400,
    planOnly: false,
  });
  expect(platform.procedures['daily']?.steps).toMatchObject([
    {
      index: 1,
      input: { deadRowsAbove: '30%' },
      targets: ['replica'],
      required: true,
      timeoutSeconds: 60,
    },
    {
      parallel: [
        { index: 2, task: 'certificates-check-endpoints', targets: ['web'] },
        { index: 3, task: 'postgres-analyze', targets: ['main', 'replica'], required: false },
      ],
    },
    { parallel: [{ index: 4, task: 'postgres-vacuum' }] },
    { index: 5, task: 'postgres-terminate-sessions', targets: ['main'], effect: 'destructive' },
  ]);
});

const TWO = `platform: shop
environments:
  prod:
    account: "111122223333"
    region: eu-west-1
    network: { vpc: vpc-0a, subnets: [subnet-0a], securityGroups: [sg-0a] }
    targets: { postgres: { main: { url: secret:shop/prod } } }
  staging:
    targets: { postgres: { test: { url: secret:shop/staging } } }
    procedures:
      daily: { window: 00:00-06:00, tasks: [postgres-analyze] }
procedures:
  daily: { window: 02:00-04:00, budget: 1h, tasks: [postgres-vacuum] }
  weekly: { tasks: [postgres-analyze] }
allowAddresses: [10.1.0.0/16]
`;

test('an environment inherits no target of another, and replaces what it writes anew of a procedure', async () => {
  const prod = await resolved(TWO, 'prod');
  const staging = await resolved(TWO, 'staging');

  expect(prod).toMatchObject({ account: '111122223333', region: 'eu-west-1', network: { vpc: 'vpc-0a' } });
  expect(prod.targets).toEqual({ postgres: { main: { url: 'secret:shop/prod' } } });
  expect(prod.procedures['daily']).toMatchObject({ window: '02:00-04:00', steps: [{ task: 'postgres-vacuum' }] });
  expect(staging.targets).toEqual({ postgres: { test: { url: 'secret:shop/staging' } } });
  expect(staging.procedures['daily']).toMatchObject({
    window: '00:00-06:00',
    budgetSeconds: 3_600,
    steps: [{ task: 'postgres-analyze', targets: ['test'] }],
  });
  expect(Object.keys(staging.procedures)).toEqual(['daily', 'weekly']);
});

test('private addresses are allowed without being listed only where the environment is local', async () => {
  expect((await resolved(TWO, 'prod')).allowAddresses).toEqual(['10.1.0.0/16']);
  expect((await resolved(TWO, 'staging')).allowAddresses).toEqual(['10.1.0.0/16']);
});

test('an environment that is not there is refused with the nearest name', async () => {
  const profile = await profileOf(TWO);

  expect(environmentNames(profile)).toEqual(['prod', 'staging']);
  expect(() => resolvePlatform(profile, 'stagin', FAKE_CATALOGUE)).toThrow(InvalidInput);
  expect(() => resolvePlatform(profile, 'stagin', FAKE_CATALOGUE)).toThrow(
    /mine\.yaml has no environment "stagin"; did you mean "staging"\? allowed: prod, staging$/,
  );
});
