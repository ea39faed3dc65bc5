import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Validations } from 'aws-cdk-lib';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { entriesOf, type Entry } from '../../../core/platform.ts';
import { narrowedTo } from '../../../lib/stacks/narrowed-platform.ts';
import { documentFolder } from '../../../lambdas/runtime/documents.ts';
import { resourceName } from '../../../state-machines/names.ts';
import { actionsOf, resourcesOf, statementsOf, synthesize, type Synthesized } from './synthesized.ts';

const ANY_FUNCTION = [
  's3:ListBucket',
  's3:GetObject',
  's3:PutObject',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
];

/** What IAM knows no resource for: what is of no single thing, and most lists. */
const WITHOUT_RESOURCES = new RegExp(
  `^(${[
    '(xray|logs|cloudwatch):.*',
    'ec2:(CreateNetworkInterface|DeleteNetworkInterface|Describe.*|GetManagedPrefixListEntries|.*PrivateIpAddresses)',
    'ecs:(List.*|DescribeTaskDefinition)',
    'application-autoscaling:Describe.*',
    'rds:Describe(DBEngineVersions|DBMajorEngineVersions|Certificates)',
    'elasticache:Describe(CacheEngineVersions|UpdateActions)',
    'eks:(ListClusters|DescribeClusterVersions|DescribeAddonVersions)',
    'lambda:ListFunctions',
    'iam:(GetAccountSummary|GenerateCredentialReport|GetCredentialReport|ListRoles|GetServiceLastAccessedDetails)',
    's3:(ListAllMyBuckets|GetAccountPublicAccessBlock)',
    'securityhub:(DescribeHub|GetEnabledStandards|GetFindings)',
    'guardduty:ListDetectors',
    'inspector2:(BatchGetAccountStatus|ListFindings)',
    'ssm:(DescribeInstanceInformation|DescribeInstancePatchStates)',
  ].join('|')})$`,
);

let eventchain: Synthesized;

beforeAll(async () => {
  eventchain = await synthesize();
});

function taskNames({ platform }: Synthesized): readonly string[] {
  return [
    ...new Set(
      Object.values(platform.procedures)
        .flatMap(entriesOf)
        .map(({ task }) => task),
    ),
  ];
}

function entriesFor({ platform }: Synthesized, name: string): readonly Entry[] {
  return Object.values(platform.procedures)
    .flatMap(entriesOf)
    .filter(({ task }) => task === name);
}

async function violatedRules({ folder }: Synthesized): Promise<readonly string[]> {
  const report: unknown = JSON.parse(await readFile(join(folder, 'validation-report.json'), 'utf8'));
  const { pluginReports } = report as { pluginReports: { violations: { ruleName: string }[] }[] };
  return pluginReports.flatMap(({ violations }) => violations).map(({ ruleName }) => ruleName);
}

const isInNetwork = (task: string) => /^(postgres|redis|kubernetes)-/.test(task);

describe('roles', () => {
  test('a task may do what it declares, reach its records and its log, and nothing else', () => {
    const { catalogue, platform, stack } = eventchain;
    for (const name of taskNames(eventchain)) {
      const task = catalogue.get(name)?.task;
      const statements = statementsOf(eventchain, resourceName(stack.stackName, name));

      const own = actionsOf(statements).filter(
        (action) => !ANY_FUNCTION.includes(action) && !(isInNetwork(name) && action.startsWith('ec2:')),
      );

      const permissions = task?.permissions(narrowedTo(platform, task.target, entriesFor(eventchain, name))) ?? [];
      const declared = permissions.flatMap(({ actions }) => actions);
      expect(own).toEqual([...new Set(declared)].filter((action) => !ANY_FUNCTION.includes(action)).sort());
      for (const { actions, resources } of permissions) {
        const written = { Action: actions.length === 1 ? actions[0] : actions };
        const Resource = resources.length === 1 ? resources[0] : resources;
        expect(statements).toContainEqual(expect.objectContaining({ ...written, Resource, Effect: 'Allow' }));
      }
    }
  });

  test('a task may not reach the targets that only others act on', () => {
    const resourcesFor = (task: string) => {
      const statements = statementsOf(eventchain, resourceName(eventchain.stack.stackName, task));
      return JSON.stringify(statements.map(({ Resource }) => Resource));
    };

    // Both act on logs: one on those of the application, the other on those of logins.
    expect(resourcesFor('logs-enforce-retention')).toContain('/eventchain/prod/application');
    expect(resourcesFor('logs-enforce-retention')).not.toContain('/eventchain/prod/auth');
    expect(resourcesFor('logs-check-failed-logins')).toContain('/eventchain/prod/auth');
    expect(resourcesFor('logs-check-failed-logins')).not.toContain('/eventchain/prod/application');
  });

  test('a task writes its own records and no other task’s, and removes nothing', () => {
    const { catalogue, stack } = eventchain;
    for (const name of taskNames(eventchain)) {
      const statements = statementsOf(eventchain, resourceName(stack.stackName, name));
      const written = statements.filter(({ Action }) => Action === 's3:PutObject');

      expect(written.length).toBeGreaterThan(0);
      const documentKey = catalogue.get(name)?.task.documentKey;
      const places = [name, ...(documentKey === undefined ? [] : [documentFolder(documentKey)])];
      for (const { Resource } of written) {
        const text = JSON.stringify(Resource);
        expect(places.filter((place) => text.includes(place))).toHaveLength(1);
      }
      expect(actionsOf(statements)).not.toContain('s3:DeleteObject');
    }
  });

  test('a star alone is found only where the service knows no resources', () => {
    for (const { Properties } of resourcesOf(eventchain, 'AWS::IAM::Role')) {
      const policies = Properties['Policies'] as readonly {
        readonly PolicyDocument: { readonly Statement: readonly { Action: string | string[]; Resource: unknown }[] };
      }[];
      for (const { Action, Resource } of policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)) {
        for (const action of [Action].flat()) {
          expect(action).not.toContain('*');
          if (Resource === '*') expect(action).toMatch(WITHOUT_RESOURCES);
        }
      }
    }
  });

  test('the code of a function in the network cannot touch network interfaces', () => {
    const statements = statementsOf(eventchain, 'fettle-eventchain-prod-postgres-vacuum');

    const denied = statements.find(({ Effect }) => Effect === 'Deny');

    expect(denied?.Action).toContain('ec2:DeleteNetworkInterface');
    expect(JSON.stringify(denied)).toContain('function:fettle-eventchain-prod-postgres-vacuum');
  });

  test('a role without a reason for its star cannot be made', async () => {
    const { GrantedRole } = await import('../../../lib/constructs/granted-role.ts');
    const { ServicePrincipal } = await import('aws-cdk-lib/aws-iam');
    const { App, Stack } = await import('aws-cdk-lib');
    const stack = new Stack(new App(), 'Some');
    const grants = [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::some/*'], because: '' }];
    const assumedBy = new ServicePrincipal('lambda.amazonaws.com');

    expect(() => new GrantedRole(stack, 'Role', { description: 'some', assumedBy, grants })).toThrow('needs a reason');
  });
});

describe('CDK', () => {
  test('finds nothing wrong with the template', async () => {
    expect(await violatedRules(eventchain)).toEqual([]);
  });

  test('is really looking: a security group whose id is none of AWS is a violation', async () => {
    const talk = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const network = { vpc: 'vpc-0a', subnets: ['subnet-0a'], securityGroups: ['sg-0a'] };
    const broken = await synthesize((platform) => ({ ...platform, network }));
    talk.mockRestore();

    expect(await violatedRules(broken)).toContain('E1150');
  });
});

describe('cdk-nag', () => {
  test('finds nothing that is not explained', () => {
    for (const checks of [new AwsSolutionsChecks(), new ServerlessChecks()]) {
      expect(checks.validateScope(eventchain.app).violations).toEqual([]);
    }
  });

  test('is really looking: a stack with an open bucket has findings', async () => {
    const { App, Stack } = await import('aws-cdk-lib');
    const { Bucket } = await import('aws-cdk-lib/aws-s3');
    const app = new App();
    new Bucket(new Stack(app, 'Open'), 'Bucket');

    expect(new AwsSolutionsChecks().validateScope(app).violations.map(({ ruleName }) => ruleName)).toContain(
      'AwsSolutions-S1',
    );
  });

  test('every explanation speaks of one resource alone', () => {
    const placesOf = new Map<string, Set<string>>();
    for (const { metadata, path } of eventchain.app.node.findAll().map(({ node }) => node)) {
      for (const { type, data } of metadata) {
        if (type !== Validations.ACKNOWLEDGED_RULES_METADATA_KEY) continue;
        for (const reason of Object.values(data as Record<string, unknown>).map((it) => JSON.stringify(it))) {
          placesOf.set(reason, (placesOf.get(reason) ?? new Set()).add(path));
        }
      }
    }

    expect(placesOf.size).toBeGreaterThan(20);
    expect([...placesOf].filter(([, places]) => places.size > 1)).toEqual([]);
  });
});

describe('the store', () => {
  test('is private, versioned, encrypted, reached over TLS only, and outlives its stack', () => {
    const [bucket, ...others] = resourcesOf(eventchain, 'AWS::S3::Bucket');

    expect(others).toEqual([]);
    expect(bucket).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
      },
    });
    expect(bucket?.Properties).not.toHaveProperty('BucketName');
    expect(JSON.stringify(bucket?.Properties['LifecycleConfiguration'])).not.toContain('"ExpirationInDays"');
    expect(JSON.stringify(resourcesOf(eventchain, 'AWS::S3::BucketPolicy'))).toContain('"aws:SecureTransport":"false"');
  });
});
