import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import type { V1Pod } from '@kubernetes/client-node';
import fc from 'fast-check';
import { Unavailable } from '../../core/errors.ts';
import { judgePods, measurePods } from '../../lambdas/tasks/kubernetes/check-pods.ts';
import { principalIn } from '../../lambdas/tasks/kubernetes/_caller.ts';
import { statusOf } from '../../lambdas/tasks/kubernetes/_calls.ts';
import { entryGrant, rightGrant } from '../../lambdas/tasks/kubernetes/_grant.ts';
import { readKubeconfig } from '../../lambdas/tasks/kubernetes/_kubeconfig.ts';
import { podOf } from '../../lambdas/tasks/kubernetes/_pod.ts';
import { podCommand } from '../../lambdas/tasks/kubernetes/_pod-command.ts';
import { POD_FINDINGS } from '../../lambdas/tasks/kubernetes/_pod-findings.ts';
import { nextSamples, RestartSample, sampleOf } from '../../lambdas/tasks/kubernetes/_restarts.ts';
import { plainText } from '../../lambdas/tasks/kubernetes/_text.ts';
import { isReady } from '../../lambdas/tasks/kubernetes/_trouble.ts';
import { byWorkload } from '../../lambdas/tasks/kubernetes/_workload.ts';
import { anyText, holds, INHERITED } from './property.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const LIMITS = { now: NOW, withinSeconds: 86_400, notReadyForSeconds: 900, restartsAbove: 5 };

/** As the client hands it on: any field may be absent or null, a time may be none. */
const maybe = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constantFrom(undefined, null) });
const date = fc.oneof(
  fc.date({ min: new Date('2026-11-01'), max: new Date('2026-12-01') }),
  fc.constant(new Date(Number.NaN)),
);
const reason = fc.oneof(
  fc.constantFrom('CrashLoopBackOff', 'ImagePullBackOff', 'OOMKilled', 'Unschedulable', 'Completed', ...INHERITED),
  anyText,
);
const state = fc.record({
  waiting: maybe(fc.record({ reason: maybe(reason), message: maybe(anyText) })),
  running: maybe(fc.record({ startedAt: maybe(date) })),
  terminated: maybe(fc.record({ exitCode: fc.nat(255), reason: maybe(reason), finishedAt: maybe(date) })),
});
const containerStatus = fc.record({
  name: fc.oneof(fc.constantFrom('app', 'proxy'), anyText),
  ready: maybe(fc.boolean()),
  restartCount: maybe(fc.nat(50)),
  state: maybe(state),
  lastState: maybe(state),
});
const condition = fc.record({
  type: fc.constantFrom('Ready', 'PodScheduled', 'ContainersReady'),
  status: fc.constantFrom('True', 'False', 'Unknown'),
  reason: maybe(reason),
  message: maybe(anyText),
  lastTransitionTime: maybe(date),
});
const v1Pod = fc.record({
  metadata: maybe(
    fc.record({
      ...{
        name: maybe(fc.oneof(fc.constantFrom('web-1', 'web-2', 'job-1'), anyText)),
        namespace: maybe(fc.constantFrom('shop', 'crm')),
      },
      ...{ uid: maybe(fc.uuid()), labels: maybe(fc.dictionary(fc.constantFrom('pod-template-hash', 'app'), anyText)) },
      ...{ creationTimestamp: maybe(date), deletionTimestamp: maybe(fc.option(date)) },
      ownerReferences: maybe(
        fc.array(
          fc.record({
            kind: fc.constantFrom('ReplicaSet', 'Job', 'StatefulSet'),
            name: anyText,
            controller: maybe(fc.boolean()),
          }),
          { maxLength: 2 },
        ),
      ),
    }),
  ),
  spec: maybe(
    fc.record({
      ...{ nodeName: maybe(anyText), restartPolicy: maybe(fc.constantFrom('Always', 'Never', 'OnFailure')) },
      initContainers: maybe(
        fc.array(fc.record({ name: fc.constantFrom('app', 'init'), restartPolicy: maybe(fc.constant('Always')) }), {
          maxLength: 2,
        }),
      ),
    }),
  ),
  status: maybe(
    fc.record({
      ...{
        phase: maybe(fc.constantFrom('Running', 'Pending', 'Succeeded', 'Failed', 'Unknown', 'New')),
        reason: maybe(reason),
        message: maybe(anyText),
      },
      ...{ conditions: maybe(fc.array(condition, { maxLength: 3 })) },
      ...{
        containerStatuses: maybe(fc.array(containerStatus, { maxLength: 3 })),
        initContainerStatuses: maybe(fc.array(containerStatus, { maxLength: 2 })),
      },
    }),
  ),
}) as unknown as fc.Arbitrary<V1Pod>;

test('pods of any shape are judged, each finding of a known kind with a summary in one line, and counted once', () => {
  holds(
    fc.property(fc.array(v1Pod, { maxLength: 6 }), (given) => {
      const pods = given.map(podOf);
      const findings = judgePods('cluster', pods, LIMITS);
      for (const { kind, summary, value, command } of findings) {
        expect(Object.keys(POD_FINDINGS)).toContain(kind);
        expect(summary).not.toMatch(/undefined|native code/);
        expect(value).toBeGreaterThan(0);
        expect(command ?? 'kubectl').toMatch(/^kubectl[a-zA-Z0-9 =.-]*$/);
      }
      const ready = pods.filter(isReady).length;
      expect(measurePods('cluster', pods, LIMITS)).toMatchObject([
        { value: pods.length },
        { value: ready },
        { unit: 'restarts' },
      ]);
      expect([...byWorkload(pods).values()].flat().length).toBe(pods.length);
      // A pod that has long been neither ready nor done is never passed over in silence.
      for (const pod of pods) {
        const isUnready = !pod.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
        const isOld = isUnready && !pod.conditions.some((one) => one.lastTransitionTime) && !pod.creationTimestamp;
        if (isOld && pod.phase === 'Pending' && !pod.deletionTimestamp)
          expect(judgePods('cluster', [pod], LIMITS)).not.toEqual([]);
      }
    }),
    300,
  );
});

test('the restarts that are kept from run to run are read back, and never reach further than they must', () => {
  holds(
    fc.property(
      fc.array(fc.array(v1Pod, { maxLength: 3 }), { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 600, max: 90_000 }),
      (runs, apart) => {
        let samples: RestartSample[] = [];
        for (const [place, given] of runs.entries()) {
          const now = new Date(NOW.getTime() + place * apart * 1_000);
          const sample = sampleOf(given.map(podOf), now);
          expect(RestartSample.parse(JSON.parse(JSON.stringify(sample)))).toEqual(sample);
          samples = nextSamples(samples, sample, { now, withinSeconds: 86_400 });
          expect(samples.length).toBeLessThanOrEqual(6);
        }
      },
    ),
    60,
  );
});

test('a text of the cluster is one printable line of bounded length, and shows no credential that it names', () => {
  const secret = fc.stringMatching(/^canary[A-Za-z0-9]{6,14}$/);
  const told = fc.constantFrom(
    (text: string) => `pull https://user:${text}@registry.example/app failed`,
    (text: string) => `password=${text}`,
    (text: string) => `DB_PASSWORD: "${text}"`,
    (text: string) => `my-api-key = '${text}'`,
    (text: string) => `Authorization: Bearer ${text}`,
    (text: string) => `x-token=${text}, next`,
  );
  holds(
    fc.property(anyText, anyText, secret, told, (before, after, text, how) => {
      const shown = plainText(`${before.replace(/["']/g, '')} ${how(text)} ${after}`);
      expect(shown).not.toContain(text);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect([...shown].length).toBeLessThanOrEqual(300);
    }),
    300,
    { examples: [['0:', '', 'canaryAaaAAA', (text) => `DB_PASSWORD: "${text}"`]] },
  );
});

test('a command for a pod names that pod alone, and none is offered where a name would mean something to a shell', () => {
  const name = fc.oneof(
    fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,9}[a-z0-9])?$/),
    anyText,
    fc.constantFrom('-o', '--all', '$(id)', 'a b', ''),
  );
  const kinds = Object.keys(POD_FINDINGS) as (keyof typeof POD_FINDINGS)[];
  holds(
    fc.property(fc.constantFrom(...kinds), name, name, name, (kind, pod, namespace, container) => {
      const { command } = podCommand(
        kind,
        { ...podOf({ metadata: { name: pod, namespace } }), nodeName: container },
        container,
      );
      if (command === undefined) return;
      expect(command).toMatch(/^kubectl [\w.=-]+( [\w.=-]+)*$/);
      expect(command).not.toMatch(/ --all( |$)| -o/);
    }),
    300,
  );
});

test('a right is granted to whoever the cluster named and to no one that a name could add', () => {
  const username = fc.oneof(
    anyText,
    fc.stringMatching(/^(system:serviceaccount:[a-z]{1,5}:[a-z]{1,5}|[a-z' $;-]{1,12})$/),
  );
  const right = { verb: 'list', resources: ['pods'], namespace: 'shop' } as const;
  holds(
    fc.property(username, anyText, (user, group) => {
      const grant = rightGrant(right, { username: user, groups: [group], principal: undefined }, undefined);
      if (grant === undefined) return;
      const script = `kubectl() { printf '%s\\0' "$@"; printf '\\n'; }\n${grant}`;
      const lines = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8', timeout: 10_000 })
        .split('\n')
        .filter(Boolean);
      expect(lines.length).toBe(2);
      const subject = lines[1]?.split('\0').find((word) => /^--(user|serviceaccount)=/.test(word));
      const account = /^system:serviceaccount:([a-z0-9.-]+:[a-z0-9.-]+)$/.exec(user)?.[1];
      expect(subject).toBe(account === undefined ? `--user=${user}` : `--serviceaccount=${account}`);
    }),
    40,
  );
  holds(
    fc.property(anyText, anyText, (arn, cluster) => {
      const principal = principalIn(arn);
      if (principal !== undefined) expect(principal).toMatch(/^arn:aws[\w-]*:iam::\d{12}:(role|user)\/\S+$/);
      expect(entryGrant(right, cluster, 'arn:aws:iam::111122223333:role/a').split('\n').length).toBeGreaterThanOrEqual(
        3,
      );
    }),
    100,
  );
});

function outcomeOf<Value>(attempt: () => Value): Value | Error {
  try {
    return attempt();
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new TypeError(String(thrown));
  }
}

const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.canary';
const kubeconfig = {
  ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'main' },
  contexts: [{ name: 'main', context: { cluster: 'c', user: 'u' } }],
  clusters: [{ name: 'c', cluster: { server: 'https://cluster.example' } }],
  users: [{ name: 'u', user: { token: TOKEN } }],
};

test('a kubeconfig that is damaged at random is used only as it stands, or refused without quoting its token', async () => {
  const text = JSON.stringify(kubeconfig, null, 1);
  const change = fc.record({
    at: fc.nat(text.length),
    length: fc.nat(12),
    put: fc.oneof(anyText, fc.constantFrom('*a', '&a', '!!binary', ': ', '- ', '{', '"')),
  });
  const warnings: string[] = [];
  const listener = ({ message }: Error) => void warnings.push(message);
  process.on('warning', listener);
  holds(
    fc.property(fc.array(change, { maxLength: 3 }), fc.option(anyText, { nil: undefined }), (changes, context) => {
      const damaged = changes.reduce(
        (all, { at, length, put }) => `${all.slice(0, at)}${put}${all.slice(at + length)}`,
        text,
      );
      const read = outcomeOf(() => readKubeconfig(damaged, context));
      if (read instanceof Error) {
        expect(read).toBeInstanceOf(Unavailable);
        expect(String(read)).not.toContain('canary');
      } else {
        expect(new URL(read.getCurrentCluster()?.server ?? '').protocol).toBe('https:');
      }
    }),
    250,
    { examples: [[[{ at: 0, length: 0, put: '? ' }], undefined]] },
  );
  // Node gives a warning a moment after it was made.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listener);
  expect(warnings).toEqual([]);
});

test('the body of an error is read as a status only where it is one', () => {
  holds(
    fc.property(fc.oneof(anyText, fc.json(), fc.anything()), (body) => {
      const status = statusOf(body);
      expect(typeof status === 'object').toBe(true);
    }),
    150,
  );
});
