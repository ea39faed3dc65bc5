import type { IncomingHttpHeaders } from 'node:http';
import { ACCOUNT, REGION } from '../cloud/server.ts';
import type { Right } from './role-policy.ts';

/** A request as it stands on the line. */
export interface ApiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

type Asked = Readonly<Record<string, unknown>>;

/** What each service asks IAM for: the action, and the resource as AWS names it. Nothing for what is not known here. */
const SERVICES: Readonly<Record<string, (request: ApiRequest) => readonly (Right | undefined)[]>> = {
  s3: (request) => [callOfS3(request)],
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
  eks: ({ method, url }) => {
    const cluster = /^\/clusters\/([^/?]+)$/.exec(url)?.[1];
    if (method !== 'GET' || cluster === undefined) return [];
    return [{ action: 'eks:DescribeCluster', resource: arn('eks', `cluster/${decodeURIComponent(cluster)}`) }];
  },
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
  rds: ({ body }) => {
    const form = new URLSearchParams(body.toString());
    const action = form.get('Action') ?? '';
    const [type, name] =
      { DescribeDBInstances: ['db', 'DBInstanceIdentifier'], DescribeDBClusters: ['cluster', 'DBClusterIdentifier'] }[
        action
      ] ?? (action === 'DescribeDBParameters' ? ['pg', 'DBParameterGroupName'] : []);
    if (type === undefined || name === undefined) return [];
    // A list of all is one of every name.
    return [{ action: `rds:${action}`, resource: arn('rds', `${type}:${form.get(name) ?? '*'}`) }];
  },
  elasticache: ({ body }) => {
    const form = new URLSearchParams(body.toString());
    if (form.get('Action') !== 'DescribeCacheClusters') return [];
    const resource = arn('elasticache', `cluster:${form.get('CacheClusterId') ?? '*'}`);
    return [{ action: 'elasticache:DescribeCacheClusters', resource }];
  },
};

/** What a policy must allow for this request; nothing for one that is not understood, which is then no handler's. */
export function callsOf(request: ApiRequest): readonly Right[] {
  return SERVICES[signedFor(request)]?.(request).filter((right) => right !== undefined) ?? [];
}

/** The service that a request is signed for. */
export function signedFor({ headers }: Pick<ApiRequest, 'headers'>): string {
  return /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';
}

function callOfS3({ method, url }: ApiRequest): Right | undefined {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const path = decodeURIComponent(pathname).slice(1);
  const slash = path.indexOf('/');
  const [bucket, key] = slash === -1 ? [path, ''] : [path.slice(0, slash), path.slice(slash + 1)];
  if (bucket === '') return undefined;
  if (key === '') {
    if (method !== 'GET' || searchParams.get('list-type') !== '2') return undefined;
    return { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` };
  }
  // What else the question names would be another action: a tag, a part, a lock.
  const isPlain = [...searchParams.keys()].every((name) => name === 'x-id');
  const action = { GET: 'GetObject', HEAD: 'GetObject', PUT: 'PutObject', DELETE: 'DeleteObject' }[method];
  if (!isPlain || action === undefined) return undefined;
  return { action: `s3:${action}`, resource: `arn:aws:s3:::${bucket}/${key}` };
}

function jsonCall({ headers, body }: ApiRequest): { readonly action: string; readonly asked: Asked } {
  return { action: operationIn(headers), asked: JSON.parse(body.toString()) as Asked };
}

function operationIn({ 'x-amz-target': target }: IncomingHttpHeaders): string {
  return String(target).replace(/^.*\./, '');
}

function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}
