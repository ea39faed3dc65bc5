import type { Pod } from './_pod.ts';

/** What to look at for a kind of trouble of a pod; none where a name is not fit for a shell. */
export function podCommand(kind: string, pod: Pod, container?: string): { readonly command?: string } {
  const where = ['--namespace', pod.namespace];
  switch (kind) {
    case 'crash-looping':
    case 'restarting':
    case 'oom-killed':
      return kubectl(
        ['logs', pod.name, ...(container ? ['--container', container] : []), '--previous', '--tail=100'],
        where,
      );
    case 'job-failed':
    case 'job-retried':
      return kubectl(['logs', pod.name, '--all-containers', '--tail=100'], where);
    case 'failed-pods-left':
      return kubectl(['get', 'pods', '--field-selector', 'status.phase=Failed'], where);
    case 'node-lost':
      return pod.nodeName
        ? kubectl(['describe', 'node', pod.nodeName], [])
        : kubectl(['describe', 'pod', pod.name], where);
    default:
      return kubectl(['describe', 'pod', pod.name], where);
  }
}

// What Kubernetes allows in names; its flags here are of our own making. Any other text comes from something that only
// says that it is a cluster, and is not put into anyone's shell.
const FIT = /^(--[a-z-]+(=\d+)?|[a-z0-9]([a-z0-9.-]*[a-z0-9])?|status\.phase=Failed)$/;

function kubectl(args: readonly string[], where: readonly string[]): { readonly command?: string } {
  const words = [...where, ...args];
  return words.every((word) => FIT.test(word)) ? { command: ['kubectl', ...words].join(' ') } : {};
}
