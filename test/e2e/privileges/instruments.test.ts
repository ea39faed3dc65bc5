import { describe, expect, test } from '@jest/globals';
import { callsOf, type ApiRequest } from './api-call.ts';
import { accessKeyOf, uncoveredCalls, unusedRights } from './coverage.ts';
import { PolicyDocument, rightsOf, without, type FunctionRole } from './role-policy.ts';
import { sampled, sampleFrom } from './sample.ts';

// A measurement with a broken instrument is green: these are shown what they must not overlook.

const policy = PolicyDocument.parse({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: ['arn:aws:s3:::shop/a/*', 'arn:aws:s3:::shop/b/*'],
    },
    { Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::shop' },
    { Effect: 'Deny', Action: 'ec2:DeleteVpc', Resource: '*', Condition: { ArnEquals: { a: 'b' } } },
  ],
});
const role: FunctionRole = { functionArn: 'arn:f', roleArn: 'arn:r', policyName: 'granted', policy };
const get = { action: 's3:GetObject', resource: 'arn:aws:s3:::shop/a/*' };

function recorded(action: string, resource: string, status = 200) {
  return { accessKey: accessKeyOf(role), needs: [{ action, resource }], request: 'GET /', status };
}

describe('taking a right away', () => {
  test('takes this one and leaves all others, denials included', () => {
    const left = without(policy, [get]);

    expect(rightsOf(policy)).toHaveLength(5);
    expect(rightsOf(left)).toEqual(
      rightsOf(policy).filter(({ action, resource }) => action !== get.action || resource !== get.resource),
    );
    expect(left.Statement.filter(({ Effect }) => Effect === 'Deny')).toEqual(policy.Statement.slice(2));
    expect(rightsOf(without(policy, rightsOf(policy)))).toEqual([]);
  });
});

describe('the recorded calls', () => {
  test('that a role covers are not accused; those of another resource, of nobody and of an unknown kind are', () => {
    const good = recorded('s3:GetObject', 'arn:aws:s3:::shop/a/1.json');
    const foreign = recorded('s3:GetObject', 'arn:aws:s3:::shop/c/1.json');

    expect(uncoveredCalls([good], [role])).toEqual([]);
    expect(uncoveredCalls([foreign], [role])).toEqual(['s3:GetObject on arn:aws:s3:::shop/c/1.json by arn:f']);
    expect(uncoveredCalls([{ ...good, accessKey: 'ASIAOTHER' }], [role])).toEqual([
      expect.stringContaining('no function'),
    ]);
    expect(uncoveredCalls([{ ...good, needs: [] }], [role])).toEqual([expect.stringContaining('no known action')]);
  });

  test('use a right only where they went through', () => {
    const used = (status: number) =>
      rightsOf(policy).length - unusedRights(role, [recorded('s3:GetObject', 'arn:aws:s3:::shop/a/1', status)]).length;

    expect(used(200)).toBe(1);
    expect(used(304)).toBe(1);
    expect(used(403)).toBe(0);
    expect(used(503)).toBe(0);
    // To be told that a key is not there needs the list as well.
    expect(used(404)).toBe(2);
  });
});

describe('a request on the line', () => {
  const signed = (service: string) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=ASIA1/20261122/us-east-1/${service}/aws4_request, SignedHeaders=host`,
  });
  const asked = (service: string, given: Partial<ApiRequest>) => {
    const request = { method: 'GET', url: '/', body: Buffer.alloc(0), ...given };
    return callsOf({ ...request, headers: { ...signed(service), ...given.headers } });
  };

  test.each([
    ['GET', '/shop/runs/a%20b/x.json?x-id=GetObject', 's3:GetObject', 'arn:aws:s3:::shop/runs/a b/x.json'],
    ['HEAD', '/shop/x', 's3:GetObject', 'arn:aws:s3:::shop/x'],
    ['PUT', '/shop/x?x-id=PutObject', 's3:PutObject', 'arn:aws:s3:::shop/x'],
    ['DELETE', '/shop/x?x-id=DeleteObject', 's3:DeleteObject', 'arn:aws:s3:::shop/x'],
    ['GET', '/shop?list-type=2&prefix=runs%2F', 's3:ListBucket', 'arn:aws:s3:::shop'],
    ['GET', '/shop/?list-type=2', 's3:ListBucket', 'arn:aws:s3:::shop'],
  ])('%s %s to S3 is %s on %s', (method, url, action, resource) => {
    expect(asked('s3', { method, url })).toEqual([{ action, resource }]);
  });

  test.each([
    ['PUT', '/shop/x?tagging'],
    ['POST', '/shop/x?uploads'],
    ['GET', '/shop?versions'],
    ['GET', '/'],
  ])('%s %s to S3 is taken for nothing that it is not', (method, url) => {
    expect(asked('s3', { method, url })).toEqual([]);
  });

  test('names what it is about: a secret, a group, a cluster, or nothing where the service knows no resources', () => {
    const json = (target: string, body: object) => ({
      headers: { 'x-amz-target': target },
      body: Buffer.from(JSON.stringify(body)),
    });

    expect(asked('secretsmanager', json('secretsmanager.GetSecretValue', { SecretId: 'shop/db' }))).toEqual([
      {
        action: 'secretsmanager:GetSecretValue',
        resource: expect.stringMatching(/:secret:shop\/db-\w{6}$/),
      },
    ]);
    expect(asked('logs', json('Logs_20140328.FilterLogEvents', { logGroupName: '/shop' }))).toEqual([
      {
        action: 'logs:FilterLogEvents',
        resource: expect.stringMatching(/:log-group:\/shop:log-stream:$/),
      },
    ]);
    expect(asked('monitoring', json('GraniteServiceVersion20100801.ListMetrics', {}))).toEqual([
      {
        action: 'cloudwatch:ListMetrics',
        resource: '*',
      },
    ]);
    expect(asked('eks', { url: '/clusters/shop' })).toEqual([
      {
        action: 'eks:DescribeCluster',
        resource: expect.stringMatching(/:cluster\/shop$/),
      },
    ]);
    expect(asked('ecs', json('X.DescribeServices', { services: ['arn:a', 'arn:b'] }))).toEqual([
      { action: 'ecs:DescribeServices', resource: 'arn:a' },
      { action: 'ecs:DescribeServices', resource: 'arn:b' },
    ]);
    expect(asked('ecs', json('X.ListTasks', { cluster: 'shop' }))).toEqual([
      { action: 'ecs:ListTasks', resource: '*' },
    ]);
    const form = (text: string) => ({ method: 'POST', body: Buffer.from(text) });
    expect(asked('rds', form('Action=DescribeDBParameters&DBParameterGroupName=shop'))).toEqual([
      { action: 'rds:DescribeDBParameters', resource: expect.stringMatching(/:pg:shop$/) },
    ]);
    expect(asked('rds', form('Action=DescribeDBInstances'))).toEqual([
      { action: 'rds:DescribeDBInstances', resource: expect.stringMatching(/:db:\*$/) },
    ]);
    expect(asked('rds', form('Action=DeleteDBInstance'))).toEqual([]);
    expect(asked('eks', { url: '/clusters/shop/node-groups' })).toEqual([]);
    expect(asked('sqs', {})).toEqual([]);
  });
});

describe('a sample', () => {
  const letters = [...'abcdefghij'];

  test('is everything unless a size is given, and the same for the same seed', () => {
    const drawn = (environment: Record<string, string>) => sampled(letters, sampleFrom(environment), (one) => one);

    expect(drawn({})).toEqual(letters);
    expect(drawn({ FETTLE_PRIVILEGES_SAMPLE: '3', FETTLE_PRIVILEGES_SEED: '7' })).toHaveLength(3);
    expect(drawn({ FETTLE_PRIVILEGES_SAMPLE: '3', FETTLE_PRIVILEGES_SEED: '7' })).toEqual(
      drawn({ FETTLE_PRIVILEGES_SAMPLE: '3', FETTLE_PRIVILEGES_SEED: '7' }),
    );
    const seeds = Array.from({ length: 20 }, (_, seed) =>
      drawn({ FETTLE_PRIVILEGES_SAMPLE: '3', FETTLE_PRIVILEGES_SEED: `${seed}` }),
    );
    expect(new Set(seeds.flat()).size).toBe(letters.length);
  });

  test.each(['0', '-1', 'all', '2.5'])('refuses the size %s', (size) => {
    expect(() => sampleFrom({ FETTLE_PRIVILEGES_SAMPLE: size })).toThrow(size);
  });
});
