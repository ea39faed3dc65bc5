import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { eksToken } from '../../../../lambdas/tasks/kubernetes/_eks-token.ts';
import { task } from '../../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../../lib/demo/pods.ts';
import { resultOf } from '../../../harness/perform-task.ts';
import { startEks, type EksServer } from '../../../servers/eks.ts';
import { readToken, startEksCluster, type Account } from './_eks-cluster.ts';

const account: Account = {
  accessKeyId: 'AKIATEST',
  secretAccessKey: 'secret/of+the=account',
  sessionToken: 'session/token+with==signs',
};
const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: account.accessKeyId,
  AWS_SECRET_ACCESS_KEY: account.secretAccessKey,
  AWS_SESSION_TOKEN: account.sessionToken ?? '',
  AWS_REGION: 'eu-west-1',
  AWS_EC2_METADATA_DISABLED: 'true',
};
const now = new Date();
const place = { workload: 'web', namespace: 'shop', now };
const pods = [...demo.podsOf(2, place), demo.crashLoopingPod({ ...place, workload: 'api' })];
const before = { ...process.env };
const WITHOUT_ACCOUNT = `
  import('./lambdas/tasks/kubernetes/_eks.ts')
    .then(({ eksConfig }) =>
      eksConfig('shop', { clock: () => new Date(), deadline: new Date(Date.now() + 20_000), signal: AbortSignal.timeout(20_000) }))
    .catch(({ name, message }) => console.log(name + ': ' + message));
`;
let cluster: Awaited<ReturnType<typeof startEksCluster>>;
let eks: EksServer;

beforeAll(async () => {
  cluster = await startEksCluster('shop', account, pods);
  eks = await startEks('silence');
  Object.assign(process.env, ENVIRONMENT, { AWS_ENDPOINT_URL_EKS: eks.endpoint });
});
beforeEach(() => {
  eks.answer = { cluster: described() };
});
afterAll(async () => {
  process.env = before;
  await eks.close();
  await cluster.close();
});

function described(changes: Readonly<Record<string, unknown>> = {}) {
  return {
    name: 'shop',
    status: 'ACTIVE',
    endpoint: cluster.url,
    certificateAuthority: { data: cluster.authorityData },
    resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ['0.0.0.0/0'] },
    ...changes,
  };
}

function check(name = 'shop', timeoutSeconds = 30) {
  return resultOf({ task, targets: { cluster: { eks: name } }, now, timeoutSeconds });
}

async function reasonOf(name = 'shop', timeoutSeconds = 30): Promise<string> {
  const { findings, measurements } = await check(name, timeoutSeconds);
  expect(findings).toMatchObject([{ kind: 'not-readable', target: 'cluster' }]);
  expect(measurements).toEqual([]);
  return findings[0]?.summary ?? '';
}

test('an EKS cluster is described, entered with a signed token and read', async () => {
  const { findings, measurements } = await check();

  expect(findings).toMatchObject([{ kind: 'crash-looping', subject: 'shop/deployment/api' }]);
  expect(measurements).toContainEqual({ name: 'pods', value: 3, unit: 'count', target: 'cluster' });
  expect(eks.requests.at(-1)).toBe('GET /clusters/shop eu-west-1/eks/aws4_request');
});

test('the token is a request for the own identity, signed for this cluster alone and for no longer than 15 minutes', async () => {
  await check();
  const token = cluster.tokens.at(-1) ?? '';
  const { host, query, signedAt, isGenuine } = readToken(token, 'shop', account);

  expect(token).toMatch(/^k8s-aws-v1\.[\w-]+$/);
  expect(host).toBe('sts.eu-west-1.amazonaws.com');
  expect(query).toMatchObject({
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Security-Token': account.sessionToken,
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
  });
  expect(Number(query['X-Amz-Expires'])).toBeGreaterThan(0);
  expect(Number(query['X-Amz-Expires'])).toBeLessThanOrEqual(900);
  expect(Math.abs(Date.now() - signedAt.getTime())).toBeLessThan(60_000);
  expect(isGenuine).toBe(true);
  expect(readToken(token, 'bank', account).isGenuine).toBe(false);
  expect(readToken(token, 'shop', { ...account, secretAccessKey: 'other' }).isGenuine).toBe(false);
});

test('without a session there is no security token, and China has its own STS', async () => {
  const { accessKeyId, secretAccessKey } = account;
  const credentials = { accessKeyId, secretAccessKey };
  const { host, query, isGenuine } = readToken(
    await eksToken('a-b', { region: 'cn-north-1', credentials }, now),
    'a-b',
    account,
  );

  expect(host).toBe('sts.cn-north-1.amazonaws.com.cn');
  expect(query).not.toHaveProperty('X-Amz-Security-Token');
  expect(isGenuine).toBe(true);
});

describe('nothing is known of a cluster, and the finding says why,', () => {
  test('that does not exist', async () => {
    eks.answer = { status: 404, error: 'ResourceNotFoundException', message: 'No cluster found for name: nope.' };
    expect(await reasonOf('nope')).toBe(
      'eks nope: there is no such cluster in eu-west-1: No cluster found for name: nope.',
    );
  });

  test('that may not be described', async () => {
    eks.answer = { status: 403, error: 'AccessDeniedException', message: 'User: arn:x is not authorized' };
    expect(await reasonOf()).toContain('the permission eks:DescribeCluster on the cluster is missing');
  });

  test('whose account does not know the credentials', async () => {
    eks.answer = { status: 403, error: 'UnrecognizedClientException', message: 'The security token is invalid' };
    expect(await reasonOf()).toContain('AWS does not accept the credentials (UnrecognizedClientException)');
  });

  test('that is still being made', async () => {
    eks.answer = { cluster: { name: 'shop', status: 'CREATING' } };
    expect(await reasonOf()).toBe('eks shop: the cluster is CREATING and has no endpoint');
  });

  test('whose endpoint is private and out of reach', async () => {
    const resourcesVpcConfig = { endpointPublicAccess: false, endpointPrivateAccess: true };
    eks.answer = { cluster: described({ endpoint: 'https://127.0.0.1:1', resourcesVpcConfig }) };
    expect(await reasonOf()).toMatch(/127\.0\.0\.1 cannot be reached .*it is private: give the environment a network/);
  });

  test('whose endpoint lets in other addresses only', async () => {
    const resourcesVpcConfig = { endpointPublicAccess: true, publicAccessCidrs: ['203.0.113.0/24'] };
    eks.answer = { cluster: described({ endpoint: 'https://127.0.0.1:1', resourcesVpcConfig }) };
    expect(await reasonOf()).toContain('only 1 ranges of public addresses may reach it');
  });

  test('whose endpoint shows a certificate of another authority', async () => {
    const data = Buffer.from('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n').toString('base64');
    const seen = cluster.tokens.length;
    eks.answer = { cluster: described({ certificateAuthority: { data } }) };
    expect(await reasonOf()).toContain('cannot list pods');
    expect(cluster.tokens).toHaveLength(seen);
  });

  test('that does not take the token', async () => {
    // What is described is the cluster `shop`; a token for `bank` is worth nothing to it.
    expect(await reasonOf('bank')).toContain(
      'does not accept the credentials (401); give the role of this task an access entry',
    );
  });

  test.each([
    ['no region', {}, 'no region is known; write region in the environment, or set AWS_REGION'],
    ['no credentials', { AWS_REGION: 'eu-west-1' }, 'there are no AWS credentials: '],
  ])('where there is %s', async (_what, environment, reason) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', WITHOUT_ACCOUNT], {
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true', ...environment },
      timeout: 30_000,
    });
    expect(stdout).toContain(`Fettle.Unavailable: eks shop: ${reason}`);
  });

  test('whose description does not come', async () => {
    eks.answer = 'silence';
    expect(await reasonOf('shop', 2)).toContain('gave no answer in time');
  });
});

test('a private endpoint that can be reached is read as any other', async () => {
  eks.answer = { cluster: described({ resourcesVpcConfig: { endpointPublicAccess: false } }) };
  expect((await check()).findings).toMatchObject([{ kind: 'crash-looping' }]);
});

test('the permission is to describe these clusters and nothing else', () => {
  const platform = { region: 'eu-west-1', account: '111122223333', targets: { kubernetes: { a: { eks: 'shop' } } } };
  expect(task.permissions(platform as never)).toEqual([
    { actions: ['eks:DescribeCluster'], resources: ['arn:aws:eks:eu-west-1:111122223333:cluster/shop'] },
  ]);
});
