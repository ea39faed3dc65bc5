import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DescribeStateMachineCommand, ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { parse } from 'yaml';
import { awsClientSettings } from '../../lambdas/runtime/aws-client.ts';
import { named, startBoth, type Both, type Reports } from './both.ts';
import { assemblyFolder, bootstrap, deploy, destroy, diff, type StackOutputs } from './cloud/deploy.ts';
import { PLANTED_IN_CLUSTER, startClusterTarget, type ClusterTarget } from './cluster-target.ts';
import { startCloud, type Cloud } from './cloud/server.ts';
import { comparable } from './comparison.ts';
import { hasControlPlane } from './kubernetes/control-plane.ts';
import { python, withServers } from './with-servers.ts';

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const EVENTCHAIN = fileOf('./eventchain.yaml');
const SMALL = fileOf('./small.yaml');

test('the procedures of the deployed EventChain are those of the platform, word for word', async () => {
  const proceduresIn = async (file: string) => {
    const text = await readFile(file, 'utf8');
    return {
      text: text.slice(text.indexOf('\nprocedures:')),
      parsed: (parse(text) as Record<string, unknown>)['procedures'],
    };
  };

  const own = await proceduresIn(fileOf('../../platforms/eventchain.yaml'));

  expect(own.parsed).toBeDefined();
  expect(await proceduresIn(EVENTCHAIN)).toEqual(own);
});

withServers('two platforms, deployed side by side in one account', () => {
  let folder: string;
  let cloud: Cloud;
  let cluster: ClusterTarget | undefined;
  let eventchain: StackOutputs;
  let small: StackOutputs;
  let changed: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fettle-e2e-'));
    // With signatures and policies enforced: what a role lacks fails here as it would on AWS.
    cloud = await startCloud({ python, name: 'deployed', auth: true });
    await bootstrap(cloud);
    eventchain = (await deploy(cloud, EVENTCHAIN))['fettle-eventchain-prod'] ?? {};
    // Without one the demo's small API stands in for it.
    if (hasControlPlane) cluster = await startClusterTarget();
    changed = join(folder, 'small.yaml');
    await writeFile(changed, await readFile(SMALL, 'utf8'));
  });
  afterAll(async () => {
    await cluster?.stop();
    await cloud.stop();
    await rm(folder, { recursive: true });
  });

  const states = () => new SFNClient({ ...cloud.client, ...awsClientSettings() });

  describe('what starts a procedure', () => {
    let reports: Both;

    beforeAll(async () => {
      const deploySmall = async () => (small = (await deploy(cloud, changed))['fettle-small-prod'] ?? {});
      reports = await startBoth(
        cloud,
        {
          eventchain: { profile: EVENTCHAIN, outputs: eventchain },
          small: { profile: SMALL, deploy: deploySmall },
          addresses: cluster === undefined ? {} : { kubeconfig: cluster.kubeconfig },
        },
        folder,
      );
    });

    test.each([
      { start: 'schedule', trigger: 'schedule', mode: 'execute' },
      { start: 'alarm', trigger: 'alarm', mode: 'execute' },
      { start: 'console', trigger: 'person', mode: 'plan' },
      { start: 'person', trigger: 'person', mode: 'execute' },
    ] as const)('the run of a $start ends in the bucket with what the embedded run finds and does', (by) => {
      const { deployed, embedded } = reports;

      expect(deployed[by.start]).toMatchObject({ trigger: by.trigger, mode: by.mode, ended: 'finished' });
      expect(comparable(deployed[by.start])).toEqual(comparable(embedded[by.start]));
    });

    test('every task left its record, and what is planted was found', () => {
      for (const { tasks } of Object.values(reports.deployed)) {
        expect(tasks.filter(({ recorded }) => !recorded)).toEqual([]);
      }
      const { findings } = reports.deployed.person;
      const found = findings.map(({ task, kind, target }) => `${task} ${kind} ${target}`);
      expect(found).toEqual(
        expect.arrayContaining([
          'backups-verify cut-short database',
          'certificates-check-endpoints renewal-overdue api',
          'kubernetes-check-pods crash-looping cluster',
          'logs-check-failed-logins success-after-failures logins',
          'metrics-check-error-rate error-rate-critical prometheus',
          'postgres-vacuum autovacuum-off main',
          'redis-check-memory much-evicted cache',
          'vulnerabilities-review-images fixable images',
          'vulnerabilities-review-images report-too-old images',
        ]),
      );
    });

    (hasControlPlane ? test : test.skip)('what is planted in a real cluster is found there, and nothing else', () => {
      for (const { findings } of [reports.deployed.person, reports.embedded.person]) {
        const found = findings.filter(({ task }) => task === 'kubernetes-check-pods');
        expect(found.map(({ kind, subject }) => `${kind} ${subject}`).sort()).toEqual(PLANTED_IN_CLUSTER);
      }
    });

    test('a plan changes nothing, and the run of a person does all that it says', () => {
      const actionsOf = ({ actions }: Reports['person'], status: string) =>
        actions
          .filter((action) => action.status === status)
          .map(({ verb, target, subject }) => `${verb} ${target} ${subject}`);

      const planned = actionsOf(reports.deployed.console, 'planned');

      expect(planned.length).toBeGreaterThan(0);
      expect(reports.deployed.console.actions).toHaveLength(planned.length);
      expect(actionsOf(reports.deployed.person, 'done').sort()).toEqual(planned.sort());
      expect(reports.deployed.person).toMatchObject({ override: 'window', reason: 'end to end' });
    });

    test('the person who starts it by the command line is shown the report that is kept', () => {
      expect(reports.printed).toEqual(reports.deployed.person);
    });

    test('the alarm is named in the report of what it started', () => {
      expect(reports.deployed.alarm.reason).toBe('alarm shop-latency');
    });
  });

  test('an unchanged profile has no difference', async () => {
    const { code, stdout } = await diff(cloud, EVENTCHAIN);

    expect(stdout).toContain('There were no differences');
    expect(code).toBe(0);
  });

  test('a changed profile is a difference, and its deployment updates what is there', async () => {
    const text = await readFile(SMALL, 'utf8');
    await writeFile(changed, text.replace('      - redis-check-memory\n', '').replace('budget: 1m', 'budget: 2m'));

    const before = await diff(cloud, changed);
    const outputs = (await deploy(cloud, changed))['fettle-small-prod'];
    const after = await diff(cloud, changed);

    expect(before.code).toBe(1);
    expect(outputs).toEqual(small);
    const machine = new DescribeStateMachineCommand({ stateMachineArn: named(small, 'Arneveryminute') });
    const { definition = '' } = await states().send(machine);
    expect(JSON.parse(definition)).toMatchObject({ TimeoutSeconds: 120 + 900 });
    expect(definition).not.toContain('redis-check-memory');
    expect(after.code).toBe(0);
  });

  test('what is destroyed is gone but for its evidence, and the other platform stands', async () => {
    const template = await readFile(join(assemblyFolder(cloud, changed), 'fettle-small-prod.template.json'), 'utf8');

    await destroy(cloud, changed);

    const { stateMachines = [] } = await states().send(new ListStateMachinesCommand({}));
    expect(stateMachines.map(({ name }) => name).sort()).toEqual(
      ['daily', 'monthly', 'quarterly'].map((procedure) => `fettle-eventchain-prod-${procedure}`),
    );
    // The emulator removes a bucket whatever its template says of it; AWS does not.
    const { Resources } = JSON.parse(template) as { Resources: Record<string, { Type: string }> };
    expect(Object.values(Resources).filter(({ Type }) => Type === 'AWS::S3::Bucket')).toMatchObject([
      {
        DeletionPolicy: 'Retain',
        UpdateReplacePolicy: 'Retain',
        Properties: { VersioningConfiguration: { Status: 'Enabled' } },
      },
    ]);
  });
});
