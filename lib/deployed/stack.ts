import { partitionOf } from '../../core/aws-partition.ts';
import { DescribeStacksCommand, paginateListStackResources, type Stack } from '@aws-sdk/client-cloudformation';
import { InvalidInput, messageOf, Refused, Unavailable } from '../../core/errors.ts';
import { resourceName, stackName } from '../../state-machines/names.ts';
import { awsErrorName, everyPage, unlessAbsent, type AwsNeed } from './aws-call.ts';
import type { Clients } from './clients.ts';
import type { Home } from './own-region.ts';

/** The stack of a platform and environment as CloudFormation has it. */
export interface DeployedStack {
  readonly name: string;
  readonly arn: string;
  readonly status: string;
  /** When it was last made or changed. */
  readonly changedAt: Date | undefined;
  readonly outputs: ReadonlyMap<string, string>;
}

export interface DeployedResource {
  readonly logicalId: string;
  readonly type: string;
  /** A name or an ARN, as the type has it; empty where it was never made. */
  readonly physicalId: string;
  readonly status: string;
}

/** Reads the stack. Throws `InvalidInput` where there is none, and `Refused` where it is somewhere else. */
export async function readStack({ cloudFormation }: Clients, home: Home): Promise<DeployedStack> {
  const name = stackName(home.platform, home.environment);
  const answer = await unlessAbsent(needOf(name, 'cloudformation:DescribeStacks', home), isMissing, () =>
    cloudFormation.send(new DescribeStacksCommand({ StackName: name })),
  );
  const found = answer?.Stacks?.[0];
  if (!found || found.StackStatus === 'DELETE_COMPLETE' || found.StackStatus === 'REVIEW_IN_PROGRESS')
    throw new InvalidInput(
      'STACK_NOT_FOUND',
      `${home.platform} ${home.environment} has no stack ${name} in account ${home.account}, region ${home.region}`,
    );
  const stack = deployedStack(name, found);
  requirePlace(stack, home);
  return stack;
}

/** Every resource of the stack, those that were removed left out. */
export async function readResources(
  { cloudFormation }: Clients,
  { name }: DeployedStack,
  home: Home,
): Promise<DeployedResource[]> {
  const need = needOf(name, 'cloudformation:ListStackResources', home);
  const pages = paginateListStackResources({ client: cloudFormation }, { StackName: name });
  const summaries = await everyPage(need, pages, ({ StackResourceSummaries }) => StackResourceSummaries);
  return summaries
    .map((one) => ({
      logicalId: one.LogicalResourceId ?? '',
      type: one.ResourceType ?? '',
      physicalId: one.PhysicalResourceId ?? '',
      status: one.ResourceStatus ?? '',
    }))
    .filter(({ status }) => status !== 'DELETE_COMPLETE');
}

/** An output that every stack of ours has. Throws `Unavailable` where it lacks, as while the stack is being made. */
export function requireOutput({ name, outputs, status }: DeployedStack, output: string): string {
  const value = outputs.get(output);
  if (value !== undefined) return value;
  throw new Unavailable(`the stack ${name} (${status}) has no output ${output}; wait for its end, or deploy it again`);
}

/** The ARN of the state machine of a procedure. Throws `InvalidInput` where the stack has none for it. */
export function machineArn(stack: DeployedStack, procedure: string): string {
  const ending = `:stateMachine:${resourceName(stack.name, procedure)}`;
  const arn = [...stack.outputs.values()].find((value) => value.endsWith(ending));
  if (arn !== undefined) return arn;
  throw new InvalidInput(
    'PROCEDURE_NOT_DEPLOYED',
    `the profile has a procedure ${procedure} and the stack ${stack.name} has none; deploy it: npx cdk deploy`,
  );
}

export function needOf(name: string, permission: string, { region, account }: Home): AwsNeed {
  const resource = `arn:${partitionOf(region)}:cloudformation:${region}:${account}:stack/${name}/*`;
  return { what: `the stack ${name}`, permission, resource };
}

function deployedStack(name: string, stack: Stack): DeployedStack {
  const outputs = (stack.Outputs ?? []).flatMap(({ OutputKey, OutputValue }) =>
    OutputKey !== undefined && OutputValue !== undefined ? [[OutputKey, OutputValue] as const] : [],
  );
  return {
    name,
    arn: stack.StackId ?? '',
    status: stack.StackStatus ?? 'of unknown state',
    changedAt: stack.LastUpdatedTime ?? stack.CreationTime,
    outputs: new Map(outputs),
  };
}

/** An endpoint that is another account's or region's answers with a stack of its own. */
function requirePlace({ name, arn }: DeployedStack, { platform, environment, account, region }: Home): void {
  const [, , , inRegion = '', inAccount = ''] = arn.split(':');
  const belongs = `${platform} ${environment} belongs to`;
  if (inAccount !== account)
    throw new Refused('ACCOUNT_MISMATCH', `${belongs} account ${account}, and the stack ${name} is in ${inAccount}`);
  if (inRegion !== region)
    throw new Refused('REGION_MISMATCH', `${belongs} region ${region}, and the stack ${name} is in ${inRegion}`);
}

/** CloudFormation has no name of its own for it. */
function isMissing(thrown: unknown): boolean {
  return awsErrorName(thrown) === 'ValidationError' && messageOf(thrown).includes('does not exist');
}
