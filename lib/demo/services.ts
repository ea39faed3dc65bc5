import { startHttpService, type Answering } from './servers/http.ts';
import { type Authority, issue, lifetime } from './servers/tls.ts';

/** What a run of the demo must find at its services: by task, kind and target. */
export const PLANTED_SERVICES: readonly string[] = [
  'endpoints-check-health dependency-down orders payments',
  'endpoints-check-health error-page search',
  'endpoints-check-health slow reports',
  'endpoints-warm-cache not-cacheable shop /account',
];

/** The actions of the warming of `shop` with `SHOP_PATHS`. */
export const PLANTED_WARMINGS: readonly string[] = ['warm shop /', 'warm shop /events', 'warm shop /account'];

/** What `endpoints-warm-cache` is to request of `shop`. */
export const SHOP_PATHS: readonly string[] = ['/', '/events', '/account'];

export interface DemoServices {
  /** Target name to address; each is healthy but for what is planted, its certificate included. */
  readonly urls: Readonly<Record<'shop' | 'orders' | 'search' | 'reports', string>>;
  readonly close: () => Promise<void>;
}

/**
 * Starts four services over TLS with certificates of the authority: `shop` is healthy and has a cache, `orders`
 * answers 200 with a sick dependency, `search` with an error page, and `reports` takes three seconds.
 */
export async function startDemoServices({
  authority,
  now,
}: {
  readonly authority: Authority;
  readonly now: Date;
}): Promise<DemoServices> {
  const issued = await issue({ authority, names: ['127.0.0.1'], ...lifetime(90, { leftDays: 60, now }) });
  const all = await Promise.allSettled(
    Object.values(answersOfServices()).map((answers) => startHttpService({ issued, answers })),
  );
  const services = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const close = async () => {
    await Promise.all(services.map((service) => service.close()));
  };
  const failed = all.find((one) => one.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  const [shop = '', orders = '', search = '', reports = ''] = services.map(({ url }) => url);
  return { urls: { shop, orders: `${orders}/actuator/health`, search, reports }, close };
}

function answersOfServices() {
  const page = (title: string, headers: Readonly<Record<string, string>> = {}) => ({
    headers: { 'content-type': 'text/html; charset=utf-8', ...headers },
    body: `<!doctype html><title>${title}</title><h1>${title}</h1>`,
  });
  return {
    shop: {
      '/': keptBy(page('EventChain')),
      '/events': keptBy(page('Upcoming events')),
      '/account': page('Your account', { 'cache-control': 'private, no-store' }),
    },
    orders: {
      '/actuator/health': {
        body: {
          status: 'UP',
          components: {
            db: { status: 'UP', details: { database: 'PostgreSQL' } },
            payments: { status: 'DOWN', details: { error: 'connection refused' } },
            ping: { status: 'UP' },
          },
        },
      },
    },
    search: { '/': page('Whitelabel Error Page') },
    reports: { '/': { ...page('Reports'), afterSeconds: 3 } },
  } satisfies Readonly<Record<string, Readonly<Record<string, Answering>>>>;
}

/** Answers as a cache does that keeps a page from its first request on. */
function keptBy({
  headers,
  body,
}: {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}): Answering {
  let isKept = false;
  return (_request, response) => {
    const state = isKept ? 'Demo; hit' : 'Demo; fwd=uri-miss; stored';
    isKept = true;
    response.writeHead(200, { ...headers, 'cache-control': 'public, max-age=300', 'cache-status': state }).end(body);
  };
}
