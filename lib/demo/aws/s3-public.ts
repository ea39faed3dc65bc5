import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { forward } from './forward.ts';

interface Block {
  readonly IgnorePublicAcls?: boolean;
  readonly RestrictPublicBuckets?: boolean;
}

/** A bucket as far as the world is concerned. */
export interface PublicBucketFixture {
  readonly name: string;
  readonly block?: Block;
  /** Undefined where it has no policy. */
  readonly isPolicyPublic?: boolean;
  /** What its access list gives to everybody. */
  readonly publicGrants?: readonly string[];
}

export interface S3PublicFixture {
  readonly account: string;
  readonly accountBlock?: Block;
  readonly buckets: readonly PublicBucketFixture[];
  /** Another S3, with every bucket and object that is not of these. */
  readonly upstream?: string;
}

export interface S3PublicServer {
  readonly endpoint: string;
  /** What was asked for, each with the account that it was asked about where that is in a header. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';

/**
 * Starts an S3 that tells how public its buckets are; everything else another one tells, or nobody.
 *
 * It stands behind the answering server, which does not write the protocol of S3.
 */
export async function startS3Public(fixture: S3PublicFixture): Promise<S3PublicServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://s3');
    const account = request.headers['x-amz-account-id'];
    const answer = answerOf(fixture, url, account);
    if (fixture.upstream !== undefined && answer === undefined) {
      // Whoever asked breaks off, too.
      forward(fixture.upstream, request, response, undefined).catch(() => response.destroy());
      return;
    }
    asked.push(`${url.pathname}${account === undefined ? '' : ` of ${String(account)}`}`);
    send(response, answer ?? { refusal: 'NoSuchBucket' });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type S3Answer = { readonly xml: string } | { readonly refusal: string };

function answerOf(
  { account, accountBlock, buckets }: S3PublicFixture,
  url: URL,
  of: string | string[] | undefined,
): S3Answer | undefined {
  if (url.pathname === '/v20180820/configuration/publicAccessBlock') {
    return of === account ? blockXml(accountBlock) : { refusal: 'AccessDenied' };
  }
  if (url.pathname === '/') return { xml: listXml(buckets, url.searchParams) };
  const bucket = buckets.find(({ name }) => url.pathname === `/${name}` || url.pathname === `/${name}/`);
  if (bucket === undefined) return undefined;
  if (url.searchParams.has('publicAccessBlock')) return blockXml(bucket.block);
  if (url.searchParams.has('policyStatus')) {
    if (bucket.isPolicyPublic === undefined) return { refusal: 'NoSuchBucketPolicy' };
    return { xml: `<PolicyStatus><IsPublic>${bucket.isPolicyPublic}</IsPublic></PolicyStatus>` };
  }
  if (url.searchParams.has('acl')) return { xml: aclXml(bucket) };
  return { refusal: 'NotImplemented' };
}

function blockXml(block: Block | undefined): S3Answer {
  if (block === undefined) return { refusal: 'NoSuchPublicAccessBlockConfiguration' };
  const fields = Object.entries({ IgnorePublicAcls: false, RestrictPublicBuckets: false, ...block });
  const xml = fields.map(([name, value]) => `<${name}>${value}</${name}>`).join('');
  return { xml: `<PublicAccessBlockConfiguration>${xml}</PublicAccessBlockConfiguration>` };
}

/** Pages by the place of the next bucket. */
function listXml(buckets: readonly PublicBucketFixture[], query: URLSearchParams): string {
  const from = Number(query.get('continuation-token') ?? 0);
  const to = from + Number(query.get('max-buckets') ?? 10_000);
  const shown = buckets.slice(from, to).map(({ name }) => {
    return `<Bucket><Name>${name}</Name><BucketRegion>us-east-1</BucketRegion></Bucket>`;
  });
  const next = to < buckets.length ? `<ContinuationToken>${to}</ContinuationToken>` : '';
  return `<ListAllMyBucketsResult><Buckets>${shown.join('')}</Buckets>${next}</ListAllMyBucketsResult>`;
}

function aclXml({ publicGrants = [] }: PublicBucketFixture): string {
  const type = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type';
  const own = `<Grant><Grantee ${type}="CanonicalUser"><ID>owner</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant>`;
  const open = publicGrants.map((permission) => {
    return `<Grant><Grantee ${type}="Group"><URI>${ALL_USERS}</URI></Grantee><Permission>${permission}</Permission></Grant>`;
  });
  const grants = `<AccessControlList>${own}${open.join('')}</AccessControlList>`;
  return `<AccessControlPolicy><Owner><ID>owner</ID></Owner>${grants}</AccessControlPolicy>`;
}

function send(response: ServerResponse, answer: S3Answer): void {
  const isRefusal = 'refusal' in answer;
  const status = !isRefusal ? 200 : answer.refusal === 'AccessDenied' ? 403 : 404;
  const body = isRefusal ? `<Error><Code>${answer.refusal}</Code><Message>refused</Message></Error>` : answer.xml;
  response.writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': 'test' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}
