import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { task } from '../../../lambdas/tasks/kubernetes/check-pods.ts';
import { resultOf } from '../../harness/perform-task.ts';
import { createAccount, grant, grantReading, type Account } from './accounts.ts';
import type { Cluster } from './cluster.ts';
import { describeWithControlPlane, startTestCluster } from './control-plane.ts';
import { plantCronJobs, plantHealthy, plantProblems, PROBLEMS, PROBLEMS_AT_ONCE } from './planted.ts';
import { freshNamespace } from './workloads.ts';

const HOUR_MILLISECONDS = 3_600_000;

describeWithControlPlane('kubernetes-check-pods on a real control plane', () => {
  let cluster: Cluster;
  let healthy: string;
  let broken: string;
  let scheduled: string;
  let cronJobs: Promise<void>;
  /** May list the pods of the three namespaces, and nothing else. */
  let reader: Account;

  beforeAll(async () => {
    cluster = await startTestCluster();
    const { client } = cluster;
    [healthy, broken, scheduled] = [
      await freshNamespace(client),
      await freshNamespace(client),
      await freshNamespace(client),
    ];
    reader = await createAccount(cluster, healthy, 'fettle');
    for (const namespace of [healthy, broken, scheduled]) {
      await grantReading(client, reader.username, namespace);
    }
    // Their minute passes while the other tests run.
    cronJobs = plantCronJobs(client, scheduled);
    // The test that waits for them says what went wrong; without it nobody would ask.
    cronJobs.catch(() => undefined);
    await Promise.all([plantHealthy(client, healthy), plantProblems(client, broken)]);
  });

  afterAll(async () => {
    await cluster.stop();
  });

  function check(namespace: string, hoursFromNow: number, kubeconfig = reader.kubeconfig) {
    const now = new Date(Date.now() + hoursFromNow * HOUR_MILLISECONDS);
    return resultOf({ task, targets: { cluster: { kubeconfig, namespace } }, now });
  }

  test('every planted problem is found in its workload, and nothing else', async () => {
    const { findings } = await check(broken, 1);

    expect(inWords(findings)).toEqual(within(broken, PROBLEMS));
  });

  test('no healthy workload is accused, of any kind, and its pods are counted', async () => {
    const { findings, measurements } = await check(healthy, 1);

    expect(findings).toEqual([]);
    expect(measurements).toEqual([
      { name: 'pods', value: 10, unit: 'count', target: 'cluster' },
      // The pod of the Job is done.
      { name: 'pods-ready', value: 9, unit: 'count', target: 'cluster' },
      { name: 'restarts', value: 0, unit: 'restarts', target: 'cluster' },
    ]);
  });

  test('what may still come right by itself is not accused before its time', async () => {
    const { findings } = await check(broken, 0);

    expect(inWords(findings)).toEqual(within(broken, PROBLEMS_AT_ONCE));
  });

  test('a day later what ended is litter, and what stands still is as broken as before', async () => {
    const { findings } = await check(broken, 25);
    const gone = /^(oom-killed|restarting|job-failed|pod-failed|evicted) /;
    const left = ['job/fails', 'pod/lonely', 'deployment/pushed'].map((workload) => `failed-pods-left ${workload}`);

    expect(inWords(findings)).toEqual(within(broken, [...PROBLEMS.filter((problem) => !gone.test(problem)), ...left]));
  });

  test('the words of the scheduler and of the kubelets come with the findings', async () => {
    const { findings } = await check(broken, 1);
    const summaryOf = (kind: string, name = '') =>
      findings.find((finding) => finding.kind === kind && finding.subject?.endsWith(name))?.summary;

    expect(summaryOf('unschedulable', 'homeless')).toContain('0/3 nodes are available');
    expect(summaryOf('unschedulable', 'diskless')).toContain('persistentvolumeclaim "nowhere" not found');
    expect(summaryOf('not-started', 'gated')).toContain('SchedulingGated');
    expect(summaryOf('container-not-created')).toContain('secret "credentials" not found');
    expect(summaryOf('crash-looping')).toContain(
      '2 of 2 pods crash-looping; container app exits with 1 (Error), 7 restarts',
    );
    expect(summaryOf('evicted')).toContain('1 of 3 pods evicted; Evicted');
  });

  test('every command names a pod, a workload and a container that the cluster has', async () => {
    const { findings } = await check(broken, 1);
    const commands = findings.flatMap(({ command }) => command ?? []);

    expect(commands).toHaveLength(PROBLEMS.length);
    for (const command of commands) {
      const [, kind = 'pod', name = ''] = / (?:logs|describe (\S+)) (\S+)/.exec(command) ?? [];
      const [, container] = /--container (\S+)/.exec(command) ?? [];
      const { spec } = await cluster.client.get<Spec>(`${PATHS[kind] ?? ''}/namespaces/${broken}/${kind}s/${name}`);
      expect(command).toMatch(new RegExp(`^kubectl --namespace ${broken} `));
      if (container !== undefined) expect(spec.containers?.map(({ name }) => name)).toContain(container);
    }
  });

  test('a client certificate opens the same door as a token', async () => {
    await grantReading(cluster.client, 'kim', broken);
    const kubeconfig = cluster.kubeconfigFor(await cluster.certificateFor('kim'));

    expect(inWords((await check(broken, 1, kubeconfig)).findings)).toEqual(within(broken, PROBLEMS));
  });

  test('the words of the controllers come with the pods that were never made', async () => {
    const { findings } = await check(broken, 1);
    const summaryOf = (name: string) => findings.find(({ subject }) => subject?.endsWith(name))?.summary;

    expect(summaryOf('deployment/refused')).toMatch(/0 of 2 pods exist for 1h\S*; .*serviceaccount "nobody" not found/);
    expect(summaryOf('job/late')).toContain('job late failed, DeadlineExceeded: Job was active longer than specified');
  });

  test('pods alone, without what makes them, are judged, and the rest is not known', async () => {
    const account = await createAccount(cluster, healthy, 'of-pods');
    await grant(cluster.client, account.username, { verb: 'list', resource: 'pods', namespace: healthy });
    const { findings, measurements } = await check(healthy, 1, account.kubeconfig);

    expect(findings.map(({ kind }) => kind)).toEqual(['workloads-not-seen']);
    expect(findings[0]?.summary).toContain('`list jobs.batch in namespace');
    expect(measurements[0]).toMatchObject({ name: 'pods', value: 10 });
  });

  test('all namespaces together are what each is alone', async () => {
    const account = await createAccount(cluster, healthy, 'everywhere');
    await grantReading(cluster.client, account.username);
    const now = new Date(Date.now() + HOUR_MILLISECONDS);
    const { findings } = await resultOf({ task, targets: { cluster: { kubeconfig: account.kubeconfig } }, now });
    const elsewhere = inWords(findings).filter((words) => !words.includes(scheduled));

    expect(elsewhere).toEqual(within(broken, PROBLEMS));
  });

  test('a CronJob whose latest Job failed is accused by its own name, and one that worked is not', async () => {
    await cronJobs;

    expect(inWords((await check(scheduled, 0)).findings)).toEqual(within(scheduled, ['job-failed cronjob/nightly']));
  });
});

const PATHS: Readonly<Record<string, string>> = {
  pod: '/api/v1',
  deployment: '/apis/apps/v1',
  statefulset: '/apis/apps/v1',
  job: '/apis/batch/v1',
};

interface Spec {
  readonly spec: { readonly containers?: readonly { readonly name: string }[] };
}

function inWords(findings: readonly { readonly kind: string; readonly subject?: string }[]): string[] {
  return findings.map(({ kind, subject }) => `${kind} ${subject}`).sort();
}

function within(namespace: string, problems: readonly string[]): string[] {
  return problems.map((problem) => problem.replace(' ', ` ${namespace}/`)).sort();
}
