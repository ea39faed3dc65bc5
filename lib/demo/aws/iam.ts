import {
  CredentialReportNotReadyException,
  GenerateCredentialReportCommand,
  GenerateServiceLastAccessedDetailsCommand,
  GetAccountSummaryCommand,
  GetCredentialReportCommand,
  GetServiceLastAccessedDetailsCommand,
  ListRolesCommand,
  NoSuchEntityException,
  type Role,
  type ServiceLastAccessed,
} from '@aws-sdk/client-iam';
import { answer, serviceAnswers, type ServiceAnswers } from './answer.ts';
import { page } from './page.ts';

export interface IamFixture {
  /** The numbers of the account by name. */
  readonly summary?: Readonly<Record<string, number>>;
  /** The credential report as CSV. */
  readonly report?: string;
  readonly reportAt?: Date;
  /** How often IAM is asked before it has made the report; never made where it is infinite. */
  readonly pollsOfReport?: number;
  readonly roles?: readonly Role[];
  /** By ARN; of an ARN that is not here nothing was granted. */
  readonly accessed?: Readonly<Record<string, readonly ServiceLastAccessed[]>>;
}

/** IAM with these users and roles, as far as its reports tell of them. */
export function iam(fixture: IamFixture): ServiceAnswers {
  const { summary = {}, report = '', reportAt = new Date(0), pollsOfReport = 0, roles = [], accessed = {} } = fixture;
  let polls = 0;
  return serviceAnswers('iam', 'https://iam.amazonaws.com/doc/2010-05-08/', [
    answer(GetAccountSummaryCommand, () => ({ SummaryMap: { ...summary } })),
    answer(GenerateCredentialReportCommand, () => {
      polls += 1;
      return { State: polls > pollsOfReport ? 'COMPLETE' : polls === 1 ? 'STARTED' : 'INPROGRESS' } as const;
    }),
    answer(GetCredentialReportCommand, () => {
      if (polls <= pollsOfReport) {
        throw new CredentialReportNotReadyException({ message: 'Credential report is not ready', $metadata: {} });
      }
      const Content = new TextEncoder().encode(report);
      return { Content, ReportFormat: 'text/csv' as const, GeneratedTime: reportAt };
    }),
    answer(ListRolesCommand, ({ Marker, MaxItems = 100 }) => {
      const { items, next } = page(roles, Marker, MaxItems);
      return { Roles: items, IsTruncated: next !== undefined, Marker: next };
    }),
    answer(GenerateServiceLastAccessedDetailsCommand, ({ Arn = '' }) => {
      if (accessed[Arn] === undefined && /\/gone$/.test(Arn)) {
        throw new NoSuchEntityException({ message: `ARN ${Arn} is not found.`, $metadata: {} });
      }
      return { JobId: Arn };
    }),
    answer(GetServiceLastAccessedDetailsCommand, ({ JobId = '', Marker, MaxItems = 100 }) => {
      const { items, next } = page(accessed[JobId] ?? [], Marker, MaxItems);
      return {
        JobStatus: 'COMPLETED' as const,
        JobCreationDate: reportAt,
        JobCompletionDate: reportAt,
        ServicesLastAccessed: items,
        IsTruncated: next !== undefined,
        Marker: next,
      };
    }),
  ]);
}
