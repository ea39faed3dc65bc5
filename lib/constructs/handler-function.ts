import { ArnFormat, Duration, Stack, Validations } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function, Runtime, Tracing, type CfnFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ResolvedPlatform } from '../../core/platform.ts';
import { GrantedRole, type Grant } from './granted-role.ts';

/** What every function of a platform has in common. */
export interface Surroundings {
  readonly logGroup: ILogGroup;
  readonly bucketName: string;
}

export interface HandlerFunctionProps extends Surroundings {
  readonly functionName: string;
  readonly description: string;
  /** The folder of the bundle. */
  readonly folder: string;
  readonly timeoutSeconds: number;
  readonly grants: readonly Grant[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its targets are private. */
  readonly network?: ResolvedPlatform['network'];
  /** Where what it could not take goes, or why nobody invokes it asynchronously. */
  readonly undelivered: IQueue | { readonly none: string };
}

/** Enough for the SDK and a catalogue of ten thousand keys; below, the share of a processor is what tells. */
const MEMORY_MIB = 512;

const NETWORK_ACTIONS = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** A Lambda function with a role of its own, which may do what is granted here and nothing else. */
export class HandlerFunction extends Construct {
  readonly function: Function;

  constructor(scope: Construct, id: string, props: HandlerFunctionProps) {
    super(scope, id);
    const { functionName, description, network, undelivered, logGroup } = props;
    const queue = 'none' in undelivered ? undefined : undelivered;
    const { role } = new GrantedRole(this, 'Role', {
      description: `${functionName}: ${description}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      grants: [
        ...props.grants,
        ...standardGrants(functionName, logGroup),
        ...(queue ? [undeliveredGrant(queue)] : []),
        ...(network ? networkGrants(functionName) : []),
      ],
      denies: network ? this.networkDenials(functionName) : [],
    });
    this.function = new Function(this, 'Resource', {
      functionName,
      description: description.slice(0, 256),
      code: Code.fromAsset(props.folder),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: MEMORY_MIB,
      timeout: Duration.seconds(props.timeoutSeconds),
      tracing: Tracing.ACTIVE,
      logGroup,
      environment: { FETTLE_STORE: `s3://${props.bucketName}`, ...props.environment },
      // All that it may do stands in one inline policy.
      role: role.withoutPolicyUpdates(),
    });
    const resource = this.function.node.defaultChild as CfnFunction;
    if (network) {
      // By their ids: a look-up would need credentials at synth.
      resource.vpcConfig = { subnetIds: network.subnets, securityGroupIds: network.securityGroups };
    }
    if (queue) resource.deadLetterConfig = { targetArn: queue.queueArn };
    else if ('none' in undelivered) {
      Validations.of(this.function).acknowledge({ id: 'Serverless-LambdaDLQ', reason: undelivered.none });
    }
  }

  /** The service makes the interfaces; the code in the function never has to. */
  private networkDenials(functionName: string): readonly Grant[] {
    const arn = Stack.of(this).formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: functionName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    return [
      {
        actions: NETWORK_ACTIONS,
        resources: ['*'],
        conditions: { ArnEquals: { 'lambda:SourceFunctionArn': arn } },
        because: 'the service makes the network interfaces; the code in the function never has to',
      },
    ];
  }
}

function undeliveredGrant({ queueArn }: IQueue): Grant {
  return {
    actions: ['sqs:SendMessage'],
    resources: [queueArn],
    because: 'the Lambda service keeps there what the function could not take',
  };
}

function standardGrants(functionName: string, logGroup: ILogGroup): readonly Grant[] {
  return [
    {
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
      because: `${functionName} writes streams of this one log group, which Lambda names`,
    },
    {
      actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
      resources: ['*'],
      because: `${functionName} sends traces, and X-Ray knows no resources for that`,
    },
  ];
}

function networkGrants(functionName: string): readonly Grant[] {
  return [
    {
      actions: NETWORK_ACTIONS,
      resources: ['*'],
      because:
        `the Lambda service makes and removes the network interfaces of ${functionName}, whose ids nobody knows ` +
        `before; its own code is denied the same actions`,
    },
  ];
}
