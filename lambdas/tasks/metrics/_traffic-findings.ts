import type { FindingKind } from '../../../core/finding.ts';

/** What is said where too few requests were counted for a judgement of them. */
export const TRAFFIC_FINDINGS = {
  'no-traffic': {
    severity: 'unknown',
    means: 'The series are there and counted no request, or too few in all groups together to judge any.',
    matters: 'A broken load balancer or name server looks like this: the service is fine and nobody reaches it.',
    remedy:
      'Open the service as its users do; if so little traffic is usual, choose a longer `within` or a smaller minRequests.',
    prevention: 'Let a probe call the service from outside every minute, so that there is always traffic to judge.',
  },
  'few-requests': {
    severity: 'info',
    means: 'Some groups had fewer requests than the minimum and were not judged.',
    remedy: 'Nothing; choose a longer `within` or a smaller minRequests to have them judged, too.',
  },
} as const satisfies Record<string, FindingKind>;
