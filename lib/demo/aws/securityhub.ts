import {
  DescribeHubCommand,
  GetEnabledStandardsCommand,
  GetFindingsCommand,
  InvalidAccessException,
  type AwsSecurityFinding,
  type StandardsSubscription,
} from '@aws-sdk/client-securityhub';
import { answer, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface SecurityHubFixture {
  readonly isOn?: boolean;
  readonly standards?: readonly StandardsSubscription[];
  readonly findings?: readonly AwsSecurityFinding[];
}

const HUB = 'arn:aws:securityhub:us-east-1:123456789012:hub/default';

/** Security Hub with these standards and findings; filters by state and by what was done about a finding. */
export function securityhub({ isOn = true, standards = [], findings = [] }: SecurityHubFixture): ServiceAnswers {
  const mustBeOn = () => {
    if (isOn) return;
    throw new InvalidAccessException({
      message: 'Account 123456789012 is not subscribed to AWS Security Hub',
      $metadata: {},
    });
  };
  return serviceAnswers('securityhub', '', [
    answer(DescribeHubCommand, () => {
      mustBeOn();
      return { HubArn: HUB, SubscribedAt: '2026-01-01T00:00:00Z', AutoEnableControls: true };
    }),
    answer(GetEnabledStandardsCommand, ({ NextToken, MaxResults = 100 }) => {
      mustBeOn();
      const { items, next } = page(standards, NextToken, MaxResults);
      return { StandardsSubscriptions: items, NextToken: next };
    }),
    answer(GetFindingsCommand, ({ Filters = {}, NextToken, MaxResults = 100 }) => {
      mustBeOn();
      const fits = (filter: readonly { Value?: string | undefined }[] | undefined, value: string | undefined) =>
        filter === undefined || filter.some(({ Value }) => Value === value);
      const its = findings.filter(
        ({ RecordState, Workflow, Compliance }) =>
          fits(Filters.RecordState, RecordState) &&
          fits(Filters.WorkflowStatus, Workflow?.Status) &&
          fits(Filters.ComplianceStatus, Compliance?.Status),
      );
      const { items, next } = page(its, NextToken, MaxResults);
      return { Findings: items, NextToken: next };
    }),
  ]);
}
