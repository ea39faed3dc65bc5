import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { answer, serviceAnswers, type ServiceAnswers } from './answer.ts';

/** STS of one account. */
export function sts(account: string): ServiceAnswers {
  return serviceAnswers('sts', 'https://sts.amazonaws.com/doc/2011-06-15/', [
    answer(GetCallerIdentityCommand, () => {
      return { Account: account, Arn: `arn:aws:sts::${account}:assumed-role/fettle/test`, UserId: 'AROAFETTLE:test' };
    }),
  ]);
}
