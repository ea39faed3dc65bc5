import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

/**
 * The topic that runs and alarms speak to.
 *
 * It has no key of its own. SNS encrypts what it stores anyway; with the key that AWS manages CloudWatch could not
 * publish, so that every alarm would be silent; and a key of the customer's is a monthly price for a summary.
 */
export class AlertsTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { topicName }: { readonly topicName: string }) {
    super(scope, id);
    this.topic = new Topic(this, 'Resource', { topicName, enforceSSL: true });
    // A topic with a policy has lost the standard one, by which the alarms of its account may publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        actions: ['sns:Publish'],
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }
}
