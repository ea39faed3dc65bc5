import { GetPublicAccessBlockCommand } from '@aws-sdk/client-s3';
import { Unavailable } from '../../../../core/errors.ts';

const PATH = '/v20180820/configuration/publicAccessBlock';

interface HttpRequest {
  hostname: string;
  path: string;
  query: Record<string, unknown>;
  headers: Record<string, string>;
}

/**
 * Asks for the public access block of an account as a whole.
 *
 * It is the question for a bucket's, answered in the same words and signed for the same service, under another
 * address: one call is no reason for one more client.
 */
export function accountBlockCommand(account: string | undefined): GetPublicAccessBlockCommand {
  if (account === undefined)
    throw new Unavailable('s3:GetAccountPublicAccessBlock: which account this is, is not known');
  const command = new GetPublicAccessBlockCommand({ Bucket: account });
  command.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as HttpRequest;
      // `<account>.s3.<region>` of the bucket's question; a server under an address of our own keeps its name.
      const ofAccount = (host: string) => host.replace(`${account}.s3.`, `${account}.s3-control.`);
      request.hostname = ofAccount(request.hostname);
      // Written by the client before this comes.
      if (request.headers['host'] !== undefined) request.headers['host'] = ofAccount(request.headers['host']);
      request.path = PATH;
      request.query = {};
      request.headers['x-amz-account-id'] = account;
      return next(args);
    },
    // Before it is signed.
    { step: 'build', name: 'askForTheAccount', priority: 'low' },
  );
  return command;
}
