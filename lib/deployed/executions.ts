import {
  DescribeExecutionCommand,
  paginateListExecutions,
  StartExecutionCommand,
  type ExecutionStatus,
} from '@aws-sdk/client-sfn';
import { sha256 } from '../../core/json.ts';
import { Unavailable } from '../../core/errors.ts';
import { awsCall, awsErrorName, everyPage, isResourceNotFound, unlessAbsent, type AwsNeed } from './aws-call.ts';
import type { Clients } from './clients.ts';

/** How an execution stands, in the words of Step Functions. */
export interface ExecutionState {
  readonly status: ExecutionStatus;
  /** What ended it, where it did not succeed. */
  readonly error: string | undefined;
}

/** Step Functions takes 80 characters. */
const LONGEST_PROCEDURE = 45;

/** A name that tells procedure, starter and time, and that no other start has: `daily-person-20261121T020000123Z-1f2e3d`. */
export function executionName(procedure: string, now: Date, salt: string): string {
  const stamp = now.toISOString().replace(/[-:.]/g, '');
  return `${procedure.slice(0, LONGEST_PROCEDURE)}-person-${stamp}-${sha256(salt).slice(0, 6)}`;
}

/** Starts the state machine; its ARN. */
export async function startExecution(
  { stepFunctions }: Clients,
  { machine, name, input }: { readonly machine: string; readonly name: string; readonly input: unknown },
): Promise<string> {
  const need = { what: machine, verb: 'started', permission: 'states:StartExecution', resource: machine };
  const command = new StartExecutionCommand({ stateMachineArn: machine, name, input: JSON.stringify(input) });
  const { executionArn } = await awsCall(need, () => stepFunctions.send(command));
  if (executionArn === undefined) throw new Unavailable(`${machine} was started and no execution was named`);
  return executionArn;
}

/** How an execution stands; undefined where Step Functions knows nothing of it. */
export async function describeExecution({ stepFunctions }: Clients, arn: string): Promise<ExecutionState | undefined> {
  const need = readsExecution('states:DescribeExecution', arn);
  const answer = await unlessAbsent(need, isAbsentExecution, () =>
    stepFunctions.send(new DescribeExecutionCommand({ executionArn: arn })),
  );
  if (answer?.status === undefined) return undefined;
  const error = [answer.error, answer.cause].filter(Boolean).join(': ').slice(0, 500);
  return { status: answer.status, error: error || undefined };
}

/** The ARNs of the executions of a state machine that run now. */
export async function runningExecutions({ stepFunctions }: Clients, machine: string): Promise<readonly string[]> {
  const pages = paginateListExecutions(
    { client: stepFunctions },
    { stateMachineArn: machine, statusFilter: 'RUNNING' },
  );
  const executions = await everyPage(
    readsExecution('states:ListExecutions', machine),
    pages,
    (page) => page.executions,
  );
  return executions.flatMap(({ executionArn }) => executionArn ?? []);
}

function readsExecution(permission: string, arn: string): AwsNeed {
  return { what: arn, permission, resource: arn };
}

function isAbsentExecution(thrown: unknown): boolean {
  return isResourceNotFound(thrown) || awsErrorName(thrown) === 'ExecutionDoesNotExist';
}
