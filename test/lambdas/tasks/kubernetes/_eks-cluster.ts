import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { V1Pod } from '@kubernetes/client-node';
import { createAuthority, issue } from '../../../../lib/demo/servers/tls.ts';

export interface Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What a token says of its bearer. */
export interface Presented {
  readonly host: string;
  readonly query: Readonly<Record<string, string>>;
  readonly signedAt: Date;
  /** Computed anew from the secret, by the rules of Signature Version 4 and for one cluster. */
  readonly isGenuine: boolean;
}

/** Reads a token as EKS and STS do; the code shares nothing with what signs. */
export function readToken(token: string, cluster: string, { secretAccessKey }: Account): Presented {
  const url = new URL(Buffer.from(token.replace(/^k8s-aws-v1\./, ''), 'base64url').toString());
  const query = Object.fromEntries(url.searchParams);
  const { 'X-Amz-Signature': signature = '', 'X-Amz-Date': date = '', 'X-Amz-Credential': credential = '' } = query;
  const [, day = '', region = ''] = credential.split('/');
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  const canonicalQuery = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonical = [
    ...['GET', '/', canonicalQuery, `host:${url.host}`, `x-k8s-aws-id:${cluster}`, '', 'host;x-k8s-aws-id'],
    createHash('sha256').update('').digest('hex'),
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const toSign = ['AWS4-HMAC-SHA256', date, `${day}/${region}/sts/aws4_request`, digest].join('\n');
  const key = [day, region, 'sts', 'aws4_request'].reduce<Buffer | string>(hmac, `AWS4${secretAccessKey}`);
  const [, year, month, dayOfMonth, hour, minute, second] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(date) ?? [];
  return {
    host: url.host,
    query,
    signedAt: new Date(`${year}-${month}-${dayOfMonth}T${hour}:${minute}:${second}Z`),
    isGenuine: hmac(key, toSign).toString('hex') === signature,
  };
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Starts the API server of an EKS cluster: it lets in whoever has signed for this cluster in the last 15 minutes. */
export async function startEksCluster(name: string, account: Account, pods: readonly V1Pod[]) {
  const authority = await createAuthority({ name: 'kubernetes' });
  const { certificate, privateKey } = await issue({ authority, names: ['127.0.0.1'] });
  const tokens: string[] = [];
  let refusals = 0;
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    tokens.push(token);
    const { isGenuine, signedAt } = readToken(token, name, account);
    const ageSeconds = (Date.now() - signedAt.getTime()) / 1_000;
    const isKnown = isGenuine && ageSeconds > -60 && ageSeconds < 900 && refusals <= 0;
    refusals -= 1;
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    const items = request.url?.includes('/pods') ? pods : [];
    const list = { kind: 'List', apiVersion: 'v1', metadata: {}, items };
    response.end(JSON.stringify(isKnown ? list : { kind: 'Status', code: 401, message: 'Unauthorized' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorityData: Buffer.from(authority.certificate).toString('base64'),
    tokens,
    /** Takes so many tokens for ended, whatever they are. */
    refuseNext: (count: number) => void (refusals = count),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
