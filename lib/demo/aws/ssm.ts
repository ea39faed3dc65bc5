import {
  DescribeInstanceInformationCommand,
  DescribeInstancePatchStatesCommand,
  GetParametersCommand,
  type InstanceInformation,
  type InstancePatchState,
} from '@aws-sdk/client-ssm';
import { answer, AnswerError, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface SsmFixture {
  /** By name. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The machines that SSM manages. */
  readonly machines?: readonly InstanceInformation[];
  /** What Patch Manager last found on them. */
  readonly patches?: readonly InstancePatchState[];
}

/** SSM with these parameters, machines and patches. */
export function ssm({ parameters = {}, machines = [], patches = [] }: SsmFixture): ServiceAnswers {
  return serviceAnswers('ssm', '', [
    answer(GetParametersCommand, ({ Names = [] }) => {
      if (Names.length > 10) throw new AnswerError('ValidationException', 'no more than 10 names at once');
      return {
        Parameters: Names.filter((name) => name in parameters).map((Name) => ({
          Name,
          Value: parameters[Name] ?? '',
          Type: 'String' as const,
        })),
        InvalidParameters: Names.filter((name) => !(name in parameters)),
      };
    }),
    answer(DescribeInstanceInformationCommand, ({ NextToken, MaxResults = 50 }) => {
      const { items, next } = page(machines, NextToken, MaxResults);
      return { InstanceInformationList: items, NextToken: next };
    }),
    answer(DescribeInstancePatchStatesCommand, ({ InstanceIds = [], NextToken, MaxResults = 50 }) => {
      if (InstanceIds.length > 50) throw new AnswerError('ValidationException', 'no more than 50 instances at once');
      const its = patches.filter(({ InstanceId = '' }) => InstanceIds.includes(InstanceId));
      const { items, next } = page(its, NextToken, MaxResults);
      return { InstancePatchStates: items, NextToken: next };
    }),
  ]);
}
