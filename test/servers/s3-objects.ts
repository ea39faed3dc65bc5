import { createHash } from 'node:crypto';
import { S3Refusal } from './s3-upload.ts';

export interface S3Object {
  readonly body: Buffer;
  /** Quoted, as it stands in the header. */
  readonly etag: string;
  readonly lastModified: Date;
  /** The `x-amz-meta-` headers by their names. */
  readonly metadata: Readonly<Record<string, string>>;
}

export type Bucket = Map<string, S3Object>;

const PAGE_KEYS = 1_000;

export function s3Object(
  body: string | Uint8Array,
  { lastModified = new Date(), metadata = {} }: Partial<Pick<S3Object, 'lastModified' | 'metadata'>> = {},
): S3Object {
  const content = Buffer.from(body);
  return { body: content, etag: `"${createHash('md5').update(content).digest('hex')}"`, lastModified, metadata };
}

/** Throws S3's refusal where the conditions of a write do not hold. */
export function assertWritable(held: S3Object | undefined, ifNoneMatch?: string, ifMatch?: string): void {
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw new S3Refusal(501, 'NotImplemented');
  if (ifNoneMatch === '*' && held !== undefined) throw new S3Refusal(412, 'PreconditionFailed');
  if (ifMatch === undefined) return;
  if (held === undefined) throw new S3Refusal(404, 'NoSuchKey');
  if (unquoted(held.etag) !== unquoted(ifMatch)) throw new S3Refusal(412, 'PreconditionFailed');
}

/** The bytes of a body that a `Range` header asks for, the last one included; undefined for all of them. */
export function rangeOf(header: string | undefined, size: number): { from: number; to: number } | undefined {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const range =
    from === ''
      ? { from: Math.max(0, size - Number(to)), to: size - 1 }
      : { from: Number(from), to: Math.min(size - 1, to === '' ? size - 1 : Number(to)) };
  if (range.from >= size || range.from > range.to) throw new S3Refusal(416, 'InvalidRange');
  return range;
}

/** One page of a listing as ListObjectsV2 answers it. */
export function listingXml(name: string, bucket: Bucket, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token');
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString();
  const limit = Math.min(PAGE_KEYS, Number(query.get('max-keys') ?? PAGE_KEYS));
  const isUrlEncoded = query.get('encoding-type') === 'url';
  const keyText = (key: string) => escaped(isUrlEncoded ? encodeURIComponent(key).replaceAll('%2F', '/') : key);

  const objects: string[] = [];
  const folders = new Set<string>();
  let last = '';
  let isTruncated = false;
  for (const key of [...bucket.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
    if (!key.startsWith(prefix) || Buffer.compare(Buffer.from(key), Buffer.from(after)) <= 0) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const folder = end === -1 ? undefined : key.slice(0, end + delimiter.length);
    if (folder !== undefined && (folders.has(folder) || (token !== null && after.startsWith(folder)))) {
      last = key;
      continue;
    }
    if (objects.length + folders.size >= limit) {
      isTruncated = true;
      break;
    }
    last = key;
    if (folder === undefined) objects.push(contentXml(keyText(key), bucket.get(key)));
    else folders.add(folder);
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
    `<Name>${name}</Name><Prefix>${keyText(prefix)}</Prefix><MaxKeys>${limit}</MaxKeys>`,
    `<KeyCount>${objects.length + folders.size}</KeyCount><IsTruncated>${isTruncated}</IsTruncated>`,
    isUrlEncoded ? '<EncodingType>url</EncodingType>' : '',
    isTruncated ? `<NextContinuationToken>${Buffer.from(last).toString('base64url')}</NextContinuationToken>` : '',
    ...objects,
    ...[...folders].map((folder) => `<CommonPrefixes><Prefix>${keyText(folder)}</Prefix></CommonPrefixes>`),
    '</ListBucketResult>',
  ].join('');
}

export function errorXml({ code, message }: S3Refusal): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error>`;
}

function contentXml(key: string, object: S3Object | undefined): string {
  if (object === undefined) return '';
  const { etag, body, lastModified } = object;
  return [
    `<Contents><Key>${key}</Key><LastModified>${lastModified.toISOString()}</LastModified>`,
    `<ETag>${escaped(etag)}</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`,
  ].join('');
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
