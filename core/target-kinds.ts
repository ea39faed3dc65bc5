import * as z from 'zod';
import type { Secret } from './secret.ts';
import { isSecretParameter } from './secret-forms.ts';

const REFERENCE = /^(secret:|env:|file:(?!\/\/))\S+$/;

/** True for `secret:`, `env:` and `file:` references; `file:///…` is an address. */
export function isReference(text: string): boolean {
  return REFERENCE.test(text);
}

/** An address as its field writes it, or a reference to where it is kept. A password never stands in a profile. */
function address(means: string, protocols: readonly string[]) {
  return z
    .string()
    .superRefine((text, context) => {
      const problem = addressProblem(text, protocols);
      if (problem) context.addIssue({ code: 'custom', message: problem });
    })
    .describe(means);
}

const WEB = new Set(['http:', 'https:', 'tls:']);

function addressProblem(text: string, protocols: readonly string[]): string | undefined {
  if (isReference(text)) return undefined;
  const allowed = [...protocols.map((protocol) => `${protocol}…`), 'secret:…', 'env:…', 'file:…'].join(', ');
  // Of a host of many thousand letters `canParse` says yes and `new URL` throws.
  const url = URL.parse(text);
  if (url === null) return `not an address; allowed: ${allowed}`;
  const { protocol, username, password, searchParams } = url;
  // The value itself is not repeated: it holds a password. What stands before the @ of a web address is one, or a token.
  const instead = 'put it into a secret and write secret:…, env:… or file:…';
  if (password || (username && WEB.has(protocol))) return `has a password in it; ${instead}`;
  if ([...searchParams].some(([name, value]) => value && isSecretParameter(name))) {
    return `has a password in its query; ${instead}`;
  }
  if (!protocols.some((start) => text.startsWith(start))) return `"${protocol}//" is not allowed; allowed: ${allowed}`;
  return undefined;
}

const Name = z.string().min(1).max(253);
const CaBundle = z
  .string()
  .refine(isReference, 'must be a reference: secret:…, env:… or file:…')
  .describe('A reference to PEM certificates to trust besides the public ones');

const Authorization = z
  .string()
  .refine(isReference, 'must be a reference: secret:…, env:… or file:…')
  .describe('A reference to the value of the Authorization header');

/**
 * Every kind of target that a profile may have, each with its schema.
 *
 * `addresses` are the fields that the runtime resolves and hands to a task as a `Secret`.
 */
export const TARGET_KINDS = {
  postgres: {
    addresses: ['url', 'ca'],
    schema: z.strictObject({
      url: address('The connection string of the database', ['postgres://', 'postgresql://']),
      ca: CaBundle.optional(),
      rds: Name.optional().describe('The RDS instance or cluster behind the address'),
    }),
  },
  redis: {
    addresses: ['url', 'ca'],
    schema: z.strictObject({
      url: address('The address of the Redis server', ['redis://', 'rediss://']),
      ca: CaBundle.optional(),
      elasticache: Name.optional().describe('The ElastiCache replication group behind the address'),
    }),
  },
  kubernetes: {
    addresses: ['kubeconfig'],
    schema: z
      .strictObject({
        kubeconfig: z
          .string()
          .refine(isReference, 'must be a reference: secret:…, env:… or file:…')
          .optional()
          .describe('A reference to a kubeconfig file'),
        eks: Name.optional().describe('The name of the EKS cluster, reached with an IAM-signed token'),
        context: Name.optional().describe('The context of the kubeconfig; its current one by default'),
        namespace: Name.optional().describe('The namespace to look at; all by default'),
      })
      .refine(
        ({ kubeconfig, eks }) => (kubeconfig === undefined) !== (eks === undefined),
        'needs kubeconfig or eks, and not both',
      ),
  },
  endpoints: {
    addresses: ['url', 'ca', 'authorization'],
    schema: z.strictObject({
      url: address('Where the service answers', ['https://', 'http://', 'tls://']),
      serverName: Name.optional().describe('The name that the certificate must have; that of the address by default'),
      ca: CaBundle.optional(),
      authorization: Authorization.optional(),
    }),
  },
  backups: {
    addresses: ['url'],
    schema: z.strictObject({
      url: address('The folder or prefix that holds the backups and nothing else', ['s3://', 'file:///']),
    }),
  },
  buckets: {
    addresses: ['url'],
    schema: z.strictObject({ url: address('The bucket or prefix', ['s3://', 'file:///']) }),
  },
  logs: {
    addresses: ['url'],
    schema: z.strictObject({ url: address('The log group or folder', ['cloudwatch-logs:', 'file:///']) }),
  },
  metrics: {
    addresses: ['url', 'ca', 'authorization'],
    schema: z.strictObject({
      url: address('The base address of Prometheus, or CloudWatch', ['http://', 'https://', 'cloudwatch:']),
      ca: CaBundle.optional(),
      authorization: Authorization.optional(),
    }),
  },
  hosts: {
    addresses: [],
    schema: z.strictObject({
      tag: z
        .string()
        .regex(/^[^=]+=.+$/, 'write it as key=value')
        .describe('The tag of the instances'),
    }),
  },
  repositories: {
    addresses: ['url'],
    schema: z.strictObject({ url: address('The archive or folder of the repository', ['s3://', 'file:///']) }),
  },
  aws: { addresses: [], schema: z.strictObject({ region: Name.optional() }) },
} as const;

export type TargetKind = keyof typeof TARGET_KINDS;
export type TargetSettings<Kind extends TargetKind = TargetKind> = z.output<(typeof TARGET_KINDS)[Kind]['schema']>;

type AddressOf<Kind extends TargetKind> = (typeof TARGET_KINDS)[Kind]['addresses'][number];

type WithSecrets<Settings, Addresses> = {
  [Field in keyof Settings]: Field extends Addresses
    ? undefined extends Settings[Field]
      ? Secret | undefined
      : Secret
    : Settings[Field];
};

/** A target as a task gets it: named, every address and reference resolved to a `Secret`. */
export type Target<Kind extends TargetKind = TargetKind> = { readonly name: string } & Readonly<
  WithSecrets<TargetSettings<Kind>, AddressOf<Kind>>
>;
