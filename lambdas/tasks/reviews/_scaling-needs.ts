import {
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { ListClustersCommand } from '@aws-sdk/client-ecs';
import { DescribeCacheClustersCommand } from '@aws-sdk/client-elasticache';
import { DescribeDBClustersCommand, DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import type { Need } from '../../../core/need.ts';
import type { NeedsContext } from '../../../core/task.ts';
import { eachNeed } from '../../runtime/each-need.ts';
import { accountIn, policyGrant } from '../../runtime/policy-grant.ts';
import { ask, part } from './_asking.ts';
import { clientsOf, type Clients } from './_clients.ts';
import { permissionsIn } from './_scaling-permissions.ts';

interface Look {
  readonly need: string;
  readonly action: string;
  call(clients: Clients, abortSignal: AbortSignal, now: Date): Promise<unknown>;
}

/** One cheap call of each list; what only things that exist can show is not asked for. */
const LOOKS: readonly Look[] = [
  {
    need: 'list ECS clusters',
    action: 'ecs:ListClusters',
    call: ({ ecs }, abortSignal) => ecs.send(new ListClustersCommand({ maxResults: 1 }), { abortSignal }),
  },
  {
    need: 'read the bounds of autoscaling',
    action: 'application-autoscaling:DescribeScalableTargets',
    call: ({ autoScaling }, abortSignal) =>
      autoScaling.send(new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', MaxResults: 1 }), { abortSignal }),
  },
  {
    need: 'read the policies of autoscaling',
    action: 'application-autoscaling:DescribeScalingPolicies',
    call: ({ autoScaling }, abortSignal) =>
      autoScaling.send(new DescribeScalingPoliciesCommand({ ServiceNamespace: 'ecs', MaxResults: 1 }), { abortSignal }),
  },
  {
    need: 'list RDS instances',
    action: 'rds:DescribeDBInstances',
    call: ({ rds }, abortSignal) => rds.send(new DescribeDBInstancesCommand({ MaxRecords: 20 }), { abortSignal }),
  },
  {
    need: 'list Aurora clusters',
    action: 'rds:DescribeDBClusters',
    call: ({ rds }, abortSignal) => rds.send(new DescribeDBClustersCommand({ MaxRecords: 20 }), { abortSignal }),
  },
  {
    need: 'list caches',
    action: 'elasticache:DescribeCacheClusters',
    call: ({ elasticache }, abortSignal) =>
      elasticache.send(new DescribeCacheClustersCommand({ MaxRecords: 20 }), { abortSignal }),
  },
  {
    need: 'read metrics of CloudWatch',
    action: 'cloudwatch:GetMetricData',
    call: ({ cloudwatch }, abortSignal, now) => {
      const Metric = { Namespace: 'AWS/ECS', MetricName: 'CPUUtilization' };
      const MetricDataQueries = [{ Id: 'any', MetricStat: { Metric, Period: 3_600, Stat: 'Average' } }];
      const StartTime = new Date(now.getTime() - 3_600_000);
      return cloudwatch.send(new GetMetricDataCommand({ MetricDataQueries, StartTime, EndTime: now }), { abortSignal });
    },
  },
];

/** The right to read each part of the account that is reviewed. */
export function scalingNeeds({ targets, signal, now }: NeedsContext<'aws', unknown>): Promise<Need[]> {
  return eachNeed(targets, async ({ region }) => {
    const clients = clientsOf(region);
    const place = await clients.ecs.config.region();
    return Promise.all(
      LOOKS.map(async ({ need, action, call }): Promise<Omit<Need, 'target'>> => {
        const read = await part(need, () => ask(action, () => call(clients, signal, now)));
        if ('value' in read) return { need, state: 'met', detail: `${action} answers in ${place}` };
        const { isDenied, reason } = read.unread;
        if (!isDenied) return { need, state: 'unknown', detail: reason };
        const lacking = permissionsIn([place], accountIn(new Error(reason)) ?? '*', ['*'])
          .filter(({ actions }) => actions.includes(action))
          .map((permission) => ({ ...permission, actions: [action] }));
        return { need, state: 'missing', detail: reason, grant: policyGrant(lacking) };
      }),
    );
  });
}
