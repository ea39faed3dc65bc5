import type { FindingKind } from '../../../core/finding.ts';

/** What pods, and what makes them, can be found to suffer from. */
export const POD_FINDINGS = {
  'crash-looping': {
    severity: 'fail',
    means: 'A container ends right after each start and the kubelet waits longer and longer before it tries again.',
    matters: 'The workload runs with fewer pods, or with none, and does not come back by itself.',
    remedy:
      'Read what the container said before it ended, with the command of the finding; undo the last rollout if it is new.',
    prevention: 'Let the rollout fail first: readiness probes, maxUnavailable 0 and progressDeadlineSeconds.',
  },
  'image-not-pulled': {
    severity: 'fail',
    means: 'The node cannot get the image: the name is wrong, the tag is gone, or the registry refuses.',
    matters: 'The pod never starts, and pods that move to another node fail the same way.',
    remedy: 'Correct the image or the pull secret; until then undo the rollout with `kubectl rollout undo`.',
    prevention: 'Deploy by digest from a registry of your own, and keep the tags that run from its clean-up.',
  },
  'container-not-created': {
    severity: 'fail',
    means: 'The container cannot be made; mostly a ConfigMap, a Secret or one of its keys is missing.',
    matters: 'The pod stays down until the missing thing exists.',
    remedy: 'Create what the message names, or correct the reference in the pod template.',
    prevention: 'Ship ConfigMaps and Secrets in the same release as the pods, and validate the references before.',
  },
  unschedulable: {
    severity: 'fail',
    means: 'No node takes the pod: resources, taints, affinity or a volume stand against it.',
    matters: 'The workload lacks this pod, and a node that fails now has no room to move its pods to.',
    remedy: 'Add a node, lower the requests, or correct the constraint that the message names.',
    prevention: 'Let a cluster autoscaler add nodes, and keep room for the pods of one lost node.',
  },
  'not-started': {
    severity: 'fail',
    means: 'The pod has been pending beyond the grace: volumes, network or an init container hold it.',
    matters: 'The workload lacks this pod, and a rollout that waits for it does not go on.',
    remedy: 'Read the events of the pod with the command of the finding.',
    prevention: 'Give init containers a time-out that reports, and volumes a class that binds in the zone of the pod.',
  },
  'not-ready': {
    severity: 'fail',
    means: 'The pod runs and has not passed its readiness probe for longer than the grace.',
    matters: 'It gets no traffic, and the pods that are left carry its share.',
    remedy: 'Read the events of the pod with the command of the finding, then the log of the unready container.',
    prevention: 'Let the readiness probe ask only for what the pod itself needs, and alarm on unready replicas.',
  },
  'pods-not-created': {
    severity: 'fail',
    means:
      'A workload has fewer pods than it wants, and the cluster does not make the rest: a quota, a missing ServiceAccount or an admission webhook stands against it.',
    matters: 'It runs with fewer pods, or with none, and a pod that is lost now does not come back.',
    remedy:
      'Do what the message says; without one, read the events at the end of what the command of the finding shows.',
    prevention: 'Alarm on quotas that are nearly used up, and ship ServiceAccounts in the same release as the pods.',
  },
  'node-lost': {
    severity: 'unknown',
    means: 'The node no longer reports on the pod, which may run or not.',
    matters: 'A StatefulSet does not replace it, and two of it may write at once if someone forces that.',
    remedy: 'Look at the node with `kubectl describe node`; if it is gone for good, delete the node.',
    prevention:
      'Let the cloud controller remove the nodes of ended machines, and spread replicas over nodes and zones.',
  },
  'stuck-terminating': {
    severity: 'warn',
    means:
      'The pod was deleted and has not gone long after its grace period: its node is lost or a finalizer holds it.',
    matters: 'Its name, volume and place stay taken, and a StatefulSet waits for it without end.',
    remedy: 'Look at the node and at `metadata.finalizers`; force the deletion only when the container is surely dead.',
    prevention:
      'Let the program end on SIGTERM within its grace period, and keep the controllers of finalizers running.',
  },
  'oom-killed': {
    severity: 'warn',
    means: 'The kernel killed a container within the period because it used more memory than its limit.',
    matters: 'Requests in flight were lost, and it happens again at the next load of that size.',
    remedy: 'Raise the memory limit of the container, or find the leak.',
    prevention: 'Set the limit from the measured peak with room to spare, and tell the runtime of the program of it.',
  },
  restarting: {
    severity: 'warn',
    means: 'A container was restarted more often in the period than the limit allows, though it may run just now.',
    matters: 'Each restart drops requests, and the next step is a crash loop.',
    remedy:
      'Read what the container said before its last end, with the command of the finding; look at its liveness probe.',
    prevention: 'Give the liveness probe more patience than the slowest garbage collection or dependency.',
  },
  'job-failed': {
    severity: 'fail',
    means: 'A Job, or the latest pod of a Job or CronJob, failed and none has succeeded since.',
    matters: 'The work was not done, and nobody else does it before the next schedule, if there is one.',
    remedy: 'Read log or events with the command of the finding, mend the cause, and start the Job again.',
    prevention: 'Make the Job repeatable, give it a backoffLimit, and raise an alarm when it fails.',
  },
  'job-retried': {
    severity: 'info',
    means: 'Pods of a Job failed, and one has succeeded since or is at it now.',
    remedy: 'Nothing now; if it repeats, read the log of the failed pod.',
  },
  'pod-failed': {
    severity: 'warn',
    means: 'Pods that should run for ever ended as failed within the period.',
    matters: 'A pod without controller is gone for good, and one with a controller may fail again.',
    remedy: 'Read why it ended with the command of the finding; its controller has replaced it if it has one.',
    prevention: 'Run nothing as a bare pod: a Deployment replaces what fails.',
  },
  evicted: {
    severity: 'warn',
    means: 'Nodes put pods out within the period: pressure, preemption or a shutdown.',
    matters: 'Under pressure a node goes on to evict, and the pods move the load to the next node.',
    remedy: 'Read the reason; on pressure find the pod that uses more than it requested.',
    prevention: 'Set requests and limits for memory and ephemeral storage, and a priority for what must stay.',
  },
  'failed-pods-left': {
    severity: 'info',
    means: 'Failed pods from before the period are still listed; they use nothing.',
    remedy: 'Delete them with `kubectl delete pod --field-selector status.phase=Failed` when they are in the way.',
  },
  'workloads-not-seen': {
    severity: 'unknown',
    means:
      'What makes the pods could not be listed, so pods that should exist and were never made were not looked for.',
    matters: 'A Deployment whose pods a quota refuses looks like one that nobody made.',
    remedy: 'Give the account the right to list what the summary names; `fettle doctor` shows the commands.',
    prevention: 'Give the account the right once for the whole cluster; listing shows no secrets.',
  },
  'no-pods': {
    severity: 'unknown',
    means: 'The cluster or namespace lists no pod at all, so there was nothing to judge.',
    matters: 'Either everything is down, or this task looks at the wrong place and sees nothing of yours.',
    remedy: 'Check that the target names the right cluster, context and namespace.',
    prevention: 'Name context and namespace in the profile instead of relying on what a kubeconfig has as current.',
  },
  'namespace-not-found': {
    severity: 'unknown',
    means: 'The namespace of the target does not exist in the cluster.',
    matters: 'The pods that you mean run elsewhere, unwatched, or were deleted with their namespace.',
    remedy: 'Correct `namespace` of the target in the profile.',
    prevention: 'Change the profile in the same review as the name of a namespace.',
  },
} as const satisfies Record<string, FindingKind>;
