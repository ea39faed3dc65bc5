import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { principalIn } from '../../../../lambdas/tasks/kubernetes/_caller.ts';
import { rightGrant } from '../../../../lambdas/tasks/kubernetes/_grant.ts';
import { WORKLOAD_RESOURCES } from '../../../../lambdas/tasks/kubernetes/_workload-list.ts';
import { task } from '../../../../lambdas/tasks/kubernetes/check-pods.ts';
import * as demo from '../../../../lib/demo/pods.ts';
import { inWords, needCalled, needsOf } from '../../../harness/needs-of.ts';
import { startEks, type EksServer } from '../../../servers/eks.ts';
import { startEksCluster } from './_eks-cluster.ts';
import { carryOut } from './_kubectl.ts';

const account = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret-of-the-account' };
const SESSION = 'arn:aws:sts::111122223333:assumed-role/fettle/laptop';
const ROLE = 'arn:aws:iam::111122223333:role/fettle';
const LIST = { verb: 'list', resources: ['pods'], namespace: undefined } as const;
const now = new Date();
const before = { ...process.env };
const asked: string[] = [];
const sts = createServer((request, response) => {
  asked.push(
    `${request.headers['x-k8s-aws-id']} ${new URL(request.url ?? '/', 'http://sts').searchParams.get('Action')}`,
  );
  response.end(JSON.stringify({ GetCallerIdentityResponse: { GetCallerIdentityResult: { Arn: SESSION } } }));
});
let cluster: Awaited<ReturnType<typeof startEksCluster>>;
let eks: EksServer;

beforeAll(async () => {
  cluster = await startEksCluster('shop', account, demo.podsOf(2, { workload: 'web', namespace: 'shop', now }));
  eks = await startEks('silence');
  await new Promise<void>((resolve) => sts.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: account.accessKeyId,
    AWS_SECRET_ACCESS_KEY: account.secretAccessKey,
    AWS_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL_EKS: eks.endpoint,
    AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${(sts.address() as AddressInfo).port}`,
  });
});
beforeEach(() => {
  eks.answer = {
    cluster: {
      name: 'shop',
      status: 'ACTIVE',
      endpoint: cluster.url,
      certificateAuthority: { data: cluster.authorityData },
      resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ['0.0.0.0/0'] },
    },
  };
});
afterAll(async () => {
  process.env = before;
  sts.close();
  await Promise.all([eks.close(), cluster.close()]);
});

const ask = (name = 'shop') => needsOf({ task, now, targets: { cluster: { eks: name } } });

test('a role that IAM knows and the cluster does not is a missing login, with the entry for that very role', async () => {
  const login = needCalled(await ask('bank'), 'log in');

  expect(login).toMatchObject({ state: 'missing', detail: expect.stringContaining(`${ROLE} has no access entry`) });
  expect(carryOut(login.grant ?? '')).toEqual({
    rights: ['pods', ...WORKLOAD_RESOURCES].map((resource) => ({ verb: 'list', resource })),
    subjects: ['group=fettle'],
    entries: [{ verb: 'create', principal: ROLE, groups: ['fettle'] }],
  });
  expect(asked.at(-1)).toBe('bank GetCallerIdentity');
});

test('a cluster that lets the role in is met', async () => {
  expect(inWords(await ask())).toEqual(['met be reached', 'met log in', 'met list pods', 'met list workloads']);
});

test('a cluster that may not be described is missing, with the policy for it alone', async () => {
  const message = `User: ${SESSION} is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:eu-west-1:111122223333:cluster/shop`;
  eks.answer = { status: 403, error: 'AccessDeniedException', message };
  const [need] = await ask();

  expect(need).toMatchObject({ need: 'be described', state: 'missing' });
  expect(JSON.parse(need?.grant ?? '')).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['eks:DescribeCluster'],
        Resource: ['arn:aws:eks:eu-west-1:111122223333:cluster/shop'],
      },
    ],
  });
});

test('a cluster that does not exist is unknown with the reason', async () => {
  eks.answer = { status: 404, error: 'ResourceNotFoundException', message: 'No cluster found for name: nope.' };
  expect(await ask('nope')).toMatchObject([
    { state: 'unknown', detail: expect.stringContaining('there is no such cluster') },
  ]);
});

test('the right of a role is bound to a group and never to the name of one session', () => {
  const identity = { username: SESSION, groups: ['readers', 'system:authenticated'], principal: ROLE };

  expect(carryOut(rightGrant(LIST, identity, 'shop') ?? '')).toEqual({
    rights: [{ verb: 'list', resource: 'pods' }],
    subjects: ['group=fettle'],
    entries: [{ verb: 'update', principal: ROLE, groups: ['readers', 'fettle'] }],
  });
  expect(rightGrant(LIST, { ...identity, groups: ['fettle'] }, 'shop')).not.toContain('aws eks');
});

test.each([
  [SESSION, ROLE],
  ['arn:aws:iam::111122223333:user/team/kim', 'arn:aws:iam::111122223333:user/team/kim'],
  ['arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/kim', undefined],
  ['arn:aws:sts::111122223333:assumed-role/a; reboot/x', undefined],
  ['', undefined],
])('of %j the principal is %j', (arn, principal) => {
  expect(principalIn(arn)).toBe(principal);
});
