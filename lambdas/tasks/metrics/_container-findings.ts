import type { FindingKind } from '../../../core/finding.ts';
import type { ContainerKind } from './_containers.ts';

/** What the containers of a Kubernetes cluster can be found to use of their limits. */
export const CONTAINER_FINDINGS = {
  'container-memory-high': {
    severity: 'warn',
    means: 'A container uses nearly all of the memory that its limit allows.',
    matters: 'At the limit the kernel kills it at once, with all requests that it was answering.',
    remedy: 'Compare with an hour ago: raise the limit if the load has grown, look for the leak if it only rises.',
    prevention: 'Set the memory limit to the peak of two weeks and a reserve, and review it with each release.',
  },
  'container-cpu-high': {
    severity: 'warn',
    means: 'A container uses nearly all of the CPU time that its limit allows.',
    matters: 'A peak is cut off: requests wait although the node may have CPU time left.',
    remedy: 'Raise the CPU limit or the number of replicas.',
    prevention: 'Let the autoscaler add replicas before the limit is reached.',
  },
  'container-throttled': {
    severity: 'warn',
    means: 'The scheduler held a container back in many of its periods because its CPU limit was used up.',
    matters: 'Each such pause is up to a tenth of a second that a request waits; probes fail in the worst case.',
    remedy: 'Raise the CPU limit, or take it away and keep the request.',
    prevention: 'Give a program no more threads than its limit has cores, for instance with GOMAXPROCS.',
  },
  'container-limits-not-known': {
    severity: 'unknown',
    means: 'Prometheus has the use of containers and not their limits, or the limits and not the use.',
    matters: 'A container at its limit is not seen before it is killed.',
    remedy: 'Scrape both, kube-state-metrics and the cAdvisor of the kubelets, or set containers to false.',
    prevention: 'Alert on `absent(kube_pod_info)` and on `absent(container_memory_working_set_bytes)`.',
  },
} as const satisfies Record<ContainerKind, FindingKind>;
