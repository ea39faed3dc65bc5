import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  paginateListExecutions,
  SFNClient,
  StartExecutionCommand,
  type DescribeExecutionCommandOutput,
} from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { RunReport } from '../../core/report.ts';
import { awsClientSettings } from '../../lambdas/runtime/aws-client.ts';
import { runKeys } from '../../lambdas/runtime/run-keys.ts';
import type { Cloud } from './cloud/server.ts';

const LOOKS_EVERY_MILLISECONDS = 500;
const Finished = z.object({ runKey: z.string() });

/** Starts a state machine as the console does. */
export async function startExecution({ client }: Cloud, machineArn: string, input: unknown): Promise<string> {
  const sfn = new SFNClient({ ...client, ...awsClientSettings() });
  const asked = new StartExecutionCommand({ stateMachineArn: machineArn, input: JSON.stringify(input) });
  const { executionArn = '' } = await sfn.send(asked);
  return executionArn;
}

/** The executions of a machine, the first one first. */
export async function executionsOf({ client }: Cloud, machineArn: string): Promise<string[]> {
  const sfn = new SFNClient({ ...client, ...awsClientSettings() });
  const pages = await Array.fromAsync(paginateListExecutions({ client: sfn }, { stateMachineArn: machineArn }));
  const inOrder = pages
    .flatMap(({ executions = [] }) => executions)
    .sort((a, b) => Number(a.startDate) - Number(b.startDate));
  return inOrder.flatMap(({ executionArn }) => executionArn ?? []);
}

/** Waits until something starts an execution of the machine, and answers the first. */
export async function untilStarted(cloud: Cloud, machineArn: string, withinSeconds: number): Promise<string> {
  return until(`no execution of ${machineArn} began`, withinSeconds, async () => {
    const [first] = await executionsOf(cloud, machineArn);
    return first;
  });
}

/** Waits until an execution has ended, however it did. */
export async function untilEnded(
  { client }: Cloud,
  executionArn: string,
  withinSeconds: number,
): Promise<DescribeExecutionCommandOutput> {
  const sfn = new SFNClient({ ...client, ...awsClientSettings() });
  return until(`${executionArn} did not end`, withinSeconds, async () => {
    const found = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    return found.status === 'RUNNING' ? undefined : found;
  });
}

/** The report that a run left in the bucket of its stack. Throws where its execution did not succeed. */
export async function reportOf(
  cloud: Cloud,
  bucket: string,
  executionArn: string,
  withinSeconds: number,
): Promise<RunReport> {
  const { status, output, error, cause } = await untilEnded(cloud, executionArn, withinSeconds);
  if (status !== 'SUCCEEDED') throw new Error(`${executionArn} is ${status}: ${error} ${cause}`);
  const { runKey } = Finished.parse(JSON.parse(output ?? '{}'));
  const s3 = new S3Client({ ...cloud.client, forcePathStyle: true, ...awsClientSettings() });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: runKeys(runKey).report }));
  return RunReport.parse(JSON.parse((await Body?.transformToString()) ?? ''));
}

/** Asks again until there is an answer. */
export async function until<Answer>(
  otherwise: string,
  withinSeconds: number,
  ask: () => Promise<Answer | undefined>,
): Promise<Answer> {
  const end = Date.now() + withinSeconds * 1_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${otherwise} within ${withinSeconds} s`);
    await sleep(LOOKS_EVERY_MILLISECONDS);
  }
}
