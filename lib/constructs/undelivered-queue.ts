import { Duration, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** Where starts and endings go that could not be delivered; an alarm watches it. */
export class UndeliveredQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { queueName }: { readonly queueName: string }) {
    super(scope, id);
    this.queue = new Queue(this, 'Resource', {
      queueName,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const reason =
      'This queue is the dead-letter queue: of the schedules, of the rule for dead executions and of reap-run. ' +
      'Nothing consumes it but a person, whom an alarm calls.';
    Validations.of(this.queue).acknowledge(
      { id: 'AwsSolutions-SQS3', reason },
      { id: 'Serverless-SQSRedrivePolicy', reason },
    );
  }
}
