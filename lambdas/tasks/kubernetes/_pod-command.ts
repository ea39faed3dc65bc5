import type { Pod } from './_pod.ts';

/** What to look at for a kind of trouble of a pod; none where a name is not fit for a shell. */
export function podCommand(kind: string, pod: Pod, container?: string): { readonly command?: string } {
  const { name, namespace, nodeName } = pod;
  switch (kind) {
    case 'crash-looping':
    case 'restarting':
    case 'oom-killed':
      return container
        ? kubectl`--namespace ${namespace} logs ${name} --container ${container} --previous --tail=100`
        : kubectl`--namespace ${namespace} logs ${name} --previous --tail=100`;
    case 'job-failed':
    case 'job-retried':
      return kubectl`--namespace ${namespace} logs ${name} --all-containers --tail=100`;
    case 'failed-pods-left':
      return kubectl`--namespace ${namespace} get pods --field-selector status.phase=Failed`;
    case 'node-lost':
      if (nodeName) return kubectl`describe node ${nodeName}`;
      return kubectl`--namespace ${namespace} describe pod ${name}`;
    default:
      return kubectl`--namespace ${namespace} describe pod ${name}`;
  }
}

// What Kubernetes allows in names, none of which a shell or kubectl takes for something else. Any other text comes from
// something that only says that it is a cluster, and is not put into anyone's shell.
const NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

/** A kubectl command with names in it; none where one of them is not fit for a shell. */
export function kubectl(parts: TemplateStringsArray, ...names: readonly string[]): { readonly command?: string } {
  if (!names.every((name) => NAME.test(name))) return {};
  return { command: `kubectl ${parts.map((part, place) => `${part}${names[place] ?? ''}`).join('')}` };
}
