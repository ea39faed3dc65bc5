import {
  GetDetectorCommand,
  GetFindingsCommand,
  ListDetectorsCommand,
  ListFindingsCommand,
  type Finding,
} from '@aws-sdk/client-guardduty';
import { answer, AnswerError, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface GuardDutyFixture {
  /** None where GuardDuty was never turned on. */
  readonly detector?: string;
  readonly status?: 'ENABLED' | 'DISABLED';
  readonly findings?: readonly Finding[];
}

const MOST_AT_ONCE = 50;

/** GuardDuty with this detector and these findings. */
export function guardduty({ detector, status = 'ENABLED', findings = [] }: GuardDutyFixture): ServiceAnswers {
  const mustBeKnown = (id: string | undefined) => {
    if (id !== detector) throw new AnswerError('BadRequestException', `no detector ${id ?? ''}`);
  };
  return serviceAnswers('guardduty', '', [
    answer(ListDetectorsCommand, () => ({ DetectorIds: detector === undefined ? [] : [detector] })),
    answer(GetDetectorCommand, ({ DetectorId }) => {
      mustBeKnown(DetectorId);
      return { ServiceRole: 'arn:aws:iam::123456789012:role/guardduty', Status: status };
    }),
    answer(ListFindingsCommand, ({ DetectorId, NextToken, MaxResults = MOST_AT_ONCE }) => {
      mustBeKnown(DetectorId);
      const { items, next } = page(findings, NextToken, MaxResults);
      return { FindingIds: items.map(({ Id = '' }) => Id), NextToken: next };
    }),
    answer(GetFindingsCommand, ({ DetectorId, FindingIds = [] }) => {
      mustBeKnown(DetectorId);
      if (FindingIds.length > MOST_AT_ONCE) throw new AnswerError('BadRequestException', 'too many finding ids');
      return { Findings: findings.filter(({ Id = '' }) => FindingIds.includes(Id)) };
    }),
  ]);
}
