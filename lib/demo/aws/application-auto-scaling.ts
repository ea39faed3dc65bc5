import {
  DescribeScalableTargetsCommand,
  DescribeScalingPoliciesCommand,
  type ScalableTarget,
  type ScalingPolicy,
} from '@aws-sdk/client-application-auto-scaling';
import { answer, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface AutoScalingFixture {
  readonly targets: readonly ScalableTarget[];
  readonly policies?: readonly ScalingPolicy[];
}

/** Application Auto Scaling with these targets and policies. */
export function applicationAutoScaling({ targets, policies = [] }: AutoScalingFixture): ServiceAnswers {
  return serviceAnswers('application-autoscaling', '', [
    answer(DescribeScalableTargetsCommand, ({ ServiceNamespace, ResourceIds, NextToken, MaxResults = 50 }) => {
      const its = targets.filter((one) => one.ServiceNamespace === ServiceNamespace && isAsked(one, ResourceIds));
      const { items, next } = page(its, NextToken, MaxResults);
      return { ScalableTargets: items, NextToken: next };
    }),
    answer(DescribeScalingPoliciesCommand, ({ ServiceNamespace, ResourceId, NextToken, MaxResults = 50 }) => {
      const its = policies.filter(
        (one) =>
          one.ServiceNamespace === ServiceNamespace && isAsked(one, ResourceId === undefined ? [] : [ResourceId]),
      );
      const { items, next } = page(its, NextToken, MaxResults);
      return { ScalingPolicies: items, NextToken: next };
    }),
  ]);
}

function isAsked(
  { ResourceId = '' }: { readonly ResourceId: string | undefined },
  asked: readonly string[] = [],
): boolean {
  return asked.length === 0 || asked.includes(ResourceId);
}
