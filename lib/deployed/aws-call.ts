import { quoted } from '../../core/calendar/problem.ts';
import { chainOf, InvalidInput, messageOf, Unavailable } from '../../core/errors.ts';
import { awsReason } from '../../lambdas/runtime/aws-client.ts';
import { isDenied } from '../../lambdas/runtime/policy-grant.ts';

/** What a call is about, in words, and what its caller must be allowed to do. */
export interface AwsNeed {
  /** Of a sentence: `the stack fettle-shop-prod`. */
  readonly what: string;
  /** What cannot be done to it where the call fails; `read` unless given. */
  readonly verb?: string;
  /** The action of IAM: `cloudformation:DescribeStacks`. */
  readonly permission: string;
  /** The ARN, or `*` where the action knows no resources. */
  readonly resource: string;
}

/** Names under which AWS says that it does not know the caller, or no longer. */
const NOT_KNOWN = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
]);

/**
 * Sends a call. Throws `Unavailable` where it fails, with the permission where that is what lacks, and `InvalidInput`
 * where there are no credentials that AWS takes.
 */
export async function awsCall<Answer>(need: AwsNeed, send: () => Promise<Answer>): Promise<Answer> {
  try {
    return await send();
  } catch (thrown) {
    throw awsFailure(need, thrown);
  }
}

/** The same, for a thing that may not be there; `isAbsent` knows how AWS says so. */
export async function unlessAbsent<Answer>(
  need: AwsNeed,
  isAbsent: (thrown: unknown) => boolean,
  send: () => Promise<Answer>,
): Promise<Answer | undefined> {
  try {
    return await send();
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw awsFailure(need, thrown);
  }
}

/** The name under which most services say that there is no such thing. */
export function isResourceNotFound(thrown: unknown): boolean {
  return awsErrorName(thrown) === 'ResourceNotFoundException';
}

/** Every item of a list, page after page. */
export async function everyPage<Page, Item>(
  need: AwsNeed,
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  return awsCall(need, async () => {
    const items: Item[] = [];
    for await (const page of pages) items.push(...(itemsOf(page) ?? []));
    return items;
  });
}

function awsFailure({ what, verb = 'read', permission, resource }: AwsNeed, thrown: unknown): Error {
  const unknownCaller = chainOf(thrown).find((one) => NOT_KNOWN.has(awsErrorName(one)));
  if (unknownCaller !== undefined) {
    const profile = process.env['AWS_PROFILE'];
    const whose = profile === undefined ? '' : ` of the profile ${quoted(profile)}`;
    const message = `there are no AWS credentials${whose} that can be used: ${messageOf(unknownCaller)}`;
    return new InvalidInput('AWS_CREDENTIALS', message, { cause: thrown });
  }
  // A failed start, a moved endpoint and a broken line have a reason and no permission that would help.
  const help = isDenied(thrown) ? `the caller needs ${permission} on ${resource}: ` : '';
  return new Unavailable(`${what} cannot be ${verb}: ${help}${awsReason(thrown)}`);
}

/** The name that AWS has for what went wrong; empty where it is no error of AWS. */
export function awsErrorName(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'name' in thrown ? String(thrown.name) : '';
}
