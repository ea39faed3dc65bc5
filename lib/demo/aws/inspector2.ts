import { BatchGetAccountStatusCommand, ListFindingsCommand, type Finding } from '@aws-sdk/client-inspector2';
import { answer, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface InspectorFixture {
  /** What it scans; nothing where Inspector is off. */
  readonly scans?: readonly ('ec2' | 'ecr' | 'lambda')[];
  readonly findings?: readonly Finding[];
}

/** Inspector with these findings. */
export function inspector2({ scans = [], findings = [] }: InspectorFixture): ServiceAnswers {
  const state = (isOn: boolean) =>
    ({ status: isOn ? 'ENABLED' : 'DISABLED', errorCode: undefined, errorMessage: undefined }) as const;
  return serviceAnswers('inspector2', '', [
    answer(BatchGetAccountStatusCommand, () => ({
      accounts: [
        {
          accountId: '123456789012',
          state: state(scans.length > 0),
          resourceState: {
            ec2: state(scans.includes('ec2')),
            ecr: state(scans.includes('ecr')),
            lambda: state(scans.includes('lambda')),
          },
        },
      ],
    })),
    answer(ListFindingsCommand, ({ filterCriteria, nextToken, maxResults = 100 }) => {
      const wanted = filterCriteria?.findingStatus?.map(({ value }) => value);
      const its = findings.filter(({ status }) => wanted === undefined || wanted.includes(status));
      const { items, next } = page(its, nextToken, maxResults);
      return { findings: items, nextToken: next };
    }),
  ]);
}
