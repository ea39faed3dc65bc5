import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import type { Cloud } from '../cloud/server.ts';

/** One action on one resource: what a statement of IAM is made of, and the least that can be taken away. */
export interface Right {
  readonly action: string;
  readonly resource: string;
}

const list = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

export const PolicyDocument = z.object({
  Version: z.string(),
  Statement: z.array(
    z.strictObject({
      Effect: z.enum(['Allow', 'Deny']),
      Action: list,
      Resource: list,
      Condition: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});
export type PolicyDocument = z.infer<typeof PolicyDocument>;

/** The role of a deployed function with all that it may do. */
export interface FunctionRole {
  readonly functionArn: string;
  readonly roleArn: string;
  readonly policyName: string;
  readonly policy: PolicyDocument;
}

/** Reads the role of a function as it is deployed. Throws where it has more than its one inline policy. */
export async function readRole({ client }: Cloud, functionName: string): Promise<FunctionRole> {
  const lambda = new LambdaClient({ ...client, ...awsClientSettings() });
  const iam = new IAMClient({ ...client, ...awsClientSettings() });
  const { Role: roleArn = '', FunctionArn: functionArn = '' } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: functionName }),
  );
  const RoleName = nameOf(roleArn);
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const [policyName = '', ...others] = PolicyNames;
  if (others.length > 0) throw new Error(`${RoleName} has more policies than one: ${PolicyNames.join(', ')}`);
  const found = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: policyName }));
  const policy = PolicyDocument.parse(JSON.parse(decodeURIComponent(found.PolicyDocument ?? '')));
  return { functionArn, roleArn, policyName, policy };
}

/** The roles of all functions of the account. */
export async function readRoles(cloud: Cloud): Promise<FunctionRole[]> {
  const lambda = new LambdaClient({ ...cloud.client, ...awsClientSettings() });
  const pages = await Array.fromAsync(paginateListFunctions({ client: lambda }, {}));
  const names = pages.flatMap(({ Functions = [] }) => Functions.flatMap(({ FunctionName }) => FunctionName ?? []));
  return Array.fromAsync(names, (name) => readRole(cloud, name));
}

/** Gives the role this policy in the place of the one that it has. */
export async function putPolicy({ client }: Cloud, role: FunctionRole, policy: PolicyDocument): Promise<void> {
  const iam = new IAMClient({ ...client, ...awsClientSettings() });
  const { roleArn, policyName: PolicyName } = role;
  await iam.send(
    new PutRolePolicyCommand({ RoleName: nameOf(roleArn), PolicyName, PolicyDocument: JSON.stringify(policy) }),
  );
}

/** Everything that a policy allows, right by right. */
export function rightsOf({ Statement }: PolicyDocument): Right[] {
  return Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action, Resource }) =>
    Action.flatMap((action) => Resource.map((resource) => ({ action, resource }))),
  );
}

/** The policy without some rights, and otherwise as it was. */
export function without(policy: PolicyDocument, taken: readonly Right[]): PolicyDocument {
  const isTaken = (right: Right) => taken.some((one) => textOf(one) === textOf(right));
  const Statement = policy.Statement.flatMap((statement) => {
    if (statement.Effect === 'Deny') return [statement];
    return statement.Action.flatMap((action) => {
      const Resource = statement.Resource.filter((resource) => !isTaken({ action, resource }));
      return Resource.length === 0 ? [] : [{ ...statement, Action: [action], Resource }];
    });
  });
  return { ...policy, Statement };
}

/** A right for people: `s3:GetObject on arn:aws:s3:::…`. */
export function textOf({ action, resource }: Right): string {
  return `${action} on ${resource}`;
}

function nameOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
