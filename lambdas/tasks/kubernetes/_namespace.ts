import { messageOf, Unavailable } from '../../../core/errors.ts';
import type { Finding } from '../../../core/finding.ts';
import type { Cluster } from './_client.ts';

const NEAR = 3;

/** What an empty list of pods means: a namespace that does not exist, or one in which nothing runs. */
export async function explainNoPods(
  target: string,
  cluster: Cluster,
): Promise<Finding<'no-pods' | 'namespace-not-found'>> {
  const { namespace } = cluster;
  if (namespace === undefined)
    return { kind: 'no-pods', target, summary: 'the cluster lists no pods, at least 1 was expected' };
  const summary = `the namespace ${namespace} lists no pods, at least 1 was expected`;
  try {
    if (await cluster.namespaceExists(namespace)) return { kind: 'no-pods', target, subject: namespace, summary };
  } catch (thrown) {
    if (!(thrown instanceof Unavailable)) throw thrown;
    const doubt = `whether it exists is not known: ${messageOf(thrown)}`;
    return { kind: 'no-pods', target, subject: namespace, summary: `${summary}; ${doubt}` };
  }
  const near = await nearNames(namespace, cluster);
  return {
    kind: 'namespace-not-found',
    target,
    subject: namespace,
    summary: `the cluster has no namespace ${namespace}${near.length > 0 ? `; it has ${near.join(', ')}` : ''}`,
  };
}

async function nearNames(name: string, cluster: Cluster): Promise<string[]> {
  try {
    const names = await cluster.listNamespaces();
    return names
      .map((other) => ({ other, distance: editDistance(name, other) }))
      .filter(({ other, distance }) => distance <= Math.max(2, Math.floor(other.length / 3)))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, NEAR)
      .map(({ other }) => other);
  } catch (thrown) {
    // The names are a courtesy; that the namespace is missing is known without them.
    if (thrown instanceof Unavailable) return [];
    throw thrown;
  }
}

/** How many letters must be put in, left out or changed to make one text of the other. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, change));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
