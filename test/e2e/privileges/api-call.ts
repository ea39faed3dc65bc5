import type { IncomingHttpHeaders } from 'node:http';
import type { ApiRequest } from './api-request.ts';
import { arn, callsOfReviews } from './review-call.ts';
import type { Right } from './role-policy.ts';

/** The question about an account as a whole, which is asked of no bucket. */
const ACCOUNT_BLOCK = '/v20180820/configuration/publicAccessBlock';

type Asked = Readonly<Record<string, unknown>>;

/** What each service asks IAM for, whatever the operation is. */
const SERVICES: Readonly<Record<string, (request: ApiRequest) => readonly Right[] | undefined>> = {
  s3: (request) => {
    const call = callOfS3(request);
    return call && [call];
  },
  secretsmanager: (request) => {
    const { action, asked } = jsonCall(request);
    const id = String(asked['SecretId']);
    const resource = id.startsWith('arn:') ? id : arn('secretsmanager', `secret:${id}-AbCdEf`);
    return [{ action: `secretsmanager:${action}`, resource }];
  },
  logs: (request) => {
    const { action, asked } = jsonCall(request);
    // Of a list IAM is asked about a group without a name.
    const group = String(asked['logGroupName'] ?? '');
    return [{ action: `logs:${action}`, resource: arn('logs', `log-group:${group}:log-stream:`) }];
  },
  // Metrics have no ARNs.
  monitoring: ({ headers }) => [{ action: `cloudwatch:${operationIn(headers)}`, resource: '*' }],
  sns: ({ body }) => {
    const form = new URLSearchParams(body.toString());
    return [{ action: `sns:${form.get('Action') ?? ''}`, resource: form.get('TopicArn') ?? '' }];
  },
  ecs: (request) => {
    const { action, asked } = jsonCall(request);
    // Only the two that name things one by one are asked for by these; IAM knows no resource for the lists.
    const things = { DescribeServices: asked['services'], DescribeTasks: asked['tasks'] }[action] ?? ['*'];
    return (things as readonly string[]).map((resource) => ({ action: `ecs:${action}`, resource }));
  },
  'application-autoscaling': ({ headers }) => [
    { action: `application-autoscaling:${operationIn(headers)}`, resource: '*' },
  ],
};

/** What a policy must allow for this request; undefined for one that is not understood, which is then no handler's. */
export function callsOf(request: ApiRequest): readonly Right[] | undefined {
  const service = signedFor(request);
  return SERVICES[service]?.(request) ?? callsOfReviews(service, request);
}

/** The service that a request is signed for. */
export function signedFor({ headers }: Pick<ApiRequest, 'headers'>): string {
  return /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';
}

function callOfS3({ method, url }: ApiRequest): Right | undefined {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const path = decodeURIComponent(pathname).slice(1);
  if (`/${path}` === ACCOUNT_BLOCK) {
    return method === 'GET' ? { action: 's3:GetAccountPublicAccessBlock', resource: '*' } : undefined;
  }
  const slash = path.indexOf('/');
  const [bucket, key] = slash === -1 ? [path, ''] : [path.slice(0, slash), path.slice(slash + 1)];
  if (bucket === '') return method === 'GET' ? { action: 's3:ListAllMyBuckets', resource: '*' } : undefined;
  if (key === '') {
    const action = method === 'GET' ? actionOnBucket(searchParams) : undefined;
    return action === undefined ? undefined : { action, resource: `arn:aws:s3:::${bucket}` };
  }
  // What else the question names would be another action: a tag, a part, a lock.
  const isPlain = [...searchParams.keys()].every((name) => name === 'x-id');
  const action = { GET: 'GetObject', HEAD: 'GetObject', PUT: 'PutObject', DELETE: 'DeleteObject' }[method];
  if (!isPlain || action === undefined) return undefined;
  return { action: `s3:${action}`, resource: `arn:aws:s3:::${bucket}/${key}` };
}

function actionOnBucket(query: URLSearchParams): string | undefined {
  if (query.get('list-type') === '2') return 's3:ListBucket';
  if (query.has('publicAccessBlock')) return 's3:GetBucketPublicAccessBlock';
  if (query.has('policyStatus')) return 's3:GetBucketPolicyStatus';
  return query.has('acl') ? 's3:GetBucketAcl' : undefined;
}

function jsonCall({ headers, body }: ApiRequest): { readonly action: string; readonly asked: Asked } {
  return { action: operationIn(headers), asked: JSON.parse(body.toString()) as Asked };
}

function operationIn({ 'x-amz-target': target }: IncomingHttpHeaders): string {
  return String(target).replace(/^.*\./, '');
}
