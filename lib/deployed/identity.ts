import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { Refused } from '../../core/errors.ts';
import { awsCall } from './aws-call.ts';
import type { Clients } from './clients.ts';
import type { Home } from './own-region.ts';

/** Throws `Refused`, with both numbers, where the credentials are of another account than the environment. */
export async function requireOwnAccount({ sts }: Clients, home: Home): Promise<void> {
  const need = { what: 'the identity of your AWS credentials', permission: 'sts:GetCallerIdentity', resource: '*' };
  const { Account, Arn } = await awsCall(need, () => sts.send(new GetCallerIdentityCommand({})));
  if (Account === home.account) return;
  throw new Refused(
    'ACCOUNT_MISMATCH',
    `${home.platform} ${home.environment} is in account ${home.account}, and your credentials are of account ` +
      `${Account ?? 'nobody knows which'} (${Arn ?? 'without a name'})`,
  );
}
