import type { FindingKind } from '../../../core/finding.ts';

/** What the warming of a cache can come to. */
export const WARM_FINDINGS = {
  'not-warmed': {
    severity: 'fail',
    means:
      'The path was requested and gave no answer worth keeping: an error, an error page, a redirection, or nothing.',
    matters: 'Its first user gets the same, and a cache may keep the error for all who follow.',
    remedy: 'Look at the answer, mend the path or the service, or take the path off the list.',
    prevention: 'Make the list of paths from the routes of the service, in the deployment that changes them.',
  },
  'not-cacheable': {
    severity: 'warn',
    means: 'The answer may not be kept by a shared cache, so requesting it has warmed nothing.',
    matters: 'Every user waits for the whole answer, and the service makes it anew each time.',
    remedy: 'Let the service allow caching of this path (Cache-Control, no cookie), or take the path off the list.',
    prevention: 'Test the caching headers of public pages in the deployment.',
  },
  'not-kept': {
    severity: 'warn',
    means: 'The second request was a miss again, although the answer may be kept.',
    matters: 'The cache takes no load off the service, which shows when many users come at once.',
    remedy: 'Look at the key and the size of the cache, and at Vary and the query of the path.',
    prevention: 'Watch the hit ratio of the cache and alarm when it falls.',
  },
  'stopped-early': {
    severity: 'warn',
    means: 'The warming was ended before its last path, because the service could not bear it or the time was over.',
    matters: 'The paths behind are as cold as before, and the service is short of room.',
    remedy: 'Look at the load of the service; lower perSecond, or shorten the list.',
    prevention: 'Warm when the service has little to do, and the most wanted paths first.',
  },
  'warmth-not-shown': {
    severity: 'info',
    means: 'The answers do not show whether they come from a cache, so that the warming cannot be proven.',
    remedy: 'Let the cache say it with the header Cache-Status, or set expectCached to false.',
  },
  'no-http': {
    severity: 'info',
    means: 'The endpoint speaks TLS without HTTP and has no cache to warm.',
    remedy: 'Name the endpoints that have one as targets of the entry.',
  },
} as const satisfies Record<string, FindingKind>;
export type WarmKind = keyof typeof WARM_FINDINGS;
