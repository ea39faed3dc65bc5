import * as eks from '@aws-sdk/client-eks';
import * as guardduty from '@aws-sdk/client-guardduty';
import * as inspector2 from '@aws-sdk/client-inspector2';
import * as lambda from '@aws-sdk/client-lambda';
import * as securityhub from '@aws-sdk/client-securityhub';
import { matchRoute, routesOf } from '../../../lib/demo/aws/rest.ts';
import { ACCOUNT, REGION } from '../cloud/server.ts';
import type { ApiRequest } from './api-request.ts';
import type { Right } from './role-policy.ts';

type Asked = Readonly<Record<string, unknown>>;
/** The resources about which IAM is asked; none where everybody may ask. */
type Resources = (asked: Asked) => readonly string[];

const everything: Resources = () => ['*'];
/** One thing that is named; a list of all is one of every name. */
const named =
  (service: string, type: string, field: string, separator = ':'): Resources =>
  (asked) => [arn(service, `${type}${separator}${text(asked[field] ?? '*')}`)];
const ofCluster: Resources = named('eks', 'cluster', 'clusterName', '/');
const clusterNamed: Resources = named('eks', 'cluster', 'name', '/');
/** ARNs of node groups and add-ons end with an id that EKS gives. */
const inCluster =
  (type: string, field: string): Resources =>
  (asked) => [arn('eks', `${type}/${text(asked['clusterName'])}/${text(asked[field])}/1a2b`)];
const repository = named('ecr', 'repository', 'repositoryName', '/');
const detector = named('guardduty', 'detector', 'DetectorId', '/');

/** What reviews ask for, operation by operation: what is not here is not known. */
const OPERATIONS: Readonly<Record<string, Readonly<Record<string, Resources>>>> = {
  ec2: {
    DescribeImages: everything,
    DescribeInstances: everything,
    DescribeLaunchTemplates: everything,
    DescribeLaunchTemplateVersions: everything,
    DescribeNetworkInterfaces: everything,
    DescribeSecurityGroups: everything,
    DescribeSnapshots: everything,
    GetManagedPrefixListEntries: named('ec2', 'prefix-list', 'PrefixListId', '/'),
  },
  ecr: { DescribeImages: repository, DescribeImageScanFindings: repository, DescribeRepositories: repository },
  eks: {
    DescribeAddon: inCluster('addon', 'addonName'),
    DescribeAddonVersions: everything,
    DescribeCluster: clusterNamed,
    DescribeClusterVersions: everything,
    DescribeInsight: ofCluster,
    DescribeNodegroup: inCluster('nodegroup', 'nodegroupName'),
    DescribeUpdate: clusterNamed,
    ListAddons: ofCluster,
    ListClusters: everything,
    ListInsights: ofCluster,
    ListNodegroups: ofCluster,
    ListUpdates: clusterNamed,
  },
  elasticache: {
    DescribeCacheClusters: named('elasticache', 'cluster', 'CacheClusterId'),
    DescribeCacheEngineVersions: everything,
    DescribeReplicationGroups: named('elasticache', 'replicationgroup', 'ReplicationGroupId'),
    DescribeUpdateActions: everything,
    ListTagsForResource: ({ ResourceName }) => [text(ResourceName)],
  },
  guardduty: { GetDetector: detector, GetFindings: detector, ListDetectors: everything, ListFindings: detector },
  iam: {
    GenerateCredentialReport: everything,
    GenerateServiceLastAccessedDetails: ({ Arn }) => [text(Arn)],
    GetAccountSummary: everything,
    GetCredentialReport: everything,
    GetServiceLastAccessedDetails: everything,
    ListRoles: everything,
  },
  inspector2: { BatchGetAccountStatus: everything, ListFindings: everything },
  lambda: { ListFunctions: everything, ListTags: ({ Resource }) => [text(Resource)] },
  rds: {
    DescribeCertificates: everything,
    DescribeDBClusters: named('rds', 'cluster', 'DBClusterIdentifier'),
    DescribeDBEngineVersions: everything,
    DescribeDBInstances: named('rds', 'db', 'DBInstanceIdentifier'),
    DescribeDBMajorEngineVersions: everything,
    DescribeDBParameters: named('rds', 'pg', 'DBParameterGroupName'),
    // What waits for instances and clusters alike.
    DescribePendingMaintenanceActions: () => [arn('rds', 'db:*'), arn('rds', 'cluster:*')],
  },
  securityhub: { DescribeHub: everything, GetEnabledStandards: everything, GetFindings: everything },
  ssm: {
    DescribeInstanceInformation: everything,
    DescribeInstancePatchStates: everything,
    GetParameters: ({ Names }) => (Names as readonly string[]).map(parameter),
  },
  // No policy can refuse it.
  sts: { GetCallerIdentity: () => [] },
};

const ROUTES = {
  eks: routesOf(eks),
  guardduty: routesOf(guardduty),
  inspector2: routesOf(inspector2),
  lambda: routesOf(lambda),
  securityhub: routesOf(securityhub),
};

/** What a policy must allow for a request of a review to this service; undefined where it is not understood. */
export function callsOfReviews(service: string, request: ApiRequest): readonly Right[] | undefined {
  const { operation, asked } = operationOf(service, request) ?? {};
  const resources = OPERATIONS[service]?.[operation ?? ''];
  return resources?.(asked ?? {}).map((resource) => ({ action: `${service}:${operation}`, resource }));
}

/** The ARN of a thing in the region of the tests. */
export function arn(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}

interface Operation {
  readonly operation: string;
  readonly asked: Asked;
}

function operationOf(service: string, { method, url, headers, body }: ApiRequest): Operation | undefined {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') {
    return { operation: target.slice(target.lastIndexOf('.') + 1), asked: JSON.parse(body.toString()) as Asked };
  }
  const routes = service in ROUTES ? ROUTES[service as keyof typeof ROUTES] : undefined;
  if (routes !== undefined) {
    const match = matchRoute(routes, method, new URL(url, 'http://aws'));
    return match && { operation: match.operation, asked: match.labels };
  }
  const form = new URLSearchParams(body.toString());
  return { operation: form.get('Action') ?? '', asked: Object.fromEntries(form) };
}

/** The public parameters of AWS belong to no account. */
function parameter(name: string): string {
  return name.startsWith('/aws/service/') ? `arn:aws:ssm:${REGION}::parameter${name}` : arn('ssm', `parameter${name}`);
}

function text(value: unknown): string {
  return String(value);
}
