import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import type { V1Pod } from '@kubernetes/client-node';
import { histogramSeries, openMetrics, requestSeries, samplesOf } from '../../lib/demo/metrics-data.ts';
import { HOST_SPAN_SECONDS, hostSeries } from '../../lib/demo/metrics-hosts.ts';
import * as pods from '../../lib/demo/pods.ts';
import { startKubernetesApi } from '../../lib/demo/servers/kubernetes.ts';
import { missingPrometheus, startPrometheus } from '../../lib/demo/servers/prometheus.ts';
import { createAuthority, issue, startTlsServer } from '../../lib/demo/servers/tls.ts';
import type { ServedScene } from './_databases.ts';
import { HOSTILE, longText } from './_texts.ts';

const BUILDERS = [
  pods.crashLoopingPod,
  pods.imagePullPod,
  pods.configErrorPod,
  pods.unschedulablePod,
  pods.notReadyPod,
  pods.oomKilledPod,
  pods.failedPod,
  pods.evictedPod,
  pods.nodeLostPod,
  pods.stuckTerminatingPod,
];

/** Puts a text into everything of a pod that has a text, and a long one into its messages. */
function hostilePod(build: (place: pods.PodPlace) => V1Pod, text: string, now: Date): V1Pod {
  const pod = build({ workload: 'WORKLOAD', namespace: 'NAMESPACE', now });
  return JSON.parse(JSON.stringify(pod), (field, value: unknown) => {
    if (typeof value !== 'string') return value;
    if (field === 'message') return longText(`${text} token=abc `, 20_000);
    if (field === 'reason') return value === 'CrashLoopBackOff' ? value : `R${text}`;
    const named = value.replaceAll('WORKLOAD', () => text).replaceAll('NAMESPACE', () => `ns ${text}`);
    return named === 'app' ? `app ${text}` : named;
  }) as V1Pod;
}

/** Something that says that it is a cluster, with pods that no cluster would have. */
export async function hostileKubernetes(now: Date): Promise<ServedScene> {
  const all = HOSTILE.flatMap((text, place) => {
    const build = BUILDERS[place % BUILDERS.length] ?? pods.crashLoopingPod;
    return [hostilePod(build, text, now), hostilePod(pods.crashLoopingPod, `two ${text}`, now)];
  });
  const api = await startKubernetesApi({ pods: all });
  return { scene: { targets: { cluster: { kubeconfig: api.kubeconfig } } }, stop: () => api.close() };
}

/** A real Prometheus with hostile values of labels; undefined where this machine has none. */
export async function hostileMetrics(folder: string, now: Date): Promise<ServedScene | undefined> {
  if ((await missingPrometheus()) !== undefined) return undefined;
  const period = { now, spanSeconds: 7_200, aheadSeconds: 600 };
  const requests = HOSTILE.flatMap((service) => {
    const labels = { job: service, instance: service, service };
    return [
      ...histogramSeries({ labels, perSecond: 4, shares: { '5': 1 } }),
      ...requestSeries(labels, { 200: 1, 500: 1 }),
    ];
  });
  const hosts = HOSTILE.flatMap((text) =>
    hostSeries({
      instance: text,
      job: text,
      disks: [{ mountpoint: `/${text}`, device: text, freeGib: (ago) => 1 + ago / 86_400 }],
      memoryAvailable: 0.01,
    }),
  );
  const machines = { ...period, spanSeconds: HOST_SPAN_SECONDS, everySeconds: 3_600 };
  const fresh = { ...period, spanSeconds: 3_600, everySeconds: 60 };
  const server = await startPrometheus({
    folder: join(folder, 'prometheus'),
    openMetrics: openMetrics(samplesOf(requests, period), samplesOf(hosts, machines), samplesOf([], fresh)),
  });
  return { scene: { targets: { prometheus: { url: server.url } } }, stop: () => server.stop() };
}

/** Services that say hostile things in every part of an answer, and certificates with hostile names. */
export async function hostileEndpoints(): Promise<ServedScene> {
  const stops: (() => Promise<unknown>)[] = [];
  const targets: Record<string, Record<string, string>> = {};
  for (const [place, text] of HOSTILE.entries()) {
    const header = text.replace(/[\r\n\0]/g, ' ');
    const document = {
      status: text,
      components: { [text]: { status: 'DOWN', details: { error: text } } },
      errors: [text],
    };
    const body = place % 3 === 0 ? JSON.stringify(document) : longText(`<title>${text}</title>`, 50_000);
    const status = place % 2 === 0 ? `HTTP/1.1 200 ${header}` : `HTTP/1.1 503 ${header}`;
    const type = place % 3 === 0 ? 'application/json' : 'text/html';
    const head = [
      status,
      `Content-Type: ${type}`,
      `Server: ${header}`,
      `Location: ${header}`,
      `Cache-Status: ${header}; hit`,
      `X: ${header}`,
    ];
    const server = await startRawHttp(
      `${head.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    stops.push(server.stop);
    targets[`web ${place}`] = { url: server.url };
    if (place % 4 > 0) continue;
    const authority = await createAuthority({ name: text });
    const issued = await issue({ authority, names: [`a${place}.test`], commonName: text });
    const tls = await startTlsServer({ certificates: [issued.certificate], privateKey: issued.privateKey });
    stops.push(() => tls.close());
    targets[`tls ${place}`] = { url: `https://127.0.0.1:${tls.port}` };
  }
  return {
    scene: { targets, inputs: { 'endpoints-warm-cache': { paths: ['/'], perSecond: 50 } } },
    stop: async () => {
      for (const stop of stops) await stop();
    },
  };
}

async function startRawHttp(answer: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => sockets.delete(socket));
    socket.once('data', () => socket.end(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
