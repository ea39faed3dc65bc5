import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import type { Cloud } from '../cloud/server.ts';

const Notification = z.object({ Subject: z.string().nullish(), Message: z.string() });
const AlarmMessage = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string().nullish(),
  NewStateValue: z.string(),
});
type AlarmMessage = z.infer<typeof AlarmMessage>;

/** A queue that has subscribed to a topic, as a pager would. */
export class Subscriber {
  readonly #sqs: SQSClient;
  readonly #queueUrl: string;
  /** What alarms said since the last `forget`, and every other message. */
  readonly alarms: AlarmMessage[] = [];
  readonly others: string[] = [];

  private constructor(sqs: SQSClient, queueUrl: string) {
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
  }

  static async of({ client }: Cloud, topicArn: string): Promise<Subscriber> {
    const sqs = new SQSClient({ ...client, ...awsClientSettings() });
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'pager' }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    const Endpoint = Attributes?.['QueueArn'] ?? '';
    const statement = { Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage' };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ ...statement, Resource: Endpoint }] });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    const sns = new SNSClient({ ...client, ...awsClientSettings() });
    await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint }));
    sns.destroy();
    return new Subscriber(sqs, QueueUrl);
  }

  /** Waits until an alarm has called; answers what it said. */
  async called(alarmName: string, withinSeconds: number): Promise<AlarmMessage> {
    const end = Date.now() + withinSeconds * 1_000;
    for (;;) {
      const found = this.alarms.find((alarm) => alarm.AlarmName === alarmName && alarm.NewStateValue === 'ALARM');
      if (found) return found;
      const heard = [...new Set(this.alarms.map((alarm) => `${alarm.AlarmName} ${alarm.NewStateValue}`))].join(', ');
      if (Date.now() > end) throw new Error(`${alarmName} did not call within ${withinSeconds} s; heard: ${heard}`);
      await this.#receive();
    }
  }

  /** Nothing of what was said until now counts any more. */
  forget(): void {
    this.alarms.length = 0;
  }

  close(): void {
    this.#sqs.destroy();
  }

  async #receive(): Promise<void> {
    const asked = { QueueUrl: this.#queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 };
    const { Messages = [] } = await this.#sqs.send(new ReceiveMessageCommand(asked));
    for (const { Body = '', ReceiptHandle } of Messages) {
      const { Message } = Notification.parse(JSON.parse(Body));
      const alarm = Message.startsWith('{') ? AlarmMessage.safeParse(JSON.parse(Message)).data : undefined;
      if (alarm) this.alarms.push(alarm);
      else this.others.push(Message);
      await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle }));
    }
  }
}
