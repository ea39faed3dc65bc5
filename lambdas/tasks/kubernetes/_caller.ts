import { httpRequest } from '../../runtime/http-request.ts';

const TOKEN = /^k8s-aws-v1\./;
const ROLE = /^arn:(aws[\w-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/[^/]+$/;
const PRINCIPAL = /^arn:aws[\w-]*:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/;

export interface CallerOptions {
  readonly allowAddresses: readonly string[];
  readonly signal: AbortSignal;
}

/**
 * The IAM principal that an EKS token stands for, as STS names it: the token is the question itself, signed.
 *
 * Undefined where STS does not say, or where the name of a session does not tell the whole name of the role.
 */
export async function principalOf(
  token: string,
  cluster: string,
  { allowAddresses, signal }: CallerOptions,
): Promise<string | undefined> {
  const signed = new URL(Buffer.from(token.replace(TOKEN, ''), 'base64url').toString());
  // As the SDK does it: another endpoint may stand in for the one that was signed for.
  const url = new URL(`${signed.pathname}${signed.search}`, process.env['AWS_ENDPOINT_URL_STS'] ?? signed.origin);
  const { status, body } = await httpRequest({
    url,
    headers: { 'x-k8s-aws-id': cluster, accept: 'application/json' },
    allowAddresses,
    timeoutSeconds: 5,
    maxBodyBytes: 16_384,
    signal,
  });
  if (status !== 200) return undefined;
  return principalIn(/"?Arn"?\s*[>:]\s*"?([^"<]+)/.exec(body.toString('utf8'))?.[1] ?? '');
}

/** The principal whose access entry counts: of the session of a role, the role. */
export function principalIn(arn: string): string | undefined {
  const [, partition, account, role = ''] = ROLE.exec(arn) ?? [];
  // The roles of the identity centre lie below a path, which the name of the session does not have.
  if (partition !== undefined && !role.startsWith('AWSReservedSSO_')) {
    return `arn:${partition}:iam::${account}:role/${role}`;
  }
  return PRINCIPAL.test(arn) ? arn : undefined;
}
