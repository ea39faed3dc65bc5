import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { until } from '../executions.ts';
import { ACCOUNT, REGION, type Cloud } from './server.ts';

export interface TestQueue {
  readonly url: string;
  readonly arn: string;
}

/** A queue in which a test sees what arrives. */
export async function makeQueue({ client }: Cloud, name: string): Promise<TestQueue> {
  const sqs = new SQSClient({ ...client, ...awsClientSettings() });
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  return { url: QueueUrl, arn: `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}` };
}

/** The texts of all messages that came until they are enough. */
export async function messagesOf(
  { client }: Cloud,
  { url }: TestQueue,
  enough: (messages: readonly string[]) => boolean,
): Promise<readonly string[]> {
  const sqs = new SQSClient({ ...client, ...awsClientSettings() });
  const messages: string[] = [];
  return until(`the queue ${url} has not all that is expected`, 30, async () => {
    const ask = new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 });
    const { Messages = [] } = await sqs.send(ask);
    messages.push(...Messages.map(({ Body = '' }) => Body));
    return enough(messages) ? messages : undefined;
  });
}
