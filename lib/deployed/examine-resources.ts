import { partitionOf } from '../../core/aws-partition.ts';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeRuleCommand, ListTargetsByRuleCommand } from '@aws-sdk/client-eventbridge';
import { GetFunctionCommand } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand } from '@aws-sdk/client-sfn';
import { paginateListSubscriptionsByTopic } from '@aws-sdk/client-sns';
import { canonicalJson } from '../../core/json.ts';
import type { DeployedAlarm } from './alarms.ts';
import { awsErrorName, everyPage, isResourceNotFound, unlessAbsent } from './aws-call.ts';
import type { Found } from './check.ts';
import type { Deployment } from './deployment.ts';
import { readSchedule } from './schedules.ts';

/** A resource of the stack: what it is called there, and what the deployed template says of it. */
export interface LookedAt {
  readonly physicalId: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Those of the whole stack, read once: CloudWatch answers few calls a second. */
  readonly alarms: () => Promise<readonly DeployedAlarm[]>;
}

type Look = (deployment: Deployment, resource: LookedAt) => Promise<Found>;

/** What is looked at itself, by type, and what people call it. Of every other type CloudFormation's word is taken. */
export const LOOKS: Readonly<Record<string, { readonly kind: string; readonly look: Look }>> = {
  'AWS::Lambda::Function': { kind: 'function', look: functionFound },
  'AWS::StepFunctions::StateMachine': { kind: 'state machine', look: machineFound },
  'AWS::Scheduler::Schedule': { kind: 'schedule', look: scheduleFound },
  'AWS::Events::Rule': { kind: 'rule', look: ruleFound },
  'AWS::CloudWatch::Alarm': { kind: 'alarm', look: alarmFound },
  'AWS::SNS::Topic': { kind: 'topic', look: topicFound },
  'AWS::Logs::LogGroup': { kind: 'log group', look: logGroupFound },
};

const GONE: Found = {
  verdict: 'fail',
  detail: 'it is not there, although its stack has it: somebody has removed it',
  remedy:
    'Remove it from the profile, deploy, put it back and deploy again; CloudFormation alone does not see that it is gone.',
};

async function functionFound({ clients, home }: Deployment, { physicalId, properties }: LookedAt): Promise<Found> {
  const resource = `arn:${partitionOf(home.region)}:lambda:${home.region}:${home.account}:function:${physicalId}`;
  const need = { what: `the function ${physicalId}`, permission: 'lambda:GetFunction', resource };
  const answer = await unlessAbsent(need, isResourceNotFound, () =>
    clients.lambda.send(new GetFunctionCommand({ FunctionName: physicalId })),
  );
  if (!answer) return GONE;
  const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason, Runtime } = answer.Configuration ?? {};
  if (answer.Concurrency?.ReservedConcurrentExecutions === 0) {
    const remedy = `aws lambda delete-function-concurrency --function-name ${physicalId}`;
    return { verdict: 'fail', detail: 'its reserved concurrency is 0: every invocation of it is refused', remedy };
  }
  if (State === 'Failed') return { verdict: 'fail', detail: `it is in state Failed: ${StateReason ?? 'no reason'}` };
  if (LastUpdateStatus === 'Failed')
    return { verdict: 'fail', detail: `its last update failed: ${LastUpdateStatusReason ?? 'no reason'}` };
  if (Runtime !== properties['Runtime'])
    return { verdict: 'fail', detail: `its runtime is ${Runtime}, and ${String(properties['Runtime'])} was deployed` };
  if (State !== 'Active') {
    const remedy = 'Start its procedure once: the first invocation wakes it, and may fail in doing so.';
    return { verdict: 'warn', detail: `it is in state ${State ?? 'that is not said'}`, remedy };
  }
  return { verdict: 'pass', detail: `active, ${Runtime}` };
}

async function machineFound({ clients }: Deployment, { physicalId, properties }: LookedAt): Promise<Found> {
  const need = { what: physicalId, permission: 'states:DescribeStateMachine', resource: physicalId };
  const isAbsent = (thrown: unknown) => awsErrorName(thrown) === 'StateMachineDoesNotExist';
  const answer = await unlessAbsent(need, isAbsent, () =>
    clients.stepFunctions.send(new DescribeStateMachineCommand({ stateMachineArn: physicalId })),
  );
  if (!answer) return GONE;
  if (answer.status !== 'ACTIVE') return { verdict: 'fail', detail: `it is ${answer.status ?? 'in no known state'}` };
  const written = properties['DefinitionString'];
  if (typeof written === 'string' && !isSameJson(written, answer.definition))
    return {
      verdict: 'fail',
      detail: 'its definition is not the deployed one: somebody has changed it',
      remedy: CHANGED,
    };
  return { verdict: 'pass', detail: 'active, with the deployed definition' };
}

const CHANGED = 'Undo the change where it was made: CloudFormation sees no difference and would leave it.';

function isSameJson(written: string, found: string | undefined): boolean {
  return found !== undefined && canonicalJson(JSON.parse(written)) === canonicalJson(JSON.parse(found));
}

async function scheduleFound({ clients, home }: Deployment, { physicalId, properties }: LookedAt): Promise<Found> {
  const schedule = await readSchedule(clients, physicalId, home);
  if (!schedule) return GONE;
  if (!schedule.isEnabled)
    return { verdict: 'fail', detail: 'it is disabled: nothing begins by itself', remedy: 'Enable it in the console.' };
  const [written, zone] = [properties['ScheduleExpression'], properties['ScheduleExpressionTimezone'] ?? 'UTC'];
  if (schedule.expression !== written || schedule.timezone !== zone) {
    const detail = `it is ${schedule.expression} ${schedule.timezone}, and ${String(written)} ${String(zone)} was deployed`;
    return { verdict: 'fail', detail, remedy: CHANGED };
  }
  return { verdict: 'pass', detail: `enabled, ${schedule.expression} ${schedule.timezone}` };
}

async function ruleFound({ clients, home }: Deployment, { physicalId }: LookedAt): Promise<Found> {
  const Name = physicalId.split('|').at(-1) ?? physicalId;
  const resource = `arn:${partitionOf(home.region)}:events:${home.region}:${home.account}:rule/${Name}`;
  const need = (permission: string) => ({ what: `the rule ${Name}`, permission, resource });
  const rule = await unlessAbsent(need('events:DescribeRule'), isResourceNotFound, () =>
    clients.eventBridge.send(new DescribeRuleCommand({ Name })),
  );
  if (!rule) return GONE;
  if (rule.State !== 'ENABLED')
    return {
      verdict: 'fail',
      detail: 'it is disabled: what it waits for is not acted on',
      remedy: `aws events enable-rule --name ${Name}`,
    };
  // A rule has five targets at most, so there is no second page.
  const targets = await unlessAbsent(need('events:ListTargetsByRule'), isResourceNotFound, () =>
    clients.eventBridge.send(new ListTargetsByRuleCommand({ Rule: Name })),
  );
  const count = targets?.Targets?.length ?? 0;
  if (count === 0) return { verdict: 'fail', detail: 'it is enabled and has no target', remedy: CHANGED };
  return { verdict: 'pass', detail: `enabled, ${count} target${count === 1 ? '' : 's'}` };
}

async function alarmFound(_deployment: Deployment, { physicalId, alarms }: LookedAt): Promise<Found> {
  const alarm = (await alarms()).find(({ name }) => name === physicalId);
  if (!alarm) return GONE;
  if (!alarm.isHeard) {
    const remedy = `aws cloudwatch enable-alarm-actions --alarm-names ${physicalId}`;
    return { verdict: 'fail', detail: 'its actions are switched off: it rings and nobody hears it', remedy };
  }
  if (alarm.state === 'ALARM') return { verdict: 'warn', detail: `it rings: ${alarm.description}` };
  return { verdict: 'pass', detail: `it would be heard; it is ${alarm.state === 'OK' ? 'quiet' : 'without data'}` };
}

async function topicFound({ clients }: Deployment, { physicalId }: LookedAt): Promise<Found> {
  const need = { what: physicalId, permission: 'sns:ListSubscriptionsByTopic', resource: physicalId };
  const pages = paginateListSubscriptionsByTopic({ client: clients.sns }, { TopicArn: physicalId });
  const subscriptions = await everyPage(need, pages, (page) => page.Subscriptions);
  const confirmed = subscriptions.filter(({ SubscriptionArn = '' }) => SubscriptionArn.startsWith('arn:')).length;
  if (confirmed > 0)
    return { verdict: 'pass', detail: `${confirmed} of ${subscriptions.length} subscribed and confirmed` };
  return {
    verdict: 'warn',
    detail: `nobody hears it: ${subscriptions.length} have subscribed and none has confirmed`,
    remedy: `aws sns subscribe --topic-arn ${physicalId} --protocol email --notification-endpoint <address>`,
  };
}

async function logGroupFound({ clients, home }: Deployment, { physicalId, properties }: LookedAt): Promise<Found> {
  const resource = `arn:${partitionOf(home.region)}:logs:${home.region}:${home.account}:log-group:${physicalId}:*`;
  const need = { what: `the log group ${physicalId}`, permission: 'logs:DescribeLogGroups', resource };
  const answer = await unlessAbsent(need, isResourceNotFound, () =>
    clients.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: physicalId })),
  );
  // The shortest name with this prefix comes first.
  const group = answer?.logGroups?.find(({ logGroupName }) => logGroupName === physicalId);
  if (!group) return GONE;
  const days = properties['RetentionInDays'];
  if (group.retentionInDays !== days) {
    const detail = `it keeps its lines ${group.retentionInDays ?? 'for ever'} days, and ${String(days)} were deployed`;
    return { verdict: 'warn', detail, remedy: CHANGED };
  }
  return { verdict: 'pass', detail: `it keeps its lines ${String(days)} days` };
}
