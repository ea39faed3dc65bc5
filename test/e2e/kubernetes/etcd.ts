import type { Cluster } from './cluster.ts';

const CALL_MILLISECONDS = 10_000;
// Where API servers tell one another how far the history is gone.
const COMPACTED_KEY = 'compact_rev_key';

/** Lets etcd forget every state but the present one, as the API server does after five minutes. */
export async function forgetHistory({ etcdUrl, client }: Cluster): Promise<void> {
  // A change, for the present state itself cannot be forgotten.
  await client.create('/api/v1/namespaces/default/configmaps', { metadata: { generateName: 'change-' } });
  const { header } = await ask<{ header: { revision: string } }>(etcdUrl, 'kv/range', { key: base64(COMPACTED_KEY) });
  await ask(etcdUrl, 'kv/put', { key: base64(COMPACTED_KEY), value: base64(header.revision) });
  await ask(etcdUrl, 'kv/compaction', { revision: header.revision, physical: true });
}

async function ask<Answer>(etcdUrl: string, call: string, question: object): Promise<Answer> {
  const response = await fetch(`${etcdUrl}/v3/${call}`, {
    method: 'POST',
    body: JSON.stringify(question),
    signal: AbortSignal.timeout(CALL_MILLISECONDS),
  });
  if (!response.ok) throw new Error(`etcd answers ${response.status} to ${call}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
