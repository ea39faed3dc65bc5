import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { renderPage } from '../../lambdas/report/page.ts';
import { loadCatalogue } from '../../lambdas/catalogue.ts';
import { crashLoopingPod } from '../../lib/demo/pods.ts';
import { startHttpService } from '../../lib/demo/servers/http.ts';
import { startKubernetesApi } from '../../lib/demo/servers/kubernetes.ts';
import { type LyingPrometheus, startLyingPrometheus } from '../servers/lying-prometheus.ts';
import { type S3Server, startS3Server } from '../servers/s3.ts';
import { observe, type Observed } from './_run.ts';
import { problemsOfShowing } from './_shown.ts';
import { HOSTILE, longText } from './_texts.ts';

const MEGABYTE = 1_000_000;
const MOST_RECORD_BYTES = 2 * MEGABYTE;
const MOST_PAGE_BYTES = 8 * MEGABYTE;

const stops: (() => Promise<unknown>)[] = [];
let observed: Observed;

/** Far more things than anyone has, and each far longer than any server means it to be. */
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fettle-sizes-'));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  const now = new Date();
  const prometheus = await startLyingPrometheus(({ path }) => answerOf(path));
  const pods = Array.from({ length: 3_000 }, (_, index) => {
    const workload = longText(`${HOSTILE[index % HOSTILE.length]} ${index} `, 1_000);
    return crashLoopingPod({ workload, namespace: longText(`n${index % 40}`, 200), now });
  });
  const cluster = await startKubernetesApi({ pods });
  const long = longText(HOSTILE[0] ?? '', MEGABYTE);
  const services = await startHttpService({
    answers: {
      '/': {
        headers: { 'content-type': 'application/json' },
        body: { status: long, errors: [long], components: manyComponents() },
      },
    },
  });
  const s3 = await startBuckets();
  stops.push(
    () => prometheus.close(),
    () => cluster.close(),
    () => services.close(),
    () => s3.close(),
  );
  const tasks = [...(await loadCatalogue()).values()].map(({ task }) => task);
  observed = await observe(tasks, {
    metrics: { targets: { liar: { url: prometheus.url } } },
    kubernetes: { targets: { cluster: { kubeconfig: cluster.kubeconfig } } },
    endpoints: { targets: { web: { url: services.url } }, inputs: { 'endpoints-warm-cache': { paths: ['/'] } } },
    logs: { targets: { folder: { url: await manyLogs(folder) } } },
    backups: { targets: { bucket: { url: 's3://backups/' } } },
  });
}, 300_000);

afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
});

function answerOf(path: string): ReturnType<LyingPrometheus['onQuery']> {
  const isRange = path.includes('query_range');
  const seconds = Math.floor(Date.now() / 1_000);
  const result = Array.from({ length: 2_000 }, (_, place) => {
    const text = place === 0 ? longText(HOSTILE[1] ?? '', MEGABYTE) : `${HOSTILE[place % HOSTILE.length]} ${place}`;
    const labels = {
      job: text,
      instance: text,
      service: text,
      mountpoint: `/${text}`,
      device: text,
      fstype: 'ext4',
      le: '+Inf',
      status: '500',
    };
    return isRange ? { metric: labels, values: [[seconds, '99']] } : { metric: labels, value: [seconds, '99'] };
  });
  return { status: 'success', data: { resultType: isRange ? 'matrix' : 'vector', result } };
}

function manyComponents(): Record<string, unknown> {
  const components = Array.from({ length: 2_000 }, (_, place) => {
    return [`${HOSTILE[place % HOSTILE.length]} ${place}`, { status: 'DOWN', details: { error: HOSTILE[3] } }] as const;
  });
  return Object.fromEntries(components);
}

async function manyLogs(folder: string): Promise<string> {
  const logs = join(folder, 'logs');
  await mkdir(logs);
  const at = new Date(Date.now() - 60_000).toISOString();
  const lines = Array.from({ length: 100_000 }, (_, place) => {
    const address = `203.${place % 250}.${Math.floor(place / 250) % 250}.${place % 7}`;
    return `${at} web sshd[1]: Failed password for invalid user ${HOSTILE[place % 5]} ${place} from ${address} port 1 ssh2`;
  });
  lines.push(
    `${at} web sshd[1]: Failed password for ${longText(HOSTILE[0] ?? '', MEGABYTE)} from 203.0.113.9 port 1 ssh2`,
  );
  await writeFile(join(logs, 'auth.log'), `${lines.join('\n')}\n`);
  for (let place = 0; place < 1_000; place += 1) await writeFile(join(logs, `${'x'.repeat(200)}-${place}.log.1`), 'x');
  return `${pathToFileURL(logs).href}/`;
}

async function startBuckets(): Promise<S3Server> {
  const s3 = await startS3Server();
  process.env['AWS_ENDPOINT_URL_S3'] = s3.endpoint;
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION']) process.env[name] = 'eu-west-1';
  for (let place = 0; place < 3_000; place += 1) {
    s3.put('backups', longText(`${HOSTILE[place % 7]} ${place} `, 900).slice(0, 900), 'x');
  }
  return s3;
}

test('however many things there are, and however long they are called, the record of a task stays below two megabytes', () => {
  const large = [...observed.recordBytes].filter(([, bytes]) => bytes > MOST_RECORD_BYTES || bytes === 0);
  expect(large).toEqual([]);
  for (const outcome of observed.outcomes) expect(JSON.stringify(outcome).length).toBeLessThan(2_000);
});

test('one thing with a name of a megabyte takes the verdict from no other', () => {
  const said = observed.report.findings.filter(({ kind }) => kind === 'task-failed');
  expect(said.map(({ task, summary }) => `${task}: ${summary.slice(0, 200)}`)).toEqual([]);
});

test('a report of too much is still a page that opens and a message that arrives', () => {
  expect(renderPage(observed.report).length).toBeLessThan(MOST_PAGE_BYTES);
  expect(problemsOfShowing(observed.report)).toEqual([]);
});
