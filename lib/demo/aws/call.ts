import { matchRoute, type Match, type Route } from './rest.ts';

export type Protocol = 'json' | 'query' | 'cbor' | 'rest-json' | 'rest-xml';

/** One request, as far as it says who asks what of which service. */
export interface Call {
  /** The name before the colon of the service's IAM actions. */
  readonly service: string;
  /** `GET /path` where no known operation fits. */
  readonly operation: string;
  readonly protocol: Protocol;
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Who signed it; empty where nobody did. */
  readonly accessKeyId: string;
  readonly labels: Match['labels'];
  readonly requestId: string;
}

export interface CallHead {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestId: string;
}

/** Where the name of an IAM action is another than that by which requests are signed. */
const IAM_NAMES: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

/** Says which operation of which service a request asks for; `form` is its body where that is a form. */
export function readCall(head: CallHead, routes: ReadonlyMap<string, readonly Route[]>, form: string): Call {
  const { method, url, headers } = head;
  const { accessKeyId, signedFor } = signerOf(head);
  const service = IAM_NAMES[signedFor] ?? signedFor;
  const known = { ...head, accessKeyId, service, labels: {} };
  const target = headers['x-amz-target'];
  if (target !== undefined) return { ...known, protocol: 'json', operation: target.slice(target.lastIndexOf('.') + 1) };
  const rpc = /^\/service\/[^/]+\/operation\/([^/]+)$/.exec(url.pathname);
  if (rpc !== null) return { ...known, protocol: 'cbor', operation: rpc[1] ?? '' };
  const action = new URLSearchParams(form).get('Action') ?? url.searchParams.get('Action');
  if (action !== null) return { ...known, protocol: 'query', operation: action };
  const isS3 = service === 's3';
  // The SDK writes the bucket before the path that its schemas give.
  const within = isS3 ? new URL(url.pathname.replace(/^\/[^/]*/, '') + url.search, url) : url;
  const match = matchRoute(routes.get(service) ?? [], method, within);
  return {
    ...known,
    protocol: isS3 ? 'rest-xml' : 'rest-json',
    operation: match?.operation ?? `${method} ${url.pathname}`,
    labels: match?.labels ?? {},
  };
}

/** Who signed a request and for which service: `Credential=<key>/<date>/<region>/<service>/aws4_request`. */
function signerOf({ url, headers }: CallHead): { readonly accessKeyId: string; readonly signedFor: string } {
  const inHeader = /Credential=([^,\s]+)/.exec(headers['authorization'] ?? '')?.[1];
  const [accessKeyId = '', , , signedFor = 'unsigned'] = (
    inHeader ??
    url.searchParams.get('X-Amz-Credential') ??
    ''
  ).split('/');
  return { accessKeyId, signedFor };
}
