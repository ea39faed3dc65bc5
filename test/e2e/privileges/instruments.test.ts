import { describe, expect, test } from '@jest/globals';
import { callsOf } from './api-call.ts';
import type { ApiRequest } from './api-request.ts';
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
    expect(uncoveredCalls([{ ...good, needs: undefined }], [role])).toEqual([
      expect.stringContaining('no known action'),
    ]);
    // What nobody can be refused needs no right.
    expect(uncoveredCalls([{ ...good, needs: [] }], [role])).toEqual([]);
  });

  test('use a right only where they went through', () => {
    const used = (status: number) =>
      rightsOf(policy).length - unusedRights(role, [recorded('s3:GetObject', 'arn:aws:s3:::shop/a/1', status)]).length;

    expect(used(200)).toBe(1);
    expect(used(304)).toBe(1);
    expect(used(403)).toBe(0);
    expect(used(503)).toBe(0);
    expect(unusedRights(role, [{ ...recorded('', ''), needs: undefined }])).toEqual(rightsOf(policy));
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
    ['GET', '/shop?publicAccessBlock', 's3:GetBucketPublicAccessBlock', 'arn:aws:s3:::shop'],
    ['GET', '/shop?policyStatus', 's3:GetBucketPolicyStatus', 'arn:aws:s3:::shop'],
    ['GET', '/shop?acl', 's3:GetBucketAcl', 'arn:aws:s3:::shop'],
    ['GET', '/?max-buckets=9&x-id=ListBuckets', 's3:ListAllMyBuckets', '*'],
    ['GET', '/v20180820/configuration/publicAccessBlock', 's3:GetAccountPublicAccessBlock', '*'],
  ])('%s %s to S3 is %s on %s', (method, url, action, resource) => {
    expect(asked('s3', { method, url })).toEqual([{ action, resource }]);
  });

  test.each([
    ['PUT', '/shop/x?tagging'],
    ['POST', '/shop/x?uploads'],
    ['GET', '/shop?versions'],
    ['PUT', '/shop?acl'],
    ['PUT', '/'],
    ['DELETE', '/v20180820/configuration/publicAccessBlock'],
  ])('%s %s to S3 is taken for nothing that it is not', (method, url) => {
    expect(asked('s3', { method, url })).toBeUndefined();
  });

  const form = (text: string) => ({ method: 'POST', body: Buffer.from(text) });
  const json = (target: string, body: object) => ({
    method: 'POST',
    headers: { 'x-amz-target': target },
    body: Buffer.from(JSON.stringify(body)),
  });

  test('names what it is about: a secret, a group, a service, or nothing where the service knows no resources', () => {
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
    expect(asked('ecs', json('X.DescribeServices', { services: ['arn:a', 'arn:b'] }))).toEqual([
      { action: 'ecs:DescribeServices', resource: 'arn:a' },
      { action: 'ecs:DescribeServices', resource: 'arn:b' },
    ]);
    expect(asked('ecs', json('X.ListTasks', { cluster: 'shop' }))).toEqual([
      { action: 'ecs:ListTasks', resource: '*' },
    ]);
  });

  test.each<[service: string, action: string, resource: string, given: Partial<ApiRequest>]>([
    ['eks', 'DescribeCluster', ':cluster/shop', { url: '/clusters/shop' }],
    ['eks', 'ListNodegroups', ':cluster/shop', { url: '/clusters/shop/node-groups?maxResults=9' }],
    ['eks', 'DescribeNodegroup', ':nodegroup/shop/web/1a2b', { url: '/clusters/shop/node-groups/web' }],
    ['eks', 'ListClusters', '*', { url: '/clusters' }],
    [
      'lambda',
      'ListTags',
      ':function:f',
      { url: `/2017-03-31/tags/${encodeURIComponent('arn:aws:lambda:f:function:f')}` },
    ],
    ['guardduty', 'GetDetector', ':detector/d1', { url: '/detector/d1' }],
    ['guardduty', 'ListFindings', ':detector/d1', { method: 'POST', url: '/detector/d1/findings' }],
    ['rds', 'DescribeDBParameters', ':pg:shop', form('Action=DescribeDBParameters&DBParameterGroupName=shop')],
    ['rds', 'DescribeDBInstances', ':db:*', form('Action=DescribeDBInstances')],
    ['elasticache', 'ListTagsForResource', 'arn:c', form('Action=ListTagsForResource&ResourceName=arn:c')],
    ['iam', 'GenerateServiceLastAccessedDetails', 'arn:u', form('Action=GenerateServiceLastAccessedDetails&Arn=arn:u')],
    [
      'ec2',
      'GetManagedPrefixListEntries',
      ':prefix-list/pl-1',
      form('Action=GetManagedPrefixListEntries&PrefixListId=pl-1'),
    ],
    ['ecr', 'DescribeImages', ':repository/shop', json('X.DescribeImages', { repositoryName: 'shop' })],
    ['ecr', 'DescribeRepositories', ':repository/*', json('X.DescribeRepositories', {})],
  ])('to %s that is %s is asked for %s', (service, action, resource, given) => {
    const [right, ...others] = asked(service, given) ?? [];

    expect(right?.action).toBe(`${service}:${action}`);
    expect(right?.resource.slice(-resource.length)).toBe(resource);
    expect(others).toEqual([]);
  });

  test('for several things needs the right to each, and public parameters belong to no account', () => {
    expect(asked('ssm', json('AmazonSSM.GetParameters', { Names: ['/aws/service/a', '/shop/b'] }))).toEqual([
      { action: 'ssm:GetParameters', resource: 'arn:aws:ssm:us-east-1::parameter/aws/service/a' },
      { action: 'ssm:GetParameters', resource: 'arn:aws:ssm:us-east-1:123456789012:parameter/shop/b' },
    ]);
    expect(asked('rds', form('Action=DescribePendingMaintenanceActions'))).toHaveLength(2);
  });

  test('that changes something, is of another service, or that nobody can be refused is told apart', () => {
    expect(asked('rds', form('Action=DeleteDBInstance'))).toBeUndefined();
    expect(asked('eks', { method: 'DELETE', url: '/clusters/shop' })).toBeUndefined();
    expect(asked('iam', form('Action=CreateUser&UserName=eve'))).toBeUndefined();
    expect(asked('sqs', {})).toBeUndefined();
    expect(asked('sts', form('Action=GetCallerIdentity'))).toEqual([]);
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
