import type { V1Deployment, V1Job } from '@kubernetes/client-node';

/** Which workload; times are relative to `now`. */
export interface WorkloadPlace {
  readonly workload: string;
  readonly namespace?: string;
  readonly now: Date;
}

const AN_HOUR_SECONDS = 3_600;

/** A Deployment as the API server shows it whose pods the namespace's quota refuses: there is no pod to be seen. */
export function refusedDeployment({ workload, namespace = 'default', now }: WorkloadPlace): V1Deployment {
  const since = new Date(now.getTime() - AN_HOUR_SECONDS * 1_000);
  const labels = { app: workload };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: workload, namespace, creationTimestamp: since, managedFields: writtenAt(since) },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels } } },
    status: {
      observedGeneration: 1,
      unavailableReplicas: 2,
      conditions: [
        {
          type: 'ReplicaFailure',
          status: 'True',
          reason: 'FailedCreate',
          message: `pods "${workload}-" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=8, limited: pods=8`,
          lastTransitionTime: since,
          lastUpdateTime: since,
        },
      ],
    },
  };
}

/** A Job whose time was up: its pod is deleted, and the Job alone tells. */
export function lateJob({ workload, namespace = 'default', now }: WorkloadPlace): V1Job {
  const ended = new Date(now.getTime() - AN_HOUR_SECONDS * 1_000);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: workload, namespace, creationTimestamp: ended, managedFields: writtenAt(ended) },
    spec: { activeDeadlineSeconds: 600, backoffLimit: 0, template: {} },
    status: {
      startTime: ended,
      failed: 1,
      terminating: 0,
      conditions: [
        {
          type: 'Failed',
          status: 'True',
          reason: 'DeadlineExceeded',
          message: 'Job was active longer than specified deadline',
          lastProbeTime: ended,
          lastTransitionTime: ended,
        },
      ],
    },
  };
}

function writtenAt(time: Date) {
  const written = { apiVersion: 'v1', fieldsType: 'FieldsV1', operation: 'Update', time };
  return [
    { ...written, manager: 'kubectl', fieldsV1: { 'f:spec': {} } },
    { ...written, manager: 'kube-controller-manager', subresource: 'status', fieldsV1: { 'f:status': {} } },
  ];
}
