import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { parse } from 'yaml';
import type { RunReport } from '../../../core/report.ts';
import { awsClientSettings } from '../../../lambdas/runtime/aws-client.ts';
import { ACCOUNT_FINDINGS, startDemoAccount } from '../../../lib/demo/account/account.ts';
import type { AnswersServer } from '../../../lib/demo/aws/server.ts';
import { named } from '../both.ts';
import { bootstrap, deploy } from '../cloud/deploy.ts';
import { startCloud, type Cloud } from '../cloud/server.ts';
import { comparable, sameText } from '../comparison.ts';
import { homeProfile, runEmbedded } from '../embedded.ts';
import { reportOf, startExecution } from '../executions.ts';
import { sendThrough } from '../send-through.ts';
import { python, withServers } from '../with-servers.ts';

const fileOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const PROFILE = fileOf('./reviews.yaml');
const RUN_SECONDS = 240;
const FOLDERS = ['scaling/monthly/', 'upgrades/quarterly/', 'security/monthly/'];

test('the procedure that is deployed is that of the demo', async () => {
  const procedureIn = async (file: string) =>
    (parse(await readFile(file, 'utf8')) as { procedures: unknown }).procedures;

  expect(await procedureIn(PROFILE)).toEqual(await procedureIn(fileOf('../../../platforms/reviews.yaml')));
});

withServers('the three reviews, deployed', () => {
  let folder: string;
  let cloud: Cloud;
  let account: AnswersServer;
  let bucket: string;
  let deployed: RunReport;
  let embedded: RunReport;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fettle-e2e-'));
    cloud = await startCloud({ python, name: 'reviews', auth: true });
    await bootstrap(cloud);
    const outputs = (await deploy(cloud, PROFILE))['fettle-reviews-prod'] ?? {};
    bucket = named(outputs, 'BucketName');
    account = await startDemoAccount(new Date(), { upstream: cloud.endpoint });
    await sendThrough(cloud, account.endpoint);
    const input = { trigger: 'person', mode: 'execute', reason: 'end to end' } as const;
    const execution = await startExecution(cloud, named(outputs, 'Arnreviews'), input);
    deployed = await reportOf(cloud, bucket, execution, RUN_SECONDS);
    // The key of the emulator is a word, which would be taken out of every text.
    const AWS_SECRET_ACCESS_KEY = 'of-no-account';
    const environment = { ...cloud.environment, AWS_ENDPOINT_URL: account.endpoint, AWS_SECRET_ACCESS_KEY };
    const profile = await homeProfile(PROFILE, folder);
    embedded = await runEmbedded(
      { ...cloud, environment },
      { profile, procedure: 'reviews', input, store: join(folder, 'store') },
    );
  });
  afterAll(async () => {
    await account.stop();
    await cloud.stop();
    await rm(folder, { recursive: true });
  });

  test('find what is planted in the account and nothing else, as they do on one machine', () => {
    const found = deployed.findings.map(({ task, kind, target, subject }) => `${task} ${kind} ${target} ${subject}`);

    expect(found.sort()).toEqual([...ACCOUNT_FINDINGS].sort());
    expect(comparable(deployed)).toEqual(comparable(embedded));
  });

  test('write their documents into the bucket in every form, the same as on one machine', async () => {
    const s3 = new S3Client({ ...cloud.client, forcePathStyle: true, ...awsClientSettings() });
    const keys: string[] = [];
    for (const Prefix of FOLDERS) {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }));
      keys.push(...Contents.flatMap(({ Key }) => Key ?? []));
    }

    expect(keys.map((key) => key.replace(/^.*\./, ''))).toEqual(FOLDERS.flatMap(() => ['html', 'json', 'md']));
    for (const Key of keys.filter((key) => key.endsWith('.json'))) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
      const inBucket = sameText((await Body?.transformToString()) ?? '');
      expect(JSON.parse(inBucket)).toEqual(JSON.parse(sameText(await readFile(join(folder, 'store', Key), 'utf8'))));
    }
  });
});
