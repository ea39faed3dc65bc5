/** What the headers of an answer say of the cache that it came through. */
export type CacheState =
  | { readonly state: 'hit' }
  | { readonly state: 'miss'; readonly because: string }
  | { readonly state: 'not-cacheable'; readonly because: string }
  | { readonly state: 'not-shown' };

type Headers = Readonly<Record<string, string>>;

/** Where caches say what they did: CloudFront, Fastly, Varnish, nginx, Cloudflare, Akamai, Azure, Google, and RFC 9211. */
const CACHE_HEADERS = [
  ...['cache-status', 'x-cache', 'cf-cache-status', 'x-cache-status', 'x-proxy-cache', 'x-varnish-cache'],
  ...['cdn-cache', 'x-cdn-cache', 'x-drupal-cache', 'x-litespeed-cache', 'x-vercel-cache', 'x-nextjs-cache'],
];
const HIT = /\bhit\b|\bstale\b|\brevalidated\b|\brefreshhit\b|\bprerender\b/i;
const MISS = /\bmiss\b|\bexpired\b|\bfwd\b/i;
const PASSED_BY = /\bbypass\b|\bdynamic\b|\bpass\b|\bnone\b|\buncacheable\b/i;

/** Reads what one answer shows. A hit outweighs what forbids one: the cache has decided. */
export function cacheStateOf(headers: Headers): CacheState {
  const said = CACHE_HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [{ name, value: headers[name] }]));
  if (said.some(({ value }) => HIT.test(value)) || Number(headers['age'] ?? 0) > 0) return { state: 'hit' };
  const forbidden = reasonNotToCache(headers);
  if (forbidden !== undefined) return { state: 'not-cacheable', because: forbidden };
  const passed = said.find(({ value }) => PASSED_BY.test(value));
  if (passed) return { state: 'not-cacheable', because: `${passed.name}: ${passed.value}` };
  const missed = said.find(({ value }) => MISS.test(value));
  return missed ? { state: 'miss', because: `${missed.name}: ${missed.value}` } : { state: 'not-shown' };
}

/** What forbids a shared cache to keep the answer, in the header's own words. */
function reasonNotToCache(headers: Headers): string | undefined {
  const control = (headers['cache-control'] ?? '').toLowerCase();
  const directives = new Map(
    control.split(',').map((directive) => {
      const [name = '', value = ''] = directive.trim().split('=', 2);
      return [name.trim(), value.replaceAll('"', '').trim()] as const;
    }),
  );
  const forbidding = ['no-store', 'private', 'no-cache'].find((name) => directives.has(name));
  if (forbidding !== undefined) return `Cache-Control: ${forbidding}`;
  const lifetime = directives.get('s-maxage') ?? directives.get('max-age');
  if (lifetime !== undefined && Number(lifetime) <= 0) return 'Cache-Control: a lifetime of 0';
  if ((headers['vary'] ?? '').trim() === '*') return 'Vary: *';
  return headers['set-cookie'] === undefined ? undefined : 'Set-Cookie';
}
