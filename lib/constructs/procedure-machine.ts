import { Stack, Validations } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Procedure, ResolvedPlatform } from '../../core/platform.ts';
import { resourceName, stackName } from '../../state-machines/names.ts';
import { procedureDefinition } from '../../state-machines/procedure.ts';
import { GrantedRole, type Grant } from './granted-role.ts';

export interface ProcedureMachineProps {
  readonly platform: ResolvedPlatform;
  readonly procedure: Procedure;
  /** Those that its states invoke. */
  readonly functions: readonly IFunction[];
  readonly logGroup: ILogGroup;
}

/** The state machine of a procedure: word for word the definition that the embedded engine runs. */
export class ProcedureMachine extends Construct {
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, { platform, procedure, functions, logGroup }: ProcedureMachineProps) {
    super(scope, id);
    this.name = resourceName(stackName(platform.platform, platform.environment), procedure.name);
    const { role } = new GrantedRole(this, 'Role', {
      description: `${this.name}: invokes the functions of its states`,
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      grants: [
        {
          actions: ['lambda:InvokeFunction'],
          resources: functions.map(({ functionArn }) => functionArn),
          because: 'invokes the functions of its states',
        },
        ...observability(this.name),
      ],
    });
    const machine = new CfnStateMachine(this, 'Resource', {
      stateMachineName: this.name,
      stateMachineType: 'STANDARD',
      roleArn: role.roleArn,
      definitionString: JSON.stringify(procedureDefinition(platform, procedure)),
      loggingConfiguration: {
        level: 'ERROR',
        includeExecutionData: false,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: logGroup.logGroupArn } }],
      },
      tracingConfiguration: { enabled: true },
    });
    this.arn = machine.attrArn;
    Validations.of(machine).acknowledge({
      id: 'AwsSolutions-SF1',
      reason:
        `Every state of ${procedure.name} leaves a record of its own in the bucket, and Step Functions keeps the ` +
        `history of the execution; the log is for what went wrong.`,
    });
  }
}

function observability(machine: string): readonly Grant[] {
  return [
    {
      actions: [
        'logs:CreateLogDelivery',
        'logs:GetLogDelivery',
        'logs:UpdateLogDelivery',
        'logs:DeleteLogDelivery',
        'logs:ListLogDeliveries',
        'logs:PutResourcePolicy',
        'logs:DescribeResourcePolicies',
        'logs:DescribeLogGroups',
      ],
      resources: ['*'],
      because: `Step Functions sets up the log of ${machine} through log deliveries, which have no ARNs`,
    },
    {
      actions: [
        'xray:PutTraceSegments',
        'xray:PutTelemetryRecords',
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
      ],
      resources: ['*'],
      because: `${machine} sends traces, and X-Ray knows no resources for that`,
    },
  ];
}
